"""Tidy tables: one number a row, in the columns model, dataset, measure, value, and where there are any repeat and learning_rate."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from study_format.suggestions import nearest
from warehouse.importer.cells import table_of
from warehouse.importer.read import ImportFileError, Line, read_lines
from warehouse.importer.report import note
from warehouse.importer.table import Table
from warehouse.importer.value import Cell, as_number

NEEDED = ("model", "dataset", "measure", "value")
OPTIONAL = ("repeat", "learning_rate")


def read_tidy(files: Sequence[Path], unit: str | None) -> Table:
    """The study of tidy tables, which are parts of one. Raises ImportFileError."""
    cells, ignored = [], []
    for path in files:
        header, lines = read_lines(path, NEEDED)
        for column in header:
            if column in (*NEEDED, *OPTIONAL):
                continue
            near = nearest(column, OPTIONAL, cutoff=0.75)
            if near:  # left out, two repeats would look like one
                raise ImportFileError(f"{path}: unknown column {column!r}.{near}")
            ignored.append(f"{column} of {path.name}")
        cells += [_cell(line) for line in lines]
    table = table_of(cells, unit)
    return replace(table, notes=[*table.notes, *note("ignored", "columns", "a tidy table is read without them", ignored)])


def _cell(line: Line) -> Cell:
    for column in ("model", "dataset", "measure"):
        if not line.values[column]:
            raise ImportFileError(f"{line.where}: {column} is empty.")
    repeat, rate = line.values.get("repeat", "0"), line.values.get("learning_rate", "")
    if not (repeat.isascii() and repeat.isdigit()):
        raise ImportFileError(f"{line.where}: repeat {repeat!r} is not a number from 0.")
    learning_rate = as_number(rate, f"{line.where}, learning_rate") if rate else None
    if learning_rate is not None and not 0 < learning_rate < float("inf"):
        raise ImportFileError(f"{line.where}: learning_rate {rate!r} is not a positive number. Leave an unknown one empty.")
    return Cell(
        where=line.where,
        model=line.values["model"],
        dataset=line.values["dataset"],
        measure=line.values["measure"],
        text=line.values["value"],
        repeat=int(repeat),
        learning_rate=learning_rate,
    )
