"""Which work item a worker gets next: models stay with their workers, nobody waits, nothing long is left for the end."""

import heapq
import random
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace

import fast
import pytest

from collector.execution.queue import Queue
from collector.planning.work_item import Order, WorkItem, everything, in_order
from collector.spec.study import Study

COMPILE = 90.0  # seconds of an H100 for a network's program


@dataclass
class Day:
    """The result of a simulation. seconds: until the last item ended. busy: of all workers, compiling counted as idle."""

    seconds: float = 0.0
    busy: float = 0.0
    compiled: int = 0
    ends: list[tuple[float, WorkItem]] = field(default_factory=list)
    idle_from: list[float] = field(default_factory=list)


def assigned(queue: Queue, worker: int, leased_models: Collection[str] = ()) -> WorkItem | None:
    """What the worker runs next."""
    item = queue.take(worker, leased_models)
    if item is not None:
        queue.assign(worker, item)
    return item


def simulate(items: list[WorkItem], order: Order, workers: int, seconds: dict[str, float]) -> Day:
    """Simulate workers on a clock of their own. seconds: of each model, for one forward pass over an image."""
    queue, day = Queue(in_order(items, order), order), Day()
    have: set[tuple[int, str]] = set()
    free = [(0.0, worker) for worker in range(workers)]
    spent = 0.0
    while free:
        now, worker = heapq.heappop(free)
        item = assigned(queue, worker)
        if item is None:
            day.idle_from.append(now)
            continue
        lasts = item.images * seconds[item.model.model]
        start = now
        if (worker, item.model.model) not in have:
            have.add((worker, item.model.model))
            start += COMPILE
            day.compiled += 1
        queue.record_seconds(item, lasts)
        spent += lasts
        day.ends.append((start + lasts, item))
        heapq.heappush(free, (start + lasts, worker))
    day.seconds = max(end for end, _ in day.ends)
    day.busy = spent / (workers * day.seconds)
    return day


def paper() -> tuple[Study, dict[str, float]]:
    """46 models × 19 datasets, 2 learning rates, 5 repeats, 2,500 steps of 512: networks of 1,000 to 10,000 images a second, trained."""
    made = fast.study(46, 19, 5)
    made = replace(made, protocol=replace(made.protocol, steps=2500, batch_size=512, test_examples=5000))
    rng = random.Random(3)
    return made, {model.model: 1 / (3 * 1000 * 10 ** rng.random()) for model in made.models}


@pytest.mark.parametrize("order", ["breadth", "model"])
def test_64_gpus_are_kept_busy_to_the_end_of_the_papers_study(order: Order) -> None:
    """More GPUs than models: they must share them. The last hour is not one long cell."""
    made, seconds = paper()
    day = simulate(everything(made), order, 64, seconds)
    longest = max(item.images * seconds[item.model.model] for _, item in day.ends)
    print(
        f"{order}: {day.seconds / 3600:.1f} h, {day.busy:.1%} busy, {day.compiled} programs, longest item {longest / 60:.0f} min"
    )
    assert day.busy >= 0.9
    assert len(day.ends) == len(everything(made))
    assert day.seconds - min(day.idle_from) <= longest + COMPILE, "nobody waits longer for the end than one item takes"


def test_breadth_first_has_nearly_all_of_a_repeat_before_the_next() -> None:
    made, seconds = paper()
    day = simulate(everything(made), "breadth", 64, seconds)
    ended = sorted(end for end, item in day.ends if item.procedure == "finetune" and item.runs[0][1] == 0)
    assert ended[-1] < 0.3 * day.seconds, "the first repeat of everything is there after a quarter of the time"


def test_many_small_cells_keep_64_gpus_busy() -> None:
    """500 models × 20 datasets, 70,000 work items: each model is compiled about once."""
    made = fast.study(500, 20, 5)
    rng = random.Random(5)
    seconds = {model.model: 0.02 * 10 ** rng.random() for model in made.models}
    items = everything(made)
    day = simulate(items, "model", 64, seconds)
    print(f"{len(items)} items: {day.busy:.1%} busy, {day.compiled} programs")
    assert len(day.ends) == len(items)
    assert day.busy >= 0.9
    assert day.compiled < 500 * 1.2


def test_a_model_stays_with_its_worker() -> None:
    made = fast.study(4, 3)
    queue = Queue(everything(made), "model")
    taken = [assigned(queue, worker) for worker in (0, 1, 0, 1, 0, 1)]
    models = [item.model.model for item in taken if item]
    assert len({*models[0::2]}) == len({*models[1::2]}) == 1
    assert models[0] != models[1]


def test_a_model_of_another_collector_is_the_last_choice() -> None:
    made = fast.study(3, 2)
    queue = Queue(everything(made), "model")
    order = []
    while (item := assigned(queue, 0, leased_models={"m00"})) is not None:
        order.append(item.model.model)
    assert order[-8:] == ["m00"] * 8
    assert Counter(order) == {"m00": 8, "m01": 8, "m02": 8}


def test_a_model_whose_item_another_collector_leased_first_is_not_the_workers() -> None:
    queue = Queue(everything(fast.study(2, 2)), "model")
    first = queue.take(0)
    assert first is not None
    second = queue.take(0, leased_models={first.model.model})
    assert second is not None
    assert second.model != first.model


def test_what_a_worker_had_is_free_when_it_is_gone() -> None:
    made = fast.study(1, 2)
    queue = Queue(everything(made), "model")
    first = assigned(queue, 0)
    assert first is not None
    queue.remove_worker(0)
    queue.add(first)
    taken = []
    while (item := assigned(queue, 1)) is not None:
        taken.append(item.lease)
    assert sorted(taken) == sorted(item.lease for item in everything(made))
    assert len(queue) == 0
