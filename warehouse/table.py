"""Prints rows: a table for people, CSV or JSON for programs."""

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TextIO

import duckdb


def print_rows(relation: duckdb.DuckDBPyRelation | None, kind: str, out: TextIO) -> None:
    """Print all rows of a relation as table, csv or json (an array of objects; what JSON cannot say is null). None prints nothing."""
    if relation is None:
        return
    columns, rows = relation.columns, relation.fetchall()
    if kind == "table":
        print_table(columns, rows, out)
    elif kind == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    else:
        objects = [dict(zip(columns, map(_jsonable, row), strict=True)) for row in rows]
        json.dump(objects, out, indent=1, default=str, ensure_ascii=False)
        out.write("\n")


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]], out: TextIO) -> None:
    """Print rows under their column names; a fraction has six significant digits."""
    for line in align(head, rows):
        print(line, file=out)


def align(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table: columns two spaces apart, those of numbers to the right."""
    cells = [list(row) for row in rows]
    right = [any(isinstance(row[i], int | float) for row in cells) for i in range(len(head))]
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
    return None if isinstance(value, float) and not math.isfinite(value) else value
