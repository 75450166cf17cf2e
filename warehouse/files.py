"""Finds a study's Parquet files and reads each fact into a table, or says which file is wrong."""

import glob
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

ONE_FILE = ("model", "dataset", "protocol")
MANY_FILES = ("finetune", "proxy", "representation")
FACTS = ONE_FILE + MANY_FILES

Types = dict[str, str | None]


class StudyError(Exception):
    """A study that cannot be opened: what is wrong, in which file, and what to do."""


def add_facts(con: duckdb.DuckDBPyConnection, study: Path, facts: Sequence[str] = FACTS) -> None:
    """Create the tables of these facts from the files of a study.

    Each has exactly the columns and types of its table in the schema `contract`; a column that the files lack is null.
    Raises StudyError for a folder that holds no study and for a file that is truncated or is not the fact's.
    """
    files = {fact: paths for fact, paths in _files(study).items() if fact in facts}
    columns = _columns_of(con, [path for paths in files.values() for path in paths])
    contract = con.execute(
        "select table_name, column_name, data_type, is_nullable from duckdb_columns() where schema_name = 'contract'"
        " order by column_index"
    ).fetchall()
    comments = dict(con.execute("select table_name, comment from duckdb_tables() where schema_name = 'contract'").fetchall())
    con.execute("set preserve_insertion_order = false")  # keeping the order of many small files takes three times as long
    for fact, paths in files.items():
        wanted = [Column(name, kind, nullable) for table, name, kind, nullable in contract if table == fact]
        _add_fact(con, fact, {path: columns[str(path)] for path in paths}, wanted)
        con.execute(f"comment on table {fact} is '{comments[fact]}'")
    con.execute("reset preserve_insertion_order")


@dataclass(frozen=True)
class Column:
    """A column of the contract, with DuckDB's name of its type."""

    name: str
    kind: str
    nullable: bool


def _files(study: Path) -> dict[str, list[Path]]:
    """The files of each fact."""
    if not study.is_dir():
        raise StudyError(f"There is no study at {study}.")
    for fact in ONE_FILE:
        if not (study / f"{fact}.parquet").is_file():
            raise StudyError(
                f"{study} is no study: it has no {fact}.parquet. needle collect writes one; needle report --study NAME opens another."
            )
    found = {fact: [study / f"{fact}.parquet"] for fact in ONE_FILE}
    return found | {fact: sorted((study / fact).rglob("*.parquet")) for fact in MANY_FILES}


def _add_fact(con: duckdb.DuckDBPyConnection, fact: str, files: dict[Path, Types], columns: list[Column]) -> None:
    for path, types in files.items():
        for column in columns:
            physical = types.get(column.name)  # also None for a column in which everything is null
            if column.name not in types and not column.nullable:
                raise StudyError(f"{path} is not a {fact} file: it has no column {column.name}.")
            if physical and "[]" not in column.kind and (physical == "BYTE_ARRAY") != (column.kind == "VARCHAR"):
                raise StudyError(f"{path} is not a {fact} file: its column {column.name} is not of type {column.kind.lower()}.")
    present = {name for types in files.values() for name in types}
    selected = ", ".join(f'{_value(column.name, present)}::{column.kind} as "{column.name}"' for column in columns)
    if files:
        alike = len({frozenset(types.items()) for types in files.values()}) == 1  # then DuckDB need not look at every file again
        options = "" if alike else ", union_by_name = true"
        _read(con, f"create table {fact} as select {selected} from read_parquet({{}}{options})", list(files))
    else:
        con.execute(f"create table {fact} as select {selected} limit 0")


def _columns_of(con: duckdb.DuckDBPyConnection, files: list[Path]) -> dict[str, Types]:
    """{file: {column: physical type}}, from the footers alone; the type is None where everything is null."""
    query = "select file_name, name, if(logical_type = 'NullType()', null, type) from parquet_schema({})"
    found: dict[str, Types] = defaultdict(dict)
    for path, name, physical in _read(con, query, files):
        found[path][name] = physical
    return dict(found)


def _read(con: duckdb.DuckDBPyConnection, query: str, files: list[Path]) -> list[tuple[Any, ...]]:
    """The rows of a query over files, whose list goes where {} is. Raises StudyError that names the file which cannot be read."""
    try:
        return con.execute(query.format(_literal(files))).fetchall()
    except duckdb.Error:
        other = duckdb.connect()  # the transaction of this one is lost
        for path in files:  # DuckDB's message does not always say which file it was
            try:
                other.execute(f"select * from read_parquet({_literal([path])})").fetchall()
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
