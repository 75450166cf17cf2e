"""Queries the open study, and caches the rows until the study changes."""

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
class QueryResult:
    """The rows of one query.

    sql: the query with its values filled in, as a person would type it. labels: values that the SQL shows under another name.
    """

    sql: str
    table: pa.Table
    labels: Mapping[str, str]

    @property
    def rows(self) -> list[Row]:
        return [{name: _plain(value) for name, value in row.items()} for row in self.table.to_pylist()]

    def where(self, **wanted: Sequence[str] | Sequence[int]) -> "QueryResult":
        """Return the rows that have one of the wanted values in each of these columns, without another query.

        A page queries all pools, budgets and strategies once, and selects here what it draws.
        """
        conditions = []
        table = self.table
        for name, values in wanted.items():
            column = table.column(name)
            kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type  # an enum is a dictionary
            table = table.filter(pc.is_in(column.cast(kind), pa.array(values, kind)))
            literals = [literal(self.labels.get(str(value), value)) for value in dict.fromkeys(values)]
            if len(literals) == 1:
                conditions.append(f"{name} = {literals[0]}")
            elif isinstance(values, range):
                conditions.append(f"{name} between {literals[0]} and {literals[-1]}")
            else:
                conditions.append(f"{name} in ({', '.join(literals)})")
        return QueryResult(f"from (\n{self.sql}\n)\nwhere {' and '.join(conditions)}", table, self.labels)


def query_study(
    con: duckdb.DuckDBPyConnection, opened: object, sql: str, values: Mapping[str, Value], labels: Mapping[str, str]
) -> QueryResult:
    """Run a query whose parameters are `$name`.

    opened: what the connection was opened from; the cache tells connections apart by it. labels: as in `QueryResult`.
    """
    used = tuple((name, _hashable(values[name])) for name in sorted(set(re.findall(r"\$(\w+)", sql))))
    shown = with_values(sql, {name: labels.get(str(value), value) for name, value in used})
    return QueryResult(shown, _table(con, opened, sql, used), labels)


# Cached as a resource, not as data: an Arrow table never changes, so no copies are needed.
@st.cache_resource(max_entries=500, show_spinner=False)
def _table(_con: duckdb.DuckDBPyConnection, opened: object, sql: str, values: Sequence[tuple[str, Value]]) -> pa.Table:
    with _con.cursor() as cursor:
        parameters = {name: list(value) if isinstance(value, tuple) else value for name, value in values}
        return cursor.sql(sql, params=parameters or None).to_arrow_table()


def with_values(sql: str, values: Mapping[str, Value]) -> str:
    """Return the SQL with its values in place of the parameters, without the indentation of our source files."""
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
