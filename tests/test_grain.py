"""Every view says its grain in its comment; the comment is held against the data."""

import re

import duckdb
import pytest

from warehouse.connection import schema_sections

VIEWS = sorted(
    set(re.findall(r"create (?:view|table) (?:contract\.)?(\w+)", "".join(schema_sections().values())))
    | {"ranking", "strategy_reads"}
)


@pytest.mark.parametrize("view", VIEWS)
def test_grain(small: duckdb.DuckDBPyConnection, view: str) -> None:
    con = small.cursor()
    query = """select comment from duckdb_views() where view_name = ? and not internal
               union all select comment from duckdb_tables() where table_name = ?"""
    comments = {comment for (comment,) in con.execute(query, [view, view]).fetchall()}
    assert len(comments) == 1, f"{view} has no comment, or two"
    (comment,) = comments
    assert comment is not None, f"{view} has no comment"
    assert comment.startswith("One row per "), comment
    key = re.match(r"One row per \(([\w, ]+)\)", comment)
    if key is None:
        assert "rule" in comment, f"{view}: only a list of broken rules may have no key"
        return
    counts = con.execute(f"select count(*), count(distinct ({key[1]},)) from {view}").fetchone()
    assert counts is not None
    assert counts[0] == counts[1], f"{view}: {comment}"


def test_every_view_of_the_schema_is_looked_at(small: duckdb.DuckDBPyConnection) -> None:
    views = {
        name
        for (name,) in small.cursor()
        .execute("select view_name from duckdb_views() where not internal and schema_name = 'main'")
        .fetchall()
    }
    assert views <= set(VIEWS)
    assert len(VIEWS) > 25
