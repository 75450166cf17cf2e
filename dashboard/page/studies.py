"""Page Studies: this study beside another one of another protocol: what differs, and which conclusions hold in both."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import streamlit as st

from dashboard.format import THIN, as_markdown, listed
from dashboard.page import figure, start, table
from dashboard.page.empty import explain_absence, show_commands
from dashboard.session import state
from dashboard.session.query import QueryResult
from dashboard.session.study import available, fingerprint
from dashboard.session.view import View
from warehouse import PoolError, StudyError, connect
from warehouse.compare import QUESTION, USUAL, common_strategies, comparison
from warehouse.tables import Column, Table

DEFAULT = "haystack"
MOST = 8  # strategies: the intervals of all their pairs take seconds


def show(view: View) -> None:
    st.title("Does it hold in another study?")
    if not start.means(view).rows:
        explain_absence(view, "no mean regret")
        return
    found = available(view.study.name)
    here = view.study.folder.resolve()
    others = [name for name, folder in found.items() if folder.resolve() != here]
    if not others:
        st.info("There is one study here. Another one comes from `needle collect` or `needle import`.")
        return
    other = state.select_one("other", "The other study", others, DEFAULT if DEFAULT in others else others[0])
    st.markdown(
        "Two studies are never merged into one number: each is against the best of its own models, on its own datasets, by its own "
        "protocol. What can be compared is what each concludes."
    )
    studies = {view.study.name: str(view.study.folder), other: str(found[other])}
    digests = [fingerprint(Path(folder)) for folder in studies.values()]
    try:
        strategies, tables = _compared(studies, digests, view.pool_label, view.budget, view.drawn)
    except (StudyError, PoolError) as error:
        st.error(as_markdown(f"{other} cannot be compared with {view.study.name} in the pool {view.pool_label}: {error}"))
        return
    for one in tables:
        st.subheader(as_markdown(one.caption))
        result = QueryResult(one.sql, _as_arrow(one), {})
        table.draw(
            result.table,
            {column.label: _configured(column) for column in one.columns},
            [column.label for column in one.columns if column.kind in ("share", "signed")],
        )
        if one.note:
            st.caption(as_markdown(one.note))
        figure.show_sql(view, one.name, result)
    st.caption(f"Compared are {listed(strategies)}. In the terminal:")
    show_commands([f"needle compare {view.study.name} {other} --budget {view.budget}"])


@st.cache_data(max_entries=20, show_spinner="Resampling the datasets of both studies", show_time=True)
def _compared(
    studies: dict[str, str], digests: Sequence[str], pool: str, budget: int, drawn: Sequence[str]
) -> tuple[list[str], list[Table]]:
    """Return which strategies are compared, and the tables. digests: of the studies' files, by which the cache tells them apart.

    Compared are those of the drawn strategies that both studies have, at most MOST; where fewer than two, the usual ones.
    Raises StudyError and PoolError.
    """
    opened = {name: connect(Path(folder), question="protocol") for name, folder in studies.items()}
    common = common_strategies(opened)
    chosen = [name for name in drawn if name in common][:MOST]
    strategies = chosen if len(chosen) > 1 else [name for name in USUAL if name in common]
    opened = {name: connect(Path(folder), pools=[pool], only=strategies, question=QUESTION) for name, folder in studies.items()}
    sizes = {
        name: con.execute("select count(*) from pool where pool = ?", [pool]).fetchall()[0][0] for name, con in opened.items()
    }
    for name, models in sizes.items():
        if not models:
            raise PoolError(f"{name} has no model of it.")
    least = min(budget, *sizes.values())
    return strategies, comparison(opened, pool, least, strategies)


def _as_arrow(one: Table) -> pa.Table:
    return pa.table({column.label: [row[place] for row in one.rows] for place, column in enumerate(one.columns)})


def _configured(column: Column) -> object:
    if column.kind == "signed":
        return st.column_config.NumberColumn(column.label, format=f"%+.1f{THIN}%%")
    return table.percent_column(column.label) if column.kind == "share" else st.column_config.TextColumn(column.label)
