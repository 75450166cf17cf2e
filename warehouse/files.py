"""Finds a study's Parquet files and makes one view a fact over them, or says which file is wrong."""

import glob
from collections import defaultdict
from pathlib import Path

import duckdb

ONE_FILE = ("model", "dataset", "protocol")
MANY_FILES = ("finetune", "proxy", "representation")


class StudyError(Exception):
    """A study that cannot be opened: what is wrong, in which file, and what to do."""


def add_facts(con: duckdb.DuckDBPyConnection, study: Path) -> None:
    """Create the views model, dataset, protocol, finetune, proxy and representation over the files of a study.

    Each has exactly the columns and types of its table in the schema `contract`; a column that the files lack is null.
    Raises StudyError for a folder that holds no study and for a file that is truncated or is not the fact's.
    """
    if not study.is_dir():
        raise StudyError(f"There is no study at {study}.")
    for fact in ONE_FILE:
        if not (study / f"{fact}.parquet").is_file():
            raise StudyError(
                f"{study} is no study: it has no {fact}.parquet. needle collect writes one; needle report --study NAME opens another."
            )
        _add_fact(con, fact, [study / f"{fact}.parquet"])
    for fact in MANY_FILES:
        _add_fact(con, fact, sorted((study / fact).rglob("*.parquet")))


def _add_fact(con: duckdb.DuckDBPyConnection, fact: str, files: list[Path]) -> None:
    columns = con.execute(
        "select column_name, data_type, is_nullable from duckdb_columns() where schema_name = 'contract' and table_name = ?"
        " order by column_index",
        [fact],
    ).fetchall()
    found = _columns_of(con, files)
    for path, types in found.items():
        for name, wanted, nullable in columns:
            if name not in types and not nullable:
                raise StudyError(f"{path} is not a {fact} file: it has no column {name}.")
            if "[]" not in wanted and name in types and (types[name] == "BYTE_ARRAY") != (wanted == "VARCHAR"):
                raise StudyError(f"{path} is not a {fact} file: its column {name} is not of type {wanted.lower()}.")
    present = {name for types in found.values() for name in types}
    selected = ", ".join(f'{_value(name, present)}::{wanted} as "{name}"' for name, wanted, _ in columns)
    where = f"from read_parquet({_literal(files)}, union_by_name = true)" if files else "limit 0"
    con.execute(f"create view {fact} as select {selected} {where}")
    (comment,) = con.execute(
        "select comment from duckdb_tables() where schema_name = 'contract' and table_name = ?", [fact]
    ).fetchone() or ("",)
    con.execute(f"comment on view {fact} is '{comment}'")


def _columns_of(con: duckdb.DuckDBPyConnection, files: list[Path]) -> dict[str, dict[str, str]]:
    """{file: {column: physical type}}, from the footers alone."""
    if not files:
        return {}
    query = "select file_name, name, type from parquet_schema({})"
    try:
        rows = con.execute(query.format(_literal(files))).fetchall()
    except duckdb.Error:
        for path in files:  # DuckDB's message does not always say which file it was
            try:
                con.execute(query.format(_literal([path]))).fetchall()
            except duckdb.Error as error:
                reason = str(error).splitlines()[0].removeprefix("Invalid Input Error: ")
                raise StudyError(
                    f"{path} is not a readable Parquet file. Move it away; needle collect makes it anew. ({reason})"
                ) from error
        raise
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for path, name, physical in rows:
        found[path][name] = physical
    return dict(found)


def _value(name: str, present: set[str]) -> str:
    return f'"{name}"' if name in present else "null"


def _literal(files: list[Path]) -> str:
    # A name may hold a quote, and the brackets of a glob.
    return "[" + ", ".join("'" + glob.escape(str(path)).replace("'", "''") + "'" for path in files) + "]"
