"""Makes a study of one's own images: the networks and the protocol of another study, and one dataset; and keeps it beside its results."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.study import Study
from study_format.layout import OWN


def own_study(base: Study, dataset: Dataset, models: Sequence[Model], train: int, validation: int) -> Study:
    """Return a study, named after its dataset, that differs from the base in as many images as there are, and in its models.

    train, validation: images of the splits; a protocol takes no more of them than the base's.
    """
    protocol = replace(
        base.protocol,
        study=dataset.dataset,
        train_examples=min(train, base.protocol.train_examples),
        validation_examples=min(validation, base.protocol.validation_examples),
        learned=None,
    )
    return Study(protocol, tuple(models), (dataset,))


def first_images(study: Study, part: int) -> Study:
    """Return the study of the first of its training and validation images, one in `part`."""
    protocol = study.protocol
    train, validation = (max(count // part, 1) for count in (protocol.train_examples, protocol.validation_examples))
    return replace(study, protocol=replace(protocol, train_examples=train, validation_examples=validation))


def keep(study: Study, base: Study, folder: Path, strategy: str, pool: str) -> None:
    """Write what `kept` reads into the study's folder, unless it is there; and, for the dashboard, by which strategy a pool is ranked."""
    (dataset,) = study.datasets
    kept = {
        "base": base.name,
        "dataset": asdict(dataset),
        "models": [asdict(model) for model in study.models],
        "train": study.protocol.train_examples,
        "validation": study.protocol.validation_examples,
        "strategy": strategy,
        "pool": pool,
    }
    text, path = json.dumps(kept, indent=1), folder / OWN
    if path.is_file() and path.read_text() == text:
        return
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{OWN}"
    temporary.write_text(text)
    temporary.replace(path)


def kept(folder: Path, studies: Mapping[str, Study]) -> Study | None:
    """Return the study that a folder keeps, made of one of the registered studies; None where it keeps none."""
    path = folder / OWN
    if not path.is_file():
        return None
    found = json.loads(path.read_text())
    models = [Model(**_tuples(model)) for model in found["models"]]
    return own_study(studies[found["base"]], Dataset(**_tuples(found["dataset"])), models, found["train"], found["validation"])


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
