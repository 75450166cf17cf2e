"""Draws a table of rows as numbers, so that it sorts, in the form in which the text writes them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard.format import MISSING_VALUE, THIN, count
from dashboard.session.query import QueryResult

MOST = 40  # datasets in a chart that has a row for each
PERCENT = f"%.1f{THIN}%%"  # of a number that is per cent already: Streamlit's own form of a fraction has another space and no fixed digits


def percent_column(label: str, help: str | None = None) -> Any:
    """Return the configuration of a column of fractions, for `draw`."""
    return st.column_config.NumberColumn(label, help=help, format=PERCENT)


def first(names: Sequence[str], which: str, most: int = MOST) -> tuple[Sequence[str], str]:
    """Return the datasets that a chart has space for, and a sentence for its caption where these are not all.

    which: what the first ones have, such as "on which most is lost".
    """
    limited = f" Drawn are the {most} of {len(names)} datasets {which}; the rows below have all." if len(names) > most else ""
    return names[:most], limited


def rest(result: QueryResult, names: Sequence[str], columns: Mapping[str, Any], fractions: Collection[str]) -> None:
    """Draw the rows of the datasets for which a chart has no space, folded."""
    if names:
        with st.expander(f"The other {count(len(names), 'dataset')}"):
            draw(result.where(dataset=names).table, columns, fractions)


def draw(table: pa.Table, columns: Mapping[str, Any], fractions: Collection[str]) -> None:
    """Draw a table. columns: how to label its columns. fractions: those that are shown in per cent."""
    for name in set(fractions) & set(table.column_names):
        shown = pc.multiply(table.column(name).cast(pa.float64()), 100.0)
        table = table.set_column(table.column_names.index(name), name, shown)
    st.dataframe(table, hide_index=True, column_config=dict(columns), placeholder=MISSING_VALUE)
