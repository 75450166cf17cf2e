"""Forecasts what a study can answer after each quarter of its collection, in a given order. Loads no TensorFlow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.planning.cost import TimedItem
from collector.planning.work_item import WorkItem
from collector.spec.study import Study

QUARTERS = (0.25, 0.5, 0.75, 1.0)

Cell = tuple[str, str]


@dataclass(frozen=True)
class Answers:
    """What can be answered for a pool.

    models: how many it has. datasets: on how many all of its models have their proxies and the first repeat of their fine-tunes, so that
    every budget from 1 to all models has a regret (`--repeats 1`). repeats: how many are complete in this way on all datasets.
    """

    pool: str
    models: int
    datasets: int
    repeats: int


@dataclass(frozen=True)
class Quarter:
    """The study after a share of the time, in seconds. runs: measured by then. cells: models × datasets that have all their runs."""

    share: float
    seconds: float
    runs: int
    cells: int
    answers: tuple[Answers, ...]


def forecast(
    study: Study, missing: Sequence[WorkItem], plan: Sequence[TimedItem], pools: Mapping[str, Sequence[str]]
) -> list[Quarter]:
    """Forecast the study after each quarter of the time that the plan takes.

    missing: every run that the study lacks now; the plan holds those that will be measured. pools: the models of each, by name.
    """
    # By cell: how many items of each repeat are left; proxies belong to the first repeat.
    left: dict[Cell, Counter[int]] = {_cell(item): Counter() for item in missing}
    for item in missing:
        left[_cell(item)][_repeat(item)] += 1
    total = sum(timed.compiling + timed.seconds for timed in plan)
    found: list[Quarter] = []
    spent, runs, position = 0.0, 0, 0
    for share in QUARTERS:
        while position < len(plan) and (share == 1 or spent + plan[position].compiling + plan[position].seconds <= share * total):
            timed = plan[position]
            spent += timed.compiling + timed.seconds
            runs += len(timed.item.runs)
            left[_cell(timed.item)][_repeat(timed.item)] -= 1
            position += 1
        found.append(_quarter(study, share, spent, runs, left, pools))
    return found


def _quarter(
    study: Study, share: float, spent: float, runs: int, left: Mapping[Cell, Counter[int]], pools: Mapping[str, Sequence[str]]
) -> Quarter:
    names = [dataset.dataset for dataset in study.datasets]
    all_repeats = study.protocol.repeats

    def repeats(model: str, dataset: str) -> int:
        counts = left.get((model, dataset), Counter())
        return min((repeat for repeat, items in counts.items() if items), default=all_repeats)

    repeats_of = {(model.model, dataset): repeats(model.model, dataset) for model in study.models for dataset in names}
    answers = []
    for pool, models in pools.items():
        of_dataset = [min((repeats_of[model, dataset] for model in models), default=0) for dataset in names]
        answers.append(Answers(pool, len(models), sum(count > 0 for count in of_dataset), min(of_dataset)))
    return Quarter(share, spent, runs, sum(count == all_repeats for count in repeats_of.values()), tuple(answers))


def _cell(item: WorkItem) -> Cell:
    return item.model.model, item.dataset.dataset


def _repeat(item: WorkItem) -> int:
    return item.runs[0][1] if item.procedure == "finetune" else 0
