"""Reads what stands beside the facts of a study of one's own images. Whoever sent the study may have written anything there."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from study_format.layout import OWN, PREDICTIONS, TRAINED

# What to query instead of a file of predictions; the casts, because anybody may have written it.
ANSWERS = """(select label::varchar as label, predicted::varchar as predicted, probability::double as probability, picture::blob as picture
          from read_parquet($file) where label is not null and predicted is not null)"""


@dataclass(frozen=True)
class Advice:
    """The strategy by which `needle recommend` ranked a pool."""

    strategy: str
    pool: str


@dataclass(frozen=True)
class TrainedModel:
    """A fine-tuned model in the study's folder, as its metadata describe it.

    test_accuracy: None where no image was left to test on. predictions: the file; None where there is none.
    """

    network: str
    learning_rate: float
    validation_accuracy: float
    test_accuracy: float | None
    predictions: Path | None


def is_own(folder: Path) -> bool:
    """Return whether a study is of somebody's own images."""
    return (folder / OWN).is_file()


def advice(folder: Path) -> Advice | None:
    """Return what the study was made for; None where it does not say, as one of an earlier version."""
    found = _read(folder / OWN)
    strategy, pool = found.get("strategy"), found.get("pool")
    return Advice(strategy, pool) if isinstance(strategy, str) and isinstance(pool, str) else None


def trained_models(folder: Path) -> dict[str, TrainedModel | None]:
    """Return the models in the study's folder by the name of their own; None for one whose metadata are damaged."""
    return {path.parent.name: _trained(path) for path in sorted(folder.glob(f"*/{TRAINED}"))}


def _trained(path: Path) -> TrainedModel | None:
    found, predictions = _read(path), path.parent / PREDICTIONS
    try:
        return TrainedModel(
            str(found["made_of"]["model"]),
            float(found["made_of"]["learning_rate"]),
            float(found["validation_accuracy"]),
            None if found["test_accuracy"] is None else float(found["test_accuracy"]),
            predictions if predictions.is_file() else None,
        )
    except (KeyError, TypeError, ValueError):
        return None


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
