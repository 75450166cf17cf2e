"""Writes and reads the folder of a trained model, which appears once it is complete. Loads no TensorFlow."""

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collector.trained.card import card
from collector.trained.counts import accuracy
from collector.trained.drawing import draw
from collector.trained.facts import Answers, Run, Trained
from study_format.columns import PREDICTION
from study_format.layout import PREDICTIONS, TRAINED

NETWORK = "saved_model.pb"


class ModelFolderError(Exception):
    """A folder does not hold a trained model, or must not be written to: which one, why, and what to do."""


@dataclass(frozen=True)
class Metadata:
    """What a program has to know of a trained model. classes: names, in the order of the probabilities."""

    classes: tuple[str, ...]
    made_of: dict[str, Any]


def made_of(model: str, dataset: str, version: str, run: Run) -> dict[str, Any]:
    """What decides the weights: two models of equal values are the same."""
    return {"model": model, "dataset": dataset, "dataset_version": version, **asdict(run)}


def check_writable(folder: Path) -> None:
    """Raise ModelFolderError where a folder holds anything but a trained model, which would be lost."""
    if folder.is_dir():
        if (folder / TRAINED).is_file() and (folder / NETWORK).is_file():
            return
        if not any(folder.iterdir()):
            return
    elif not folder.exists():
        return
    raise ModelFolderError(f"{folder} is there and is no trained model. Name another folder with --model, or move it away.")


def read(folder: Path) -> Metadata:
    """Read what a folder says of its model. Raises ModelFolderError."""
    if not folder.is_dir():
        raise ModelFolderError(f"There is no folder '{folder}'.")
    absent = [name for name in (TRAINED, NETWORK, "variables") if not (folder / name).exists()]
    if absent:
        raise ModelFolderError(f"{folder} is not a model that needle recommend --finetune wrote: it has no {absent[0]}.")
    try:
        found = json.loads((folder / TRAINED).read_text())
        classes = tuple(found["classes"])
        if len(classes) < 2 or not all(isinstance(name, str) for name in classes):
            raise ValueError("its classes are not names")
        return Metadata(classes, dict(found["made_of"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(folder, f"{TRAINED}: {error}") from error


def damaged(folder: Path, reason: str) -> ModelFolderError:
    """The error for a folder that is not as it was written."""
    return ModelFolderError(f"{folder} is damaged ({reason}). Move it away, and needle recommend --finetune writes it again.")


def write(folder: Path, save: Callable[[Path], Trained]) -> None:
    """Write a trained model: complete, in the place of an earlier one, or not at all.

    save: writes the SavedModel into the folder that it is given, and says what it is of. Raises ModelFolderError as check_writable does,
    and where the folder cannot be written to.
    """
    check_writable(folder)
    with _replacing(folder) as writing:
        trained = save(writing)
        (writing / "labels.txt").write_text("".join(f"{name}\n" for name in trained.classes))
        (writing / "README.md").write_text(card(trained))
        draw(trained.answers.test, trained.classes).save(writing / "confusion.png")
        pq.write_table(_predictions(trained), writing / PREDICTIONS)
        (writing / TRAINED).write_text(json.dumps(_metadata(trained), indent=1, ensure_ascii=False) + "\n")


@contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """Give a folder to write into, beside the folder whose place it takes at the end."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder.parent) as temporary:
            writing = Path(temporary) / "model"
            writing.mkdir()
            yield writing
            if folder.exists():
                os.replace(folder, Path(temporary) / "earlier")
            os.replace(writing, folder)
    except OSError as error:
        raise ModelFolderError(f"{folder} cannot be written: {error.strerror or error}.") from error


def _metadata(trained: Trained) -> dict[str, Any]:
    answers: Answers = trained.answers
    return {
        "classes": trained.classes,
        "image_size": trained.model.input_size(trained.protocol.image_size),
        "validation_accuracy": accuracy(answers.validation),
        "test_accuracy": accuracy(answers.test) if trained.dataset.tested else None,
        "made_of": made_of(trained.model.model, trained.dataset.dataset, trained.dataset.version, trained.run),
    }


def _predictions(trained: Trained) -> pa.Table:
    rows = [
        {**vars(one), "label": trained.classes[one.label], "predicted": trained.classes[one.predicted]}
        for one in trained.answers.predictions
    ]
    return pa.Table.from_pylist(rows, PREDICTION)
