"""The result of every importer: the rows of a study, before they become Parquet."""

from dataclasses import dataclass
from typing import Any

from warehouse.importer.report import Note

Row = dict[str, Any]

# VTAB's 19 tasks by the paper's spelling, and their groups.
VTAB_GROUP = {
    **dict.fromkeys(("Caltech101", "CIFAR-100", "DTD", "Flowers102", "Pets", "Sun397", "SVHN"), "natural"),
    **dict.fromkeys(("Camelyon", "EuroSAT", "Resisc45", "Retinopathy"), "specialized"),
    **dict.fromkeys(
        ("Clevr-Count", "Clevr-Dist", "DMLab", "KITTI-Dist", "dSpr-Loc", "dSpr-Orient", "sNORB-Azim", "sNORB-Elev"), "structured"
    ),
}


@dataclass(frozen=True)
class Table:
    """The rows of a study in the contract's columns, as one kind of table tells them; accuracies are fractions."""

    models: tuple[str, ...]  # all that the table ranks, also those of which no number was kept
    handles: dict[str, str]  # of the models whose handle the table tells
    datasets: tuple[str, ...]
    protocol: Row  # without the study's name
    finetune: list[Row]
    proxy: list[Row]
    rows_read: int
    notes: list[Note]
