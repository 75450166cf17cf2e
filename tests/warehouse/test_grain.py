"""Every relation says its grain in its comment; the comment is held against the data."""

import re
from pathlib import Path

import duckdb
import pytest
from curved import write_curved

from warehouse import connect
from warehouse.relation import of_schema


def relations(con: duckdb.DuckDBPyConnection) -> dict[str, str | None]:
    """The comment of every table and view by its name, but for the strategies, which `ranking` unites, and their copies."""
    query = """select schema_name, view_name, comment from duckdb_views() where not internal
               union all select schema_name, table_name, comment from duckdb_tables()"""
    return {
        f"{schema}.{name}": comment
        for schema, name, comment in con.execute(query).fetchall()
        if schema in ("main", "contract", "resample")
    }


def check_grain(con: duckdb.DuckDBPyConnection) -> None:
    for name, comment in relations(con).items():
        assert comment is not None, f"{name} has no comment"
        assert comment.startswith("One row per "), f"{name}: {comment}"
        key = re.match(r"One row per \(([\w, ]+)\)", comment)
        if key is None:
            assert "rule" in comment, f"{name}: only a list of broken rules may have no key"
            continue
        counts = con.execute(f"select count(*), count(distinct ({key[1]},)) from {name}").fetchone()
        assert counts is not None
        assert counts[0] == counts[1], f"{name}: {comment}"


@pytest.mark.slow
def test_grain(small: duckdb.DuckDBPyConnection) -> None:
    check_grain(small.cursor())


@pytest.mark.slow
def test_grain_with_curves(tmp_path: Path) -> None:
    with connect(write_curved(tmp_path)) as con:
        assert con.execute("select count(*) > 0 from mean_halving_interval").fetchone() == (True,)
        check_grain(con)


def test_every_relation_of_the_schema_is_there(small: duckdb.DuckDBPyConnection) -> None:
    others = "select function_name from duckdb_functions() where not internal union all select type_name from duckdb_types()"
    named = {name for (name,) in small.cursor().execute(others).fetchall()}
    there = set(relations(small.cursor()))
    missing = {name for name in of_schema(()) if name not in named and (name if "." in name else f"main.{name}") not in there}
    assert not missing
    assert len(there) > 90
