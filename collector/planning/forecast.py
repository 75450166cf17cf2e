"""What a study can answer while it is being collected: after each quarter of the device's time, in a given order. Loads no TensorFlow."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collector.planning.cost import Timed
from collector.planning.work_item import WorkItem
from collector.spec.study import Study

QUARTERS = (0.25, 0.5, 0.75, 1.0)

Cell = tuple[str, str]


@dataclass(frozen=True)
class Answers:
    """What a pool can be asked. models: in it. datasets: on which every one of its models has its proxies and the first repeat of
    its fine-tunes, so that every budget from 1 to all models has a regret (`--repeats 1`). repeats: that all datasets have so."""

    pool: str
    models: int
    datasets: int
    repeats: int


@dataclass(frozen=True)
class Quarter:
    """share: of the time, spent after `seconds`. cells: models × datasets that have all their runs."""

    share: float
    seconds: float
    runs: int
    cells: int
    answers: tuple[Answers, ...]


def forecast(
    study: Study, missing: Sequence[WorkItem], plan: Sequence[Timed], pools: Mapping[str, Sequence[str]]
) -> list[Quarter]:
    """What is there after each quarter of the time that the plan takes.

    missing: every run that the study lacks now, of which the plan's are those to be done. pools: their models.
    """
    # By cell: pieces of work of each repeat that are still to do; proxies belong to the first repeat.
    left: dict[Cell, Counter[int]] = {_cell(item): Counter() for item in missing}
    for item in missing:
        left[_cell(item)][_repeat(item)] += 1
    total = sum(timed.compiling + timed.seconds for timed in plan)
    found: list[Quarter] = []
    spent, runs, place = 0.0, 0, 0
    for share in QUARTERS:
        while place < len(plan) and (share == 1 or spent + plan[place].compiling + plan[place].seconds <= share * total):
            timed = plan[place]
            spent += timed.compiling + timed.seconds
            runs += len(timed.item.runs)
            left[_cell(timed.item)][_repeat(timed.item)] -= 1
            place += 1
        found.append(_quarter(study, share, spent, runs, left, pools))
    return found


def _quarter(
    study: Study, share: float, spent: float, runs: int, left: Mapping[Cell, Counter[int]], pools: Mapping[str, Sequence[str]]
) -> Quarter:
    names = [dataset.dataset for dataset in study.datasets]
    whole = study.protocol.repeats

    def repeats(model: str, dataset: str) -> int:
        counts = left.get((model, dataset), Counter())
        return min((repeat for repeat, items in counts.items() if items), default=whole)

    there = {(model.model, dataset): repeats(model.model, dataset) for model in study.models for dataset in names}
    answers = []
    for pool, models in pools.items():
        of_dataset = [min((there[model, dataset] for model in models), default=0) for dataset in names]
        answers.append(Answers(pool, len(models), sum(count > 0 for count in of_dataset), min(of_dataset)))
    return Quarter(share, spent, runs, sum(count == whole for count in there.values()), tuple(answers))


def _cell(item: WorkItem) -> Cell:
    return item.model.model, item.dataset.dataset


def _repeat(item: WorkItem) -> int:
    return item.runs[0][1] if item.procedure == "finetune" else 0
