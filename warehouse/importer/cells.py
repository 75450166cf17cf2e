"""From the cells of a table (tidy, wide) to the rows of a study: one number a key, repeats, and what looks wrong in the table."""

import difflib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from warehouse.importer.read import ImportFileError
from warehouse.importer.report import Note, note
from warehouse.importer.table import Row, Table
from warehouse.importer.value import ACCURACIES, Cell, Number, Numbers, as_fractions, numbers

ENOUGH = 3  # so many models must have the same numbers in two measures before one is taken for a copy of the other


def table_of(cells: Sequence[Cell], unit: str | None) -> Table:
    """The study of these cells: `finetune` is a test accuracy, every other measure a proxy. Raises ImportFileError."""
    _check_measures(cells)
    _check_repeats(cells)
    read = numbers(cells)
    no_accuracy = _without_accuracies(read)
    found, same = once([(cell, value) for cell, value in as_fractions(read.found, unit) if cell.dataset not in no_accuracy])
    finetune, proxy = rows_of(found)
    proxies = sorted({cell.measure for cell in cells if cell.dataset not in no_accuracy} - {"finetune"})
    models, datasets = dict.fromkeys(cell.model for cell in cells), dict.fromkeys(cell.dataset for cell in cells)
    others = [str(cell) for cell, _ in read.found if cell.dataset in no_accuracy]
    notes = [
        *read.notes,
        *note("dropped", "values of datasets without an accuracy", "all their fine-tunes are below 0", others),
        *note("dropped", "values that stand there twice", "the same key with the same number", same),
        *note("left out", "datasets", "every fine-tune of theirs is below 0, which is no accuracy", no_accuracy),
        *_copies(found),
        *_alike("models", models),
        *_alike("datasets", datasets),
    ]  # fmt: skip
    return Table(
        models=tuple(models),
        handles={},
        datasets=tuple(name for name in datasets if name not in no_accuracy),
        protocol={
            "repeats": _repeats(cells, "finetune"),
            "proxies": proxies,
            "linear_repeats": _repeats(cells, "linear") if "linear" in proxies else None,
        },
        finetune=finetune,
        proxy=proxy,
        rows_read=len(cells),
        notes=notes,
    )


def rows_of(found: Sequence[Number]) -> tuple[list[Row], list[Row]]:
    """The rows of finetune and of proxy."""
    finetune = [_key(cell) | {"test_accuracy": value} for cell, value in found if cell.measure == "finetune"]
    return finetune, [_key(cell) | {"proxy": cell.measure, "score": value} for cell, value in found if cell.measure != "finetune"]


def _key(cell: Cell) -> Row:
    return {"model": cell.model, "dataset": cell.dataset, "learning_rate": cell.learning_rate, "repeat": cell.repeat}


def _check_measures(cells: Sequence[Cell]) -> None:
    """Refuse a measure that is nearly the name of an accuracy: taken for a proxy, it would be a wrong number in silence."""
    first: dict[str, Cell] = {}
    for cell in cells:
        first.setdefault(cell.measure, cell)
    for measure, cell in first.items():
        same = [name for name in ACCURACIES if _letters(measure) == name]
        near = same or difflib.get_close_matches(_letters(measure), ("finetune", "linear"), n=1, cutoff=0.85)
        if near and measure not in ACCURACIES:
            raise ImportFileError(
                f"{cell.where}: unknown measure {measure!r}. Did you mean {near[0]!r}? finetune is the test accuracy, "
                "linear and knn are validation accuracies, any other name is a proxy."
            )
    if "finetune" not in first:
        raise ImportFileError(
            f"No row has the measure 'finetune', the test accuracy after fine-tuning. There are {', '.join(first)}."
        )


def _check_repeats(cells: Sequence[Cell]) -> None:
    for measure in dict.fromkeys(cell.measure for cell in cells):
        repeated = [cell for cell in cells if cell.measure == measure and cell.repeat > 0]
        if measure not in ("finetune", "linear") and repeated:
            raise ImportFileError(f"{repeated[0]}: repeat {repeated[0].repeat}. Of {measure} a study holds one number a cell.")
        if repeated and not any(cell.measure == measure and cell.repeat == 0 for cell in cells):
            raise ImportFileError(f"{repeated[0]}: repeats are counted from 0, and no row of {measure} has repeat 0.")


def _repeats(cells: Sequence[Cell], measure: str) -> int:
    """How many repeats the table has of a measure, also where their numbers are missing."""
    return 1 + max(cell.repeat for cell in cells if cell.measure == measure)


def _without_accuracies(read: Numbers) -> list[str]:
    """The datasets whose fine-tunes are all below 0, missing ones aside: an error is published for them, not an accuracy."""
    sound = {cell.dataset for cell, _ in read.found if cell.measure == "finetune"}
    below = dict.fromkeys(cell.dataset for cell in read.negative if cell.measure == "finetune")
    return [dataset for dataset in below if dataset not in sound]


def once(found: Sequence[Number]) -> tuple[list[Number], list[str]]:
    """The numbers with each key once, and the cells that said the same again. Raises ImportFileError where they say another number."""
    first: dict[tuple[str, str, str, int], Number] = {}
    same = []
    for cell, value in found:
        key = (cell.model, cell.dataset, cell.measure, cell.repeat)
        other, known = first.setdefault(key, (cell, value))
        if other is cell:
            continue
        if other.learning_rate != cell.learning_rate:
            raise ImportFileError(
                f"{other} and {cell}: two learning rates of one run. Which of them counts only its validation accuracy can say, "
                "which this table does not hold. Keep the rate that validated best, or number them as repeats if they are."
            )
        if known != value:
            raise ImportFileError(
                f"{other} and {cell}: two numbers for one key. Keep the right one; if both are runs, number them in a column repeat."
            )
        same.append(str(cell))
    return list(first.values()), same


def _copies(found: Sequence[Number]) -> list[Note]:
    """Measures that have the same numbers for every model of a dataset: one was copied over the other by mistake."""
    columns: dict[str, dict[str, dict[tuple[str, int], float]]] = defaultdict(lambda: defaultdict(dict))
    for cell, value in found:
        columns[cell.dataset][cell.measure][cell.model, cell.repeat] = value
    same = [
        f"{dataset}: {first} and {second}"
        for dataset, measures in columns.items()
        for (first, left), (second, right) in combinations(measures.items(), 2)
        if left == right and len(left) >= ENOUGH
    ]
    return note(
        "kept", "pairs of equal measures", "the same numbers for every model: one may be a copy of the other by mistake", same
    )


def _alike(what: str, names: Iterable[str]) -> list[Note]:
    spellings = defaultdict(list)
    for name in names:
        spellings[_letters(name)].append(name)
    found = [" and ".join(same) for same in spellings.values() if len(same) > 1]
    return note(
        "kept", f"{what} with nearly the same name", "they count as different; rename one in the table if they are not", found
    )


def _letters(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
