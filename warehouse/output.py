"""Prints rows: a table for people, CSV or JSON for programs."""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import count
from typing import Any, TextIO

import duckdb

BATCH = 10_000  # rows that Python holds at once
NESTED = ("list", "array", "struct", "map", "union")


def print_rows(con: duckdb.DuckDBPyConnection, sql: str, kind: str, out: TextIO) -> None:
    """Print all rows that one statement gives: as a table, as CSV, or as JSON (an array of objects; what JSON cannot say is null).

    CSV is written as DuckDB gives rows, in constant memory. A table needs the widths of all rows first, and JSON is complete or absent.
    A statement without rows prints nothing.
    """
    relation = con.sql(sql)
    if relation is None:
        return
    columns = _distinct(relation.columns)
    cursor = con.execute(_as_text(relation, sql, kind))
    if kind == "table":
        print_table(columns, cursor.fetchall(), out)
    elif kind == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        while rows := cursor.fetchmany(BATCH):
            writer.writerows(rows)
    else:
        objects = [dict(zip(columns, map(_jsonable, row), strict=True)) for row in cursor.fetchall()]
        out.write(json.dumps(objects, indent=1, default=str, ensure_ascii=False, allow_nan=False) + "\n")


def _distinct(columns: Sequence[str]) -> list[str]:
    """Return the names of columns, a second `x` as `x_1`, because an object has each key once."""
    names: list[str] = []
    for column in columns:
        tries = (column if n == 0 else f"{column}_{n}" for n in count())
        names.append(next(name for name in tries if name not in names and (name == column or name not in columns)))
    return names


def _as_text(relation: duckdb.DuckDBPyRelation, sql: str, kind: str) -> str:
    """Return the statement with DuckDB's own text for values that Python lacks or would write as Python code.

    Times with a zone reach Python only beside another package; bytes come as b'', and what is within lists as Decimal('0.5').
    """
    as_text = [
        "TIME ZONE" in str(column) or column.id == "blob" or (kind != "json" and column.id in NESTED) for column in relation.types
    ]
    if not any(as_text):
        return sql
    return relation.project(", ".join(f"#{i}::varchar" if one else f"#{i}" for i, one in enumerate(as_text, 1))).sql_query()


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]], out: TextIO) -> None:
    """Print rows under their column names; a fraction has six significant digits."""
    for line in align(head, rows):
        print(line, file=out)


def align(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table: columns two spaces apart, those of numbers to the right."""
    cells = [list(row) for row in rows]
    right = [any(isinstance(row[i], int | float | Decimal) for row in cells) for i in range(len(head))]
    text = [list(head), *([_words(value) for value in row] for row in cells)]
    widths = [max(len(row[i]) for row in text) for i in range(len(head))]
    for row in text:
        padded = (
            value.rjust(width) if to_right else value.ljust(width)
            for value, width, to_right in zip(row, widths, right, strict=True)
        )
        yield "  ".join(padded).rstrip()


def _words(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):  # a struct, or a map, whose keys may be anything
        return {str(key): _jsonable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
