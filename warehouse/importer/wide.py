"""Wide tables: one model a row, its test accuracies after fine-tuning in one column a dataset."""

from collections.abc import Sequence
from pathlib import Path

from warehouse.importer.cells import table_of
from warehouse.importer.read import ImportFileError, read_lines
from warehouse.importer.table import Table
from warehouse.importer.value import Cell


def read_wide(files: Sequence[Path], unit: str | None) -> Table:
    """The study of wide tables, which are parts of one. Raises ImportFileError."""
    cells = []
    for path in files:
        header, lines = read_lines(path, ("model",))
        if "" in header:
            raise ImportFileError(f"{path}: a column has no name. Every column but model is named after its dataset.")
        for line in lines:
            if not line.values["model"]:
                raise ImportFileError(f"{line.where}: model is empty.")
            cells += [
                Cell(line.where, line.values["model"], dataset, "finetune", text)
                for dataset, text in line.values.items()
                if dataset != "model"
            ]
    return table_of(cells, unit)
