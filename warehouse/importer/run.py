"""Runs the SELECTs of a recipe over the loaded files: the first yields tidy rows, the others what is known besides."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import duckdb

from study_format.suggestions import nearest
from warehouse.importer.cells import make_cells
from warehouse.importer.errors import ImportFileError
from warehouse.importer.load import PLACE, columns_of, name
from warehouse.importer.metadata import read_metadata
from warehouse.importer.recipe import Recipe, recipes
from warehouse.importer.report import EXAMPLES, Note
from warehouse.importer.select import INPUT, SELECTED, Select, selects, tables_said, with_place

NOTE_COLUMNS = ("action", "what", "why", "example")


@dataclass
class Given:
    """What a recipe yields besides rows: columns of the protocol, notes, and for model and dataset the tables of their metadata."""

    protocol: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    known: dict[str, list[str]] = field(default_factory=lambda: {"model": [], "dataset": []})


def run_recipe(con: duckdb.DuckDBPyConnection, recipe: Recipe) -> Given:
    """Make work.cell of the rows of the first SELECT, and return what the others yield. Raises ImportFileError."""
    tables = {table: list(columns_of(con, name(table))) for table in tables_of(con, "main")}
    rows, *others = selects(con, recipe.name, recipe.sql, tables)
    _make_input(con, recipe, tables)
    given = Given()
    with _translate_errors(recipe, tables):
        sql = with_place(con, rows)
        if others:
            con.execute(f"create table {SELECTED} as {sql}")
            sql = f"from {SELECTED}"
        given.notes += make_cells(con, columns_of(con, sql), f"({sql}\n)", recipe.empty)
        for number, select in enumerate(others, 2):
            _run_other(con, select, number, given)
    return given


def tables_of(con: duckdb.DuckDBPyConnection, schema: str) -> list[str]:
    """Return the names of the tables of a schema."""
    rows = con.execute("select table_name from duckdb_tables() where schema_name = $1 order by table_oid", [schema]).fetchall()
    return [table for (table,) in rows]


def _make_input(con: duckdb.DuckDBPyConnection, recipe: Recipe, tables: Mapping[str, Sequence[str]]) -> None:
    """Make the view `input` of all tables, with the optional columns of the recipe; refuse a table without one that it needs."""
    for table in tables:
        if table.lower() in (INPUT, SELECTED) and (len(tables) > 1 or recipe.optional or table.lower() == SELECTED):
            raise ImportFileError(f"No file may be called {table}, as a table that every recipe has. Rename it.")
    parts = []
    for table, columns in tables.items():
        (file,) = con.execute(f"select any_value(file) from {name(table)}").fetchone() or (table,)
        _require_columns(recipe, file, columns)
        lacking = "".join(f", '' as {name(column)}" for column in recipe.optional if column not in columns)
        parts.append(f"select *{lacking} from {name(table)}")
    if INPUT not in map(str.lower, tables):
        with _translate_errors(recipe, tables):
            con.execute(f"create view {INPUT} as {' union all by name '.join(parts)}")


def _require_columns(recipe: Recipe, file: str, columns: Sequence[str]) -> None:
    """Raise ImportFileError for the first of the needed columns that a file lacks, with the nearest that it has."""
    for column in recipe.columns:
        if column not in columns:
            has = ", ".join(one for one in columns if one not in PLACE)
            edit = f" needle import --list {recipe.name} prints the SELECT, to edit." if recipe.name in recipes() else ""
            raise ImportFileError(f"{file} has no column {column!r}.{nearest(column, columns)} It has {has}.{edit}")


def _run_other(con: duckdb.DuckDBPyConnection, select: Select, number: int, given: Given) -> None:
    """Take what one of the further SELECTs yields, which its columns tell."""
    columns = list(columns_of(con, select.sql))
    source = f"SELECT {number}"
    if "action" in columns:
        if sorted(columns) != sorted(NOTE_COLUMNS):
            raise ImportFileError(f"{source} yields {', '.join(columns)}; notes are {', '.join(NOTE_COLUMNS)}.")
        given.notes += _notes(con, select.sql)
        return
    for fact, tables in given.known.items():
        if fact in columns:
            table = f"work.known_{fact}_{number}"
            read_metadata(con, fact, select.sql, source, table)
            tables.append(table)
            return
    protocol = columns_of(con, "contract.protocol")
    unknown = [column for column in columns if column not in protocol]
    if unknown:
        raise ImportFileError(
            f"{source} yields {', '.join(columns)}. After the rows come models (model and more), datasets (dataset and more), "
            f"notes ({', '.join(NOTE_COLUMNS)}), or the protocol, which has no {unknown[0]!r} but {', '.join(protocol)}."
        )
    rows = con.execute(select.sql).fetchall()
    if len(rows) != 1:
        raise ImportFileError(f"{source} yields {len(rows)} rows; a study has one protocol.")
    given.protocol |= dict(zip(columns, rows[0], strict=True))


def _notes(con: duckdb.DuckDBPyConnection, sql: str) -> list[Note]:
    rows = con.execute(
        f"select action, what, any_value(why), count(*), arg_min(example::varchar, n, {EXAMPLES})"
        f" from (select row_number() over () as n, * from ({sql}\n)) group by action, what order by min(n)"
    ).fetchall()
    return [Note(action, what, count, why, tuple(examples or ())) for action, what, why, count, examples in rows]


@contextmanager
def _translate_errors(recipe: Recipe, tables: Mapping[str, Sequence[str]]) -> Iterator[None]:
    """Say what is wrong with SQL that does not run, and what it may read; what a recipe refuses by error() is said as it is."""
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InterruptException):
        raise
    except duckdb.InvalidInputException as error:
        raise ImportFileError(str(error).removeprefix("Invalid Input Error: ")) from error
    except duckdb.Error as error:
        message = str(error).partition("\n\nLINE ")[0]
        raise ImportFileError(
            f"{recipe.name} does not run: {message}\n{tables_said(tables)} file and line say where a row stands: leave them out of unpivot."
        ) from error
