"""Queries the open study, and caches the answer until the study changes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

Row = dict[str, Any]
Value = str | int | float | Sequence[str] | Sequence[int] | None


@dataclass(frozen=True)
class Answer:
    """The rows of one query. sql: the query with its values written in, as a person would type it.

    labels: values that are written otherwise.
    """

    sql: str
    table: pa.Table
    labels: Mapping[str, str]

    @property
    def rows(self) -> list[Row]:
        return [{name: _plain(value) for name, value in row.items()} for row in self.table.to_pylist()]

    def where(self, **wanted: Sequence[str] | Sequence[int]) -> "Answer":
        """Return the rows that have one of the wanted values in each of these columns, without another query.

        A question that is the same for every pool, budget and strategy is asked once; which of them are drawn is chosen here.
        """
        conditions = []
        table = self.table
        for name, values in wanted.items():
            column = table.column(name)
            kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type  # an enum comes as a dictionary
            table = table.filter(pc.is_in(column.cast(kind), pa.array(values, kind)))
            said = [literal(self.labels.get(str(value), value)) for value in dict.fromkeys(values)]
            if len(said) == 1:
                conditions.append(f"{name} = {said[0]}")
            elif isinstance(values, range):
                conditions.append(f"{name} between {said[0]} and {said[-1]}")
            else:
                conditions.append(f"{name} in ({', '.join(said)})")
        return Answer(f"from (\n{self.sql}\n)\nwhere {' and '.join(conditions)}", table, self.labels)


def ask(
    con: duckdb.DuckDBPyConnection, opened: object, sql: str, values: Mapping[str, Value], labels: Mapping[str, str]
) -> Answer:
    """Run a query; `$name` in the SQL is a value, never text.

    opened: what the connection was opened from. labels: values to write otherwise.
    """
    used = tuple((name, _hashable(values[name])) for name in sorted(set(re.findall(r"\$(\w+)", sql))))
    said = written(sql, {name: labels.get(str(value), value) for name, value in used})
    return Answer(said, _table(con, opened, sql, used), labels)


# Cached as a resource, not as data: an Arrow table never changes, so no copies are needed.
@st.cache_resource(max_entries=500, show_spinner=False)
def _table(_con: duckdb.DuckDBPyConnection, opened: object, sql: str, values: Sequence[tuple[str, Value]]) -> pa.Table:
    with _con.cursor() as cursor:
        bound = {name: list(value) if isinstance(value, tuple) else value for name, value in values}
        return cursor.sql(sql, params=bound or None).to_arrow_table()


def written(sql: str, values: Mapping[str, Value]) -> str:
    """Return the SQL with its values in place of their names, without the indentation of our files."""
    lines = [line.strip() for line in sql.strip().splitlines()]
    return re.sub(r"\$(\w+)", lambda found: literal(values[found[1]]), "\n".join(lines))


def literal(value: object) -> str:
    """Return a value as an SQL literal."""
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "null" if value is None else str(value)


def _hashable(value: Value) -> Value:
    return tuple(value) if isinstance(value, list) else value


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
