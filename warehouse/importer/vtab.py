"""VTAB's leaderboard (google-research/task_adaptation, docs/data/results.csv): percent, 1,000 examples beside full data, one row a model.

Three header rows: how many training examples, the dataset, and `method`; the last columns hold metadata. The study is the one at
1,000 examples.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from study_format.suggestions import nearest
from warehouse.importer.cells import once, rows_of
from warehouse.importer.read import ImportFileError, read_records
from warehouse.importer.report import Note, note
from warehouse.importer.table import VTAB_GROUP, Table
from warehouse.importer.value import Cell, Numbers, numbers, percent_to_fractions

EXAMPLES, FULL, METADATA = "1000", "full", "metadata"
HEAD = ("train_examples_if_subset", "dataset", "method")


@dataclass(frozen=True)
class Leaderboard:
    """One file: the cells of each number of training examples, and the metadata of each model."""

    cells: dict[str, list[Cell]]
    handles: dict[str, str]
    metadata: tuple[str, ...]  # the names of the metadata columns


def read_vtab(files: Sequence[Path], unit: str | None) -> Table:
    """The study at 1,000 examples. Raises ImportFileError for a file of another layout, an unknown dataset or a wrong unit."""
    if unit == "fraction":
        raise ImportFileError("VTAB's leaderboard is in percent; leave --unit out.")
    if len(files) != 1:
        raise ImportFileError("VTAB's leaderboard is one file.")
    board = _read(files[0])
    cells, full = board.cells[EXAMPLES], board.cells[FULL]
    read = numbers(cells)
    found, same = once(percent_to_fractions(read.found))
    notes = [
        *read.notes,
        *note("dropped", "values that stand there twice", "the same key with the same number", same),
        *note(
            "dropped", "values on full data", "another protocol; the study is the one at 1,000 examples", [str(c) for c in full]
        ),
        *_doubts(cells, read, full),
        *note(
            "ignored",
            "columns",
            "the contract has no place for them",
            [name for name in board.metadata if name != "model"],
        ),
    ]
    finetune, _ = rows_of(found)
    return Table(
        models=tuple(dict.fromkeys(cell.model for cell in cells)),
        handles=board.handles,
        datasets=tuple(dict.fromkeys(cell.dataset for cell in cells)),
        protocol={"train_examples": int(EXAMPLES), "repeats": 1, "proxies": []},
        finetune=finetune,
        proxy=[],
        rows_read=len(cells) + len(full),
        notes=notes,
    )


def _read(path: Path) -> Leaderboard:
    """Raises ImportFileError where the file is not laid out as the leaderboard is."""
    records = read_records(path)
    heads = [record for _, record in records[:3]]
    if tuple(record[0] for record in heads) != HEAD:
        raise ImportFileError(f"{path} is not VTAB's leaderboard: its first three lines start with {', '.join(HEAD)}.")
    examples, datasets, _ = heads
    columns = list(zip(examples, datasets, strict=False))[1:]
    for number, dataset in columns:
        if number not in (EXAMPLES, FULL, METADATA):
            raise ImportFileError(f"{path}: a column of {number!r} examples. There are {EXAMPLES}, {FULL} and {METADATA}.")
        if number != METADATA and dataset not in VTAB_GROUP:
            raise ImportFileError(f"{path}: {dataset!r} is none of VTAB's 19 datasets.{nearest(dataset, VTAB_GROUP)}")
    cells: dict[str, list[Cell]] = {EXAMPLES: [], FULL: []}
    handles = {}
    for line, (model, *fields) in records[3:]:
        if len(fields) != len(columns) or not model:
            raise ImportFileError(
                f"{path}, line {line}: {len(fields) + 1} fields under a header of {len(columns) + 1}, or no method."
            )
        for (number, dataset), text in zip(columns, fields, strict=True):
            if number != METADATA:
                cells[number].append(Cell(f"{path.name}, line {line}, {number}", model, dataset, "finetune", text))
            elif dataset == "model" and text:
                handles[model] = text
    if not cells[EXAMPLES]:
        raise ImportFileError(f"{path} has no values at {EXAMPLES} examples.")
    return Leaderboard(cells, handles, tuple(dataset for number, dataset in columns if number == METADATA))


def _doubts(cells: Sequence[Cell], read: Numbers, full: Sequence[Cell]) -> list[Note]:
    """What the two halves of the leaderboard say against each other."""
    few = {(cell.model, cell.dataset): value for cell, value in read.found}
    pairs = [(few[key], value, cell) for cell, value in numbers(full).found if (key := (cell.model, cell.dataset)) in few]
    same = [f"{cell.model} on {cell.dataset}: {value}" for at_few, value, cell in pairs if at_few == value]
    worse = [f"{cell.model} on {cell.dataset}: {at_few} and {value}" for at_few, value, cell in pairs if value < at_few]
    failed = "more examples do not hurt so much: on full data, which is dropped, the training may have collapsed"
    return [
        *note(
            "kept", "values that stand in both columns", "the same at 1,000 examples and on full data: one may be a copy", same
        ),
        *note("kept", "values above those on full data", failed, worse),
    ]
