"""The fine-tunes of the search engine SHiFT (DS3Lab/shift, data/ftrecords.csv): vision models on VTAB-1K, text models, full data.

The study is the one of the vision models at 800 training and 200 validation images, 25 epochs. Rows of one model, task and learning
rate are repeats, in the order of the file. Which learning rates and how many repeats a cell has differs from cell to cell.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from warehouse.importer.read import ImportFileError, Line, read_lines
from warehouse.importer.report import Note, note
from warehouse.importer.table import Row, Table
from warehouse.importer.value import as_number

COLUMNS = (
    "model_identifier", "framework", "elapsed_time", "train_accuracy", "val_accuracy", "test_accuracy", "train_dataset_name", "epochs",
    "configs", "train_split", "test_split", "train_slice", "val_slice", "test_slice",
)  # fmt: skip
VISION, TRAIN, VALIDATION, EPOCHS = "HuggingFace", ":800", "800:1000", "25"

# The paper's task by the dataset and, where several tasks share one, the entry of `configs` that tells them apart.
TASK = {
    "caltech101": "Caltech101",
    "cifar100": "CIFAR-100",
    "dtd": "DTD",
    "oxford_flowers102": "Flowers102",
    "oxford_iiit_pet": "Pets",
    "sun397": "Sun397",
    "svhn_cropped": "SVHN",
    "patch_camelyon": "Camelyon",
    "eurosat": "EuroSAT",
    "resisc45": "Resisc45",
    "diabetic_retinopathy_detection": "Retinopathy",
    "dmlab": "DMLab",
    "clevr/clevr_count": "Clevr-Count",
    "clevr/clevr_distance": "Clevr-Dist",
    "kitti/kitti": "KITTI-Dist",
    "dsprites/dsprites_location": "dSpr-Loc",
    "dsprites/dsprites_orientation": "dSpr-Orient",
    "smallnorb/label_azimuth": "sNORB-Azim",
    "smallnorb/label_elevation": "sNORB-Elev",
}
VARIANT = {"clevr": "preprocess", "kitti": "preprocess", "dsprites": "preprocess", "smallnorb": "label_name"}

# What is not of the study, in this order: what, why, and whether a line is it.
DROPPED: list[tuple[str, str, Callable[[Line], bool]]] = [
    ("rows of text models", f"another field; framework is not {VISION}", lambda line: line.values["framework"] != VISION),
    ("rows on full data", f"another protocol; train_slice is not {TRAIN}", lambda line: line.values["train_slice"] != TRAIN),
    (
        "rows of other slices",
        f"another protocol; val_slice is not {VALIDATION}",
        lambda line: line.values["val_slice"] != VALIDATION,
    ),
    ("rows of other epochs", f"another protocol, a trial; epochs is not {EPOCHS}", lambda line: line.values["epochs"] != EPOCHS),
    (
        "rows tested on CLEVR's test split",
        "its answers are not published, so every accuracy there is 0; the other rows are tested on its validation split",
        lambda line: line.values["train_dataset_name"] == "clevr" and line.values["test_split"] == "test",
    ),
    ("rows of no VTAB task", "dataset and configs name none of the 19 tasks", lambda line: _task(line) is None),
]


def read_shift(files: Sequence[Path], unit: str | None) -> Table:
    """The study of the vision models on VTAB-1K. Raises ImportFileError for a file of another layout or a value that is no fraction."""
    if unit == "percent":
        raise ImportFileError("SHiFT's records are in fractions; leave --unit out.")
    lines = [line for path in files for line in read_lines(path, COLUMNS)[1]]
    kept, notes = _select(lines)
    runs = _runs(kept)
    vision = dict.fromkeys(line.values["model_identifier"] for line in lines if line.values["framework"] == VISION)
    return Table(
        models=tuple(vision),
        handles={},
        datasets=tuple(dict.fromkeys(TASK.values())),
        protocol={
            "train_examples": 800,
            "validation_examples": 200,
            "learning_rates": sorted({run["learning_rate"] for run in runs}),
            "repeats": 1 + max(run["repeat"] for run in runs),
            "as_published": True,
            "proxies": [],
        },
        finetune=runs,
        proxy=[],
        rows_read=len(lines),
        notes=[*notes, *_doubts(kept, runs)],
    )


def _select(lines: Sequence[Line]) -> tuple[list[Line], list[Note]]:
    """The lines of the study, and a note for each kind of line that is not."""
    first: dict[tuple[str, ...], Line] = {}
    for line in lines:
        first.setdefault(tuple(value for column, value in line.values.items() if column), line)  # the index has no name
    once = set(map(id, first.values()))
    notes = note(
        "dropped",
        "rows that stand there twice",
        "the same in every column",
        [line.where for line in lines if id(line) not in once],
    )
    kept = list(first.values())
    for what, why, is_it in DROPPED:
        dropped = [line for line in kept if is_it(line)]
        kept = [line for line in kept if not is_it(line)]
        notes += note("dropped", what, why, [f"{line.where} ({line.values['model_identifier']})" for line in dropped])
    if not kept:
        raise ImportFileError(f"No row is of a vision model ({VISION}) on a VTAB task at {TRAIN}, {VALIDATION}, {EPOCHS} epochs.")
    return kept, notes


def _runs(lines: Sequence[Line]) -> list[Row]:
    """The rows of finetune, each with its number among the repeats of its model, task and learning rate."""
    seen: Counter[tuple[str, str, float]] = Counter()
    runs = []
    for line in lines:
        rate = _positive(str(_configs(line).get("lr", "")), f"{line.where}, lr in configs")
        key = (line.values["model_identifier"], str(_task(line)), rate)
        runs.append(
            {
                "model": key[0],
                "dataset": key[1],
                "learning_rate": rate,
                "repeat": seen[key],
                "validation_accuracy": _fraction(line, "val_accuracy"),
                "test_accuracy": _fraction(line, "test_accuracy"),
                "seconds": _positive(line.values["elapsed_time"], f"{line.where}, elapsed_time"),
            }
        )
        seen[key] += 1
    return runs


def _fraction(line: Line, column: str) -> float:
    value = as_number(line.values[column], f"{line.where}, {column}")
    if not 0 <= value <= 1:
        raise ImportFileError(f"{line.where}: {column} {line.values[column]!r} is not a fraction in [0, 1].")
    return value


def _positive(text: str, where: str) -> float:
    value = as_number(text, where)
    if not 0 < value < float("inf"):
        raise ImportFileError(f"{where}: {text!r} is not a positive number.")
    return value


def _configs(line: Line) -> dict[str, object]:
    try:
        configs = ast.literal_eval(line.values["configs"])
    except (ValueError, SyntaxError) as error:
        raise ImportFileError(f"{line.where}: configs {line.values['configs']!r} is not a Python dictionary.") from error
    if not isinstance(configs, dict):
        raise ImportFileError(f"{line.where}: configs {line.values['configs']!r} is not a Python dictionary.")
    return configs


def _task(line: Line) -> str | None:
    name = line.values["train_dataset_name"]
    return TASK.get(f"{name}/{_configs(line).get(VARIANT[name])}" if name in VARIANT else name)


def _doubts(lines: Sequence[Line], runs: Sequence[Row]) -> list[Note]:
    """What is kept as it was published, and should be known."""
    tested: dict[str, Counter[str]] = defaultdict(Counter)
    for line in lines:
        tested[str(_task(line))][f"{line.values['test_split']}[{line.values['test_slice']}]"] += 1
    trained = [
        line for line in lines if line.values["test_split"] == line.values["train_split"] and line.values["test_slice"][:1] == ":"
    ]
    copied = [line.where for line in lines if line.values["train_accuracy"] == line.values["val_accuracy"]]
    zero = [f"{run['model']} on {run['dataset']}" for run in runs if run["test_accuracy"] == 0]
    several = [
        f"{task}: {', '.join(f'{part} {n}' for part, n in parts.items())}" for task, parts in tested.items() if len(parts) > 1
    ]
    own = "the test slice holds the training slice"
    return [
        *note("kept", "rows in which train_accuracy equals val_accuracy", "the former is a copy, and is not read", copied),
        *note("kept", "rows tested on images that they trained on", own, [f"{line.where} ({_task(line)})" for line in trained]),
        *note("kept", "tasks tested on different images", "rows of one task do not share their test slice", several),
        *note("kept", "rows of accuracy 0", "a result is what it is", zero),
        *_rates(runs),
    ]


def _rates(runs: Sequence[Row]) -> list[Note]:
    """The cells of tasks with two learning rates that have only one of them."""
    rates: dict[tuple[str, str], set[float]] = defaultdict(set)
    for run in runs:
        rates[run["model"], run["dataset"]].add(run["learning_rate"])
    tried: dict[str, set[float]] = defaultdict(set)
    for (_, dataset), some in rates.items():
        tried[dataset] |= some
    both = {dataset for dataset, some in tried.items() if len(some) > 1}
    single = [
        f"{model} on {dataset}: {min(some)}" for (model, dataset), some in rates.items() if dataset in both and len(some) == 1
    ]
    return note(
        "kept",
        f"cells of one learning rate on tasks that others tried two on ({', '.join(sorted(both))})",
        "their accuracy is that of the one rate, and 0.1 mostly diverges",
        single,
    )
