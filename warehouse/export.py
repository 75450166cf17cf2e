"""Writes an open study for other programs: one DuckDB file with every view, or one Parquet file a derived relation."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb


class ExportError(Exception):
    """A study that cannot be written: where, why, and what to do."""


def export_database(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write one DuckDB file with all that the connection's database holds: schemas, tables, views, macros and comments.

    The facts are tables in the file, also where they are views over Parquet files here, so that it needs no other file. It appears
    under its name complete or not at all. What another transaction of this database has not committed is left out.
    Raises ExportError where the path is taken or cannot be written; duckdb.Error where a relation cannot be computed.
    """
    with _new(path) as folder:
        _copy(con, folder / "study.duckdb")
        _publish(folder / "study.duckdb", path)


def export_parquet(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write one Parquet file for each relation derived from the facts, under its name; its comment is the key `comment` of the file.

    A relation without rows is a file without rows. A relation may be larger than memory. The folder appears complete or not at all.
    Raises ExportError where the folder is taken or cannot be written; duckdb.Error where a relation cannot be computed.
    """
    with _new(folder) as parent, con.cursor() as cursor:
        written = parent / "parquet"
        written.mkdir()
        for name, comment in _derived(cursor):
            target = _text(str(written / f"{name}.parquet"))
            cursor.execute(f"copy {_name(name)} to {target} (format parquet, kv_metadata {{comment: {_text(comment)}}})")
        _publish(written, folder)


def _copy(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    with con.cursor() as cursor:
        (source,) = cursor.execute("select current_database()").fetchone() or ("memory",)
        target = f"export {path.parent.name}"  # no database of the caller's has this name, nor another export's
        facts = _facts_that_are_views(cursor)
        cursor.execute(f"attach {_text(str(path))} as {_name(target)} (read_write)")  # also from a database opened read-only
        try:
            cursor.execute(f"copy from database {_name(source)} to {_name(target)}")
            for name, comment in facts:
                relation = f"{_name(target)}.main.{_name(name)}"
                cursor.execute(f"drop view {relation}")
                cursor.execute(f"create table {relation} as from {_name(source)}.main.{_name(name)}")
                cursor.execute(f"comment on table {relation} is {_text(comment)}")
        finally:
            cursor.execute(f"detach {_name(target)}")  # also writes what is still in the log beside the file


def _facts_that_are_views(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Return the relations of the schema `contract` that are views here, with their comments."""
    return con.execute(
        "select view_name, coalesce(comment, '') from duckdb_views() where database_name = current_database()"
        " and schema_name = 'main' and view_name in (select table_name from duckdb_tables() where schema_name = 'contract')"
    ).fetchall()


def _derived(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Return (name, comment) of the derived relations of the schema main."""
    return con.execute(
        "select name, coalesce(comment, '') from ("
        " select database_name, schema_name, table_name as name, comment from duckdb_tables() union all"
        " select database_name, schema_name, view_name, comment from duckdb_views() where not internal)"
        " where database_name = current_database() and schema_name = 'main'"
        " and name not in (select table_name from duckdb_tables() where schema_name = 'contract') order by name"
    ).fetchall()


@contextmanager
def _new(path: Path) -> Iterator[Path]:
    """Make a folder beside a free path, to write in, and remove it afterwards."""
    _free(path)
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.absolute().parent))
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        yield folder
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}.") from error
    except duckdb.IOException as error:
        raise ExportError(f"{path} cannot be written: {error}") from error
    finally:
        shutil.rmtree(folder)


def _publish(written: Path, path: Path) -> None:
    _free(path)  # it may have been taken while we wrote
    written.rename(path)


def _free(path: Path) -> None:
    if os.path.lexists(path):
        raise ExportError(f"{path} is there already and is kept. Move it away, or name another.")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
