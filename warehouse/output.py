"""Prints rows as a table for people, as Markdown for papers and pull requests, or as CSV or JSON for programs."""

import csv
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import count
from typing import Any, TextIO

import duckdb

BATCH = 10_000  # rows in memory at a time
NESTED = ("list", "array", "struct", "map", "union")


def print_rows(con: duckdb.DuckDBPyConnection, sql: str, kind: str, out: TextIO) -> None:
    """Print the rows of one statement as a table, as a Markdown table (kind md), as CSV, or as JSON (an array of objects, with null for
    infinity and NaN).

    CSV streams in constant memory. A table needs the widths of all rows first; JSON is printed completely or not at all. A statement
    that returns no result set prints nothing.
    """
    relation = con.sql(sql)
    if relation is None:
        return
    columns = _unique_names(relation.columns)
    cursor = con.execute(_cast_to_text(relation, sql, kind))
    if kind == "table":
        print_table(columns, cursor.fetchall(), out)
    elif kind == "md":
        rows = cursor.fetchall()
        numeric = [any(isinstance(row[i], int | float | Decimal) for row in rows) for i in range(len(columns))]
        for line in markdown_table(columns, ([_cell_text(value) for value in row] for row in rows), numeric):
            print(line, file=out)
    elif kind == "csv":
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(columns)
        while rows := cursor.fetchmany(BATCH):
            writer.writerows(rows)
    else:
        objects = [dict(zip(columns, map(_jsonable, row), strict=True)) for row in cursor.fetchall()]
        out.write(json.dumps(objects, indent=1, default=str, ensure_ascii=False, allow_nan=False) + "\n")


def _unique_names(columns: Sequence[str]) -> list[str]:
    """Return unique column names, a second `x` as `x_1`, because a JSON object has each key once."""
    names: list[str] = []
    for column in columns:
        candidates = (column if n == 0 else f"{column}_{n}" for n in count())
        names.append(next(name for name in candidates if name not in names and (name == column or name not in columns)))
    return names


def _cast_to_text(relation: duckdb.DuckDBPyRelation, sql: str, kind: str) -> str:
    """Return the statement with DuckDB's own text where Python would need another package (times with a zone) or print Python code.

    For CSV that is every column, which also takes half the time of converting to Python's types.
    """
    as_text = [
        kind == "csv" or "TIME ZONE" in str(column) or column.id == "blob" or (kind in ("table", "md") and column.id in NESTED)
        for column in relation.types
    ]
    if not any(as_text):
        return sql
    return relation.project(", ".join(f"#{i}::varchar" if one else f"#{i}" for i, one in enumerate(as_text, 1))).sql_query()


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]], out: TextIO) -> None:
    """Print rows under their column names; floats have six significant digits."""
    for line in align(head, rows):
        print(line, file=out)


def align(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a table: columns two spaces apart, numbers aligned to the right."""
    cells = [list(row) for row in rows]
    right = [any(isinstance(row[i], int | float | Decimal) for row in cells) for i in range(len(head))]
    text = [list(head), *([_cell_text(value) for value in row] for row in cells)]
    widths = [max(len(row[i]) for row in text) for i in range(len(head))]
    for row in text:
        padded = (
            value.rjust(width) if to_right else value.ljust(width)
            for value, width, to_right in zip(row, widths, right, strict=True)
        )
        yield "  ".join(padded).rstrip()


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[bool]) -> Iterator[str]:
    """Yield the lines of a table in GitHub's Markdown. right: which columns are aligned to the right."""
    yield _markdown_row(head)
    yield f"|{'|'.join('---:' if one else '---' for one in right)}|"
    for row in rows:
        yield _markdown_row(row)


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(markdown_text, cells))} |"


def markdown_text(text: str) -> str:
    """Return Markdown that reads as the text, also in a cell of a table, whatever the text says."""
    marked = re.sub(r"[\\`*\[\]<>|~&$#!]|(?<![^\W_])_|_(?![^\W_])", r"\\\g<0>", text)
    return re.sub(r"\s+", " ", marked)


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):  # a struct, or a map, whose keys may be of any type
        return {str(key): _jsonable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
