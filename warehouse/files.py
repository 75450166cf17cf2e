"""Finds a study's Parquet files and reads each fact into a table, or says which file is wrong."""

import glob
from collections import defaultdict
from pathlib import Path
from typing import Any

import duckdb

ONE_FILE = ("model", "dataset", "protocol")
MANY_FILES = ("finetune", "proxy", "representation")


class StudyError(Exception):
    """A study that cannot be opened: what is wrong, in which file, and what to do."""


def add_facts(con: duckdb.DuckDBPyConnection, study: Path) -> None:
    """Create the tables model, dataset, protocol, finetune, proxy and representation from the files of a study.

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
            physical = types.get(name)  # also None for a column in which everything is null
            if physical and "[]" not in wanted and (physical == "BYTE_ARRAY") != (wanted == "VARCHAR"):
                raise StudyError(f"{path} is not a {fact} file: its column {name} is not of type {wanted.lower()}.")
    present = {name for types in found.values() for name in types}
    selected = ", ".join(f'{_value(name, present)}::{wanted} as "{name}"' for name, wanted, _ in columns)
    if files:
        _read(con, f"create table {fact} as select {selected} from read_parquet({{}}, union_by_name = true)", files)
    else:
        con.execute(f"create table {fact} as select {selected} limit 0")
    (comment,) = con.execute(
        "select comment from duckdb_tables() where schema_name = 'contract' and table_name = ?", [fact]
    ).fetchone() or ("",)
    con.execute(f"comment on table {fact} is '{comment}'")


def _columns_of(con: duckdb.DuckDBPyConnection, files: list[Path]) -> dict[str, dict[str, str | None]]:
    """{file: {column: physical type}}, from the footers alone; the type is None where everything is null."""
    if not files:
        return {}
    rows = _read(con, "select file_name, name, if(logical_type = 'NullType()', null, type) from parquet_schema({})", files)
    found: dict[str, dict[str, str | None]] = defaultdict(dict)
    for path, name, physical in rows:
        found[path][name] = physical
    return dict(found)


def _read(con: duckdb.DuckDBPyConnection, query: str, files: list[Path]) -> list[tuple[Any, ...]]:
    """The rows of a query over files, whose list goes where {} is. Raises StudyError that names the file which cannot be read."""
    try:
        return con.execute(query.format(_literal(files))).fetchall()
    except duckdb.Error:
        for path in files:  # DuckDB's message does not always say which file it was
            try:
                con.execute(f"select * from read_parquet({_literal([path])})").fetchall()
            except duckdb.Error as error:
                reason = str(error).splitlines()[0].removeprefix("Invalid Input Error: ")
                raise StudyError(
                    f"{path} is not a readable Parquet file. Move it away; needle collect makes it anew. ({reason})"
                ) from error
        raise


def _value(name: str, present: set[str]) -> str:
    return f'"{name}"' if name in present else "null"


def _literal(files: list[Path]) -> str:
    # A name may hold a quote, and the brackets of a glob.
    return "[" + ", ".join("'" + glob.escape(str(path)).replace("'", "''") + "'" for path in files) + "]"
