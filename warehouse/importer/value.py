"""Numbers and units: which text is a number, which stands for none, and whether accuracies are fractions or percent. Nothing is guessed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from warehouse.importer.read import ImportFileError
from warehouse.importer.report import Note, note

ACCURACIES = ("finetune", "linear", "knn")  # measures that are accuracies; every other one is a number of any size
NOTHING = ("", "-", "--", "–", "—", "nan", "na", "n/a", "null", "none")


@dataclass(frozen=True)
class Cell:
    """One field of a table: a measure of a model on a dataset, as text."""

    where: str
    model: str
    dataset: str
    measure: str
    text: str
    repeat: int = 0
    learning_rate: float | None = None

    def __str__(self) -> str:
        return f"{self.where} ({self.measure} of {self.model} on {self.dataset}: {self.text or 'empty'})"


Number = tuple[Cell, float]


@dataclass(frozen=True)
class Numbers:
    """The cells that hold a number, and those that do not."""

    found: list[Number]
    negative: list[Cell]  # accuracies below 0 that are not the -1 of a missing value
    notes: list[Note]


def numbers(cells: Sequence[Cell]) -> Numbers:
    """Tell the cells that hold a number from those that do not. Raises ImportFileError for a text that is neither."""
    found: list[Number] = []
    missing, minus_one, infinite, negative = [], [], [], []
    for cell in cells:
        if cell.text.lower() in NOTHING:
            missing.append(cell)
            continue
        value = as_number(cell.text, str(cell))
        if value == -1:
            minus_one.append(cell)
        elif not math.isfinite(value):
            infinite.append(cell)
        elif value < 0 and cell.measure in ACCURACIES:
            negative.append(cell)
        else:
            found.append((cell, value))
    dropped = [
        ("empty values", "the table has no number there", missing),
        ("values -1", "published tables write -1 for a missing value", minus_one),
        ("values that are not finite", "nothing can be ordered or averaged by them", infinite),
        ("accuracies below 0", "no accuracy is negative; some other measure may have been published", negative),
    ]
    return Numbers(
        found, negative, [n for what, why, these in dropped for n in note("dropped", what, why, [str(c) for c in these])]
    )


def as_number(text: str, where: str) -> float:
    """The number that a text is. Raises ImportFileError for a text that is none."""
    try:
        if "_" in text:  # Python reads 1_000, a table does not mean it
            raise ValueError
        return float(text)
    except ValueError as error:
        raise ImportFileError(
            f"{where}: {text!r} is not a number. Write 0.83, without a unit or a decimal comma; leave a missing value empty."
        ) from error


def as_fractions(found: Sequence[Number], unit: str | None) -> list[Number]:
    """The numbers with every accuracy as a fraction, for tables that do not say their unit: `percent`, or fractions by default.

    Raises ImportFileError where the accuracies are not in that unit, or some are fractions and some are percent.
    """
    accuracies = [(cell, value) for cell, value in found if cell.measure in ACCURACIES]
    small = [cell for cell, value in accuracies if 0 < value <= 1]
    large = [cell for cell, value in accuracies if value > 1]
    if small and large:
        raise ImportFileError(
            f"Percent beside fractions: {_some(large)}, but {_some(small)}. Bring the table to one unit; accuracies below 1 percent"
            " can only be told from fractions if all of the table are fractions."
        )
    if large and unit != "percent":
        raise ImportFileError(f"{_some(large)}: not a fraction in [0, 1]. If the accuracies are in percent, say --unit percent.")
    if small and unit == "percent":
        raise ImportFileError(f"No accuracy is above 1: {_some(small)}. These are fractions; leave --unit percent out.")
    return percent_to_fractions(found) if unit == "percent" else list(found)


def percent_to_fractions(found: Sequence[Number]) -> list[Number]:
    """The numbers with every accuracy, all in percent, as a fraction. Raises ImportFileError above 100."""
    above = [cell for cell, value in found if cell.measure in ACCURACIES and value > 100]
    if above:
        raise ImportFileError(f"{_some(above)}: not a percentage in [0, 100].")
    return [(cell, value / 100 if cell.measure in ACCURACIES else value) for cell, value in found]


def _some(cells: Sequence[Cell]) -> str:
    more = f" and {len(cells) - 2} more" if len(cells) > 2 else ""
    return "; ".join(str(cell) for cell in cells[:2]) + more
