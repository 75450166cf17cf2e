"""What is still to be measured in a study, and in which order. Loads no TensorFlow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from collector.contract import Row
from collector.dataset import Dataset
from collector.model import Model
from collector.store import read_rows
from collector.study import Study

# Programs that a worker keeps: breadth first comes back to every network with each repeat.
PROGRAMS = 8

Order = Literal["breadth", "model", "cheapest"]


@dataclass(frozen=True)
class Work:
    """Runs that are made together: of one procedure, model and dataset, and of one repeat where they are fine-tunes.

    runs: their (learning_rate, repeat); a proxy without a learning rate has None. images: forward passes over one image that it
    costs about, a training step counted as three: how the progress bar weighs it.
    """

    procedure: str
    model: Model
    dataset: Dataset
    runs: tuple[tuple[float | None, int], ...]
    images: int


def missing(study: Study, folder: Path) -> list[Work]:
    """Every run that the protocol asks for and the folder does not hold, model by model, dataset by dataset.

    Raises StoreError that names a part which cannot be read.
    """
    done = {("finetune", *_key(row)) for row in read_rows(folder, "finetune")}
    done |= {(row["proxy"], *_key(row)) for row in read_rows(folder, "proxy")}
    works = []
    for model in study.models:
        for dataset in study.datasets:
            for procedure in study.procedures:
                for runs in _together(study, procedure):
                    left = tuple(
                        (rate, repeat)
                        for rate, repeat in runs
                        if (procedure, model.model, dataset.dataset, rate, repeat) not in done
                    )
                    if left:
                        works.append(Work(procedure, model, dataset, left, _images(study, procedure, len(left))))
    return works


def in_order(works: Iterable[Work], order: Order) -> list[Work]:
    """breadth: repeat 0 of every cell before repeat 1 of any, so that a study answers early; a cell's proxies, which train all
    their repeats at once, come with repeat 0. model: all of a model before the next, where its program is dear to compile.
    """
    return sorted(works, key=first_repeat) if order == "breadth" else list(works)


def first_repeat(work: Work) -> int:
    """The lowest repeat of its runs."""
    return min(repeat for _, repeat in work.runs)


def select(works: Iterable[Work], models: Sequence[str], datasets: Sequence[str], procedures: Sequence[str]) -> list[Work]:
    """Those of the named models, datasets and procedures; an empty list of names stands for all."""
    return [
        work
        for work in works
        if (not models or work.model.model in models)
        and (not datasets or work.dataset.dataset in datasets)
        and (not procedures or work.procedure in procedures)
    ]


def _key(row: Row) -> tuple[str, str, float | None, int]:
    return row["model"], row["dataset"], row["learning_rate"], row["repeat"]


def _together(study: Study, procedure: str) -> list[list[tuple[float | None, int]]]:
    protocol = study.protocol
    if procedure == "finetune":
        return [[(rate, repeat) for rate in protocol.learning_rates] for repeat in range(protocol.repeats)]
    if procedure == "linear":
        return [[(rate, repeat) for repeat in range(protocol.linear_repeats) for rate in protocol.linear_learning_rates]]
    return [[(None, 0)]]


def _images(study: Study, procedure: str, runs: int) -> int:
    protocol = study.protocol
    if procedure == "finetune":
        return runs * (3 * protocol.steps * protocol.batch_size + protocol.validation_examples + (protocol.test_examples or 5000))
    return protocol.train_examples + protocol.validation_examples
