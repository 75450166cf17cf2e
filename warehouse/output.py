"""Prints rows: a table for people, CSV or JSON for programs."""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import count
from typing import Any, TextIO

import duckdb

NESTED = ("list", "array", "struct", "map", "union")


def print_rows(relation: duckdb.DuckDBPyRelation | None, kind: str, out: TextIO) -> None:
    """Print all rows of a relation as table, csv or json (an array of objects; what JSON cannot say is null). None prints nothing."""
    if relation is None:
        return
    columns, rows = _distinct(relation.columns), _plain(relation, kind).fetchall()
    if kind == "table":
        print_table(columns, rows, out)
    elif kind == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    else:
        objects = [dict(zip(columns, map(_jsonable, row), strict=True)) for row in rows]
        out.write(json.dumps(objects, indent=1, default=str, ensure_ascii=False, allow_nan=False) + "\n")  # all of it, or nothing


def _distinct(columns: Sequence[str]) -> list[str]:
    """The names of columns, a second `x` as `x_1`: an object has each once."""
    names: list[str] = []
    for column in columns:
        tries = (column if n == 0 else f"{column}_{n}" for n in count())
        names.append(next(name for name in tries if name not in names and (name == column or name not in columns)))
    return names


def _plain(relation: duckdb.DuckDBPyRelation, kind: str) -> duckdb.DuckDBPyRelation:
    """What Python has no value for, or only one that it writes in words of its own, as the text that DuckDB has for it.

    Times with a zone come to Python only beside another package; bytes come as b'', and what is within lists as Decimal('0.5').
    """
    as_text = [
        "TIME ZONE" in str(column) or column.id == "blob" or (kind != "json" and column.id in NESTED) for column in relation.types
    ]
    if not any(as_text):
        return relation
    return relation.project(", ".join(f"#{i}::varchar" if one else f"#{i}" for i, one in enumerate(as_text, 1)))


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
