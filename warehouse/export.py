"""Exports an open study for other programs: as one DuckDB file with every view, or as one Parquet file per derived relation."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from warehouse.relation import quoted


class ExportError(Exception):
    """A study that cannot be exported: where to, why, and what to do."""


def export_database(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write the connection's database to one DuckDB file: schemas, tables, views, macros and comments.

    Facts become tables, even where they are views over Parquet files here, so that the file needs no other. The file appears complete
    or not at all. Uncommitted changes of other transactions are left out. Raises ExportError if the path exists or cannot be written,
    duckdb.Error if a relation cannot be computed.
    """
    with _temporary_folder(path) as folder:
        _copy(con, folder / "study.duckdb")
        _publish(folder / "study.duckdb", path)


def export_parquet(con: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write each relation derived from the facts to a Parquet file of its name, with its comment as the metadata key `comment`.

    An empty relation becomes a file without rows; one may be larger than memory. The folder appears complete or not at all.
    Raises ExportError if the folder exists or cannot be written, duckdb.Error if a relation cannot be computed.
    """
    with _temporary_folder(folder) as parent, con.cursor() as cursor:
        written = parent / "parquet"
        written.mkdir()
        for name, comment in _derived(cursor):
            target = quoted(str(written / f"{name}.parquet"))
            cursor.execute(f"copy {_name(name)} to {target} (format parquet, kv_metadata {{comment: {quoted(comment)}}})")
        _publish(written, folder)


def _copy(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    with con.cursor() as cursor:
        (source,) = cursor.execute("select current_database()").fetchone() or ("memory",)
        target = f"export {path.parent.name}"  # the name of no other attached database
        facts = _facts_that_are_views(cursor)
        cursor.execute(f"attach {quoted(str(path))} as {_name(target)} (read_write)")  # works from a read-only database, too
        try:
            cursor.execute(f"copy from database {_name(source)} to {_name(target)}")
            for name, comment in facts:
                relation = f"{_name(target)}.main.{_name(name)}"
                cursor.execute(f"drop view {relation}")
                cursor.execute(f"create table {relation} as from {_name(source)}.main.{_name(name)}")
                cursor.execute(f"comment on table {relation} is {quoted(comment)}")
        finally:
            cursor.execute(f"detach {_name(target)}")  # which also writes the log to the file


def _facts_that_are_views(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Return (name, comment) of the facts that are views."""
    return con.execute(
        "select view_name, coalesce(comment, '') from duckdb_views() where database_name = current_database()"
        " and schema_name = 'main' and view_name in (select table_name from duckdb_tables() where schema_name = 'contract')"
    ).fetchall()


def _derived(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Return (name, comment) of the relations in the schema main that are not facts."""
    return con.execute(
        "select name, coalesce(comment, '') from ("
        " select database_name, schema_name, table_name as name, comment from duckdb_tables() union all"
        " select database_name, schema_name, view_name, comment from duckdb_views() where not internal)"
        " where database_name = current_database() and schema_name = 'main'"
        " and name not in (select table_name from duckdb_tables() where schema_name = 'contract') order by name"
    ).fetchall()


@contextmanager
def _temporary_folder(path: Path) -> Iterator[Path]:
    """Create a temporary folder beside the target, and remove it afterwards."""
    _check_free(path)
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
    _check_free(path)  # it may have appeared meanwhile
    written.rename(path)


def _check_free(path: Path) -> None:
    if os.path.lexists(path):
        raise ExportError(f"{path} already exists and is kept. Move it away, or choose another name.")


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
