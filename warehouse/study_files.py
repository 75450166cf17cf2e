"""Finds a study's Parquet files and loads each fact, or says which file is wrong."""

import glob
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb

from study_format import checksum
from study_format.checksum import ChecksumError, Mark
from study_format.layout import FACTS, METADATA, RELATIONS, StrayFolderError, newest
from warehouse.relation import quoted

LARGE = 8 * 2**20  # bytes of Parquet, over a million runs: larger facts stay in their files, which take less space than memory


class StudyError(Exception):
    """A study that cannot be opened: which file is wrong, how, and what to do."""


def add_facts(con: duckdb.DuckDBPyConnection, study: Path, facts: Sequence[str] = RELATIONS, described: bool = True) -> None:
    """Create these facts from the files of a study: tables, or views over the files where they are large.

    Each has the columns and types of its table in the schema `contract`; a column that the files lack is null. described: add the
    comments with their grains. Raises StudyError for a folder without a study and for a file that is truncated or of another fact.
    """
    files = {fact: paths for fact, paths in _files(study).items() if fact in facts}
    _verify(study, files)
    shapes = _shapes(con, [path for paths in files.values() for path in paths])
    con.execute("set preserve_insertion_order = false")  # preserving the order of many small files takes three times as long
    for fact, paths in files.items():
        of_fact = [replace(shape, files=found) for shape in shapes if (found := shape.files & {str(path) for path in paths})]
        large = fact in FACTS and sum(path.stat().st_size for path in paths) > LARGE
        _add_fact(con, fact, paths, of_fact, "view" if large else "table")
    con.execute("reset preserve_insertion_order")
    if described:
        comments = con.execute("select table_name, comment from duckdb_tables() where schema_name = 'contract'").fetchall()
        views = {name for (name,) in con.execute("select view_name from duckdb_views() where not internal").fetchall()}
        for fact, comment in comments:
            if fact in files:
                con.execute(f"comment on {'view' if fact in views else 'table'} {fact} is {quoted(comment)}")


@dataclass(frozen=True)
class Column:
    """A column of a relation, with DuckDB's name of its type."""

    name: str
    kind: str
    nullable: bool


@dataclass(frozen=True)
class Shape:
    """The columns that some files share: {column: physical type}, None for a column of nulls."""

    files: frozenset[str]
    types: dict[str, str | None]


def _files(study: Path) -> dict[str, list[Path]]:
    """Return the files of each relation."""
    if not study.is_dir():
        raise StudyError(f"There is no study at {study}.")
    for fact in METADATA:
        if not (study / f"{fact}.parquet").is_file():
            raise StudyError(
                f"{study} is not a study: it has no {fact}.parquet. needle collect writes one; needle report --study NAME opens another."
            )
    found = {fact: [study / f"{fact}.parquet"] for fact in METADATA}
    return found | {fact: _parts(study / fact) for fact in FACTS}


def _parts(folder: Path) -> list[Path]:
    """Return the parts of a fact. Packing moves them to a numbered folder; the highest number counts."""
    paths = list(_listed(folder))
    parts = [path for path in paths if path.suffix == ".parquet"]
    folders = [path.name for path in paths if path.suffix != ".parquet" and path.is_dir()]
    try:
        number = newest(bool(parts), folders)
    except StrayFolderError as error:
        raise _stray(folder / str(error)) from error
    if number is None:
        return sorted(parts)
    packed = [path for path in _listed(folder / number) if path.suffix == ".parquet"]
    if not packed:
        raise _stray(folder / number)
    return sorted(packed)


def _listed(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except FileNotFoundError:
        return
    except OSError as error:
        raise StudyError(f"{folder} cannot be read: {error.strerror}.") from error


def _stray(folder: Path) -> StudyError:
    return StudyError(
        f"{folder} is not part of a study. If its files belong to one, move them up; otherwise move the folder away."
    )


def _verify(study: Path, files: Mapping[str, list[Path]]) -> None:
    """Raise StudyError naming a file whose checksum is wrong, in a study that has checksums."""
    protocol = _mark(study / "protocol.parquet")
    for fact, paths in files.items():
        for path in paths:
            mark = _mark(path)
            if mark or protocol:
                name = fact if fact in METADATA else f"{fact}/{path.stem}"
                try:
                    checksum.check(mark, Mark((protocol or mark or Mark("", "")).study, name))
                except ChecksumError as error:
                    raise _damaged(path, error) from error


def _mark(path: Path) -> Mark | None:
    try:
        return checksum.read_mark_of(path)
    except ChecksumError as error:
        raise _damaged(path, error) from error
    except OSError as error:
        raise StudyError(f"{path} cannot be read: {error.strerror}. Move it away; needle collect writes it again.") from error


def _damaged(path: Path, error: ChecksumError) -> StudyError:
    then = "writes it again" if path.stem in METADATA else "measures its cell again"
    return StudyError(f"{path} is not a part of this study: {error}. needle collect moves it aside and {then}.")


def _add_fact(con: duckdb.DuckDBPyConnection, fact: str, files: list[Path], shapes: list[Shape], kind: str) -> None:
    described = con.execute(
        f"describe contract.{fact}"
    ).fetchall()  # faster than duckdb_columns(), which scans DuckDB's own views
    columns = [Column(name, type_, null == "YES") for name, type_, null, *_ in described]
    for shape in shapes:
        for column in columns:
            physical = shape.types.get(column.name)
            if column.name not in shape.types and not column.nullable:
                raise StudyError(f"{min(shape.files)} is not a {fact} file: it has no column {column.name}.")
            if physical and "[]" not in column.kind and _kind(physical) != _kind(column.kind):
                raise StudyError(
                    f"{min(shape.files)} is not a {fact} file: its column {column.name} is not of type {column.kind.lower()}."
                )
    present = {name for shape in shapes for name in shape.types}
    selected = ", ".join(f'{_value(column.name, present)}::{column.kind} as "{column.name}"' for column in columns)
    if files:
        # A folder named repeats=1 is no partition. Files of one shape need no union.
        options = ", hive_partitioning = false" + ("" if len(shapes) == 1 else ", union_by_name = true")
        _read(con, f"create {kind} {fact} as select {selected} from read_parquet({{}}{options})", files)
    else:
        con.execute(f"create {kind} {fact} as select {selected} limit 0")


def _kind(type_: str) -> str:
    """Classify a type of Parquet or DuckDB as text, truth or number: DuckDB would convert between them silently."""
    return {"BYTE_ARRAY": "text", "VARCHAR": "text", "BOOLEAN": "truth"}.get(type_, "number")


def _shapes(con: duckdb.DuckDBPyConnection, files: list[Path]) -> list[Shape]:
    """Return the distinct shapes of the files, from their footers."""
    query = """
        select list(file_name), columns
        from (select file_name, list((name, if(logical_type = 'NullType()', null, type)) order by name) as columns
              from parquet_schema({}) group by file_name)
        group by columns"""
    return [Shape(frozenset(names), dict(columns)) for names, columns in _read(con, query, files)]


def _read(con: duckdb.DuckDBPyConnection, query: str, files: list[Path]) -> list[tuple[Any, ...]]:
    """Run a query over files, whose list replaces {}. Raises StudyError naming the file that cannot be read."""
    try:
        return con.execute(query.format(_literal(files))).fetchall()
    except duckdb.Error as error:
        for path in files:  # DuckDB's message does not always name the file
            with duckdb.connect() as other:  # the error has ended the transaction of con
                try:
                    other.execute(f"select * from read_parquet({_literal([path])}, hive_partitioning = false)").fetchall()
                except duckdb.Error as unread:
                    message = f"{path} is not a readable Parquet file. Move it away; needle collect writes it again."
                    raise StudyError(f"{message} ({_reason(unread)})") from unread
                try:
                    other.execute(query.format(_literal([path]))).fetchall()
                except duckdb.ConversionException as other_type:
                    message = f"{path} holds values whose types differ from schema.sql."
                    raise StudyError(f"{message} ({_reason(other_type)})") from other_type
                except duckdb.Error:  # it lacks a column that other files have
                    continue
        raise StudyError(f"{files[0].parent} holds values whose types differ from schema.sql. ({_reason(error)})") from error


def _reason(error: duckdb.Error) -> str:
    return str(error).splitlines()[0].removeprefix("Invalid Input Error: ")


def _value(name: str, present: set[str]) -> str:
    return f'"{name}"' if name in present else "null"


def _literal(files: list[Path]) -> str:
    # A path may contain quotes and glob characters.
    return "[" + ", ".join("'" + glob.escape(str(path)).replace("'", "''") + "'" for path in files) + "]"
