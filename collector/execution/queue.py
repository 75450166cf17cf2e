"""Chooses the next work item of a worker: of a model that it owns, else of one that no worker owns, else of one that others own.

A worker owns the models whose programs it has compiled. Compiling is expensive, so a model's items stay with its owner. A worker whose
models are finished takes, of the models without an owner, the one with the most time left; where every model has an owner, it shares the
one with the most time left per owner, longest item first, so that no long item is left for the end. With order breadth this is done one
repeat at a time: a worker moves on to the next repeat only where too little is left of this one to pay for compiling another program.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable

from collector.planning.work_item import Order, WorkItem, first_repeat

SHARE = 4  # items left for each owner of a model, from which on compiling it for another worker pays


class Queue:
    """The work items that are not assigned yet, and which workers (by number) own which models. Its length is the number of items."""

    def __init__(self, items: Iterable[WorkItem], order: Order) -> None:
        self._order = order
        self._left: dict[int, dict[str, deque[WorkItem]]] = {}
        self._images: dict[tuple[int, str], int] = defaultdict(int)
        self._owners: dict[str, set[int]] = defaultdict(set)
        self._models: dict[int, dict[str, None]] = defaultdict(dict)
        self._rate: dict[str, float] = {}
        self._count = 0
        for item in items:
            self.add(item)

    def __len__(self) -> int:
        return self._count

    def add(self, item: WorkItem) -> None:
        """Add an item behind the others of its model."""
        stage = first_repeat(item) if self._order == "breadth" else 0
        if stage not in self._left:
            self._left = dict(sorted({**self._left, stage: {}}.items()))
        self._left[stage].setdefault(item.model.model, deque()).append(item)
        self._images[stage, item.model.model] += item.images
        self._count += 1

    def take(self, worker: int, leased_models: Collection[str] = ()) -> WorkItem | None:
        """Remove and return the next item for a worker; None where no item is left. leased_models: those that other collectors run.

        The worker owns the model only once the item is assigned to it: another collector may hold the lease.
        """
        for least in (SHARE, 0):
            for stage, models in self._left.items():
                for model in self._models[worker]:
                    if model in models:
                        return self._remove(stage, models[model][0])
                free = [model for model in models if not self._owners[model] and model not in leased_models]
                if free:
                    first = free[0] if self._order == "cheapest" else max(free, key=lambda model: self._seconds(stage, model))
                    return self._remove(stage, models[first][0])
                shared = {model: len(self._owners[model]) + (model in leased_models) for model in models}
                worth = [model for model, owners in shared.items() if len(models[model]) >= least * owners]
                if worth:
                    most = max(worth, key=lambda model: self._seconds(stage, model) / shared[model])
                    return self._remove(stage, max(models[most], key=lambda item: item.images))
        return None

    def assign(self, worker: int, item: WorkItem) -> None:
        """Record that a worker runs an item, and so owns its model from now on."""
        self._owners[item.model.model].add(worker)
        self._models[worker][item.model.model] = None

    def record_seconds(self, item: WorkItem, seconds: float) -> None:
        """Record how long an item took: what is left of its model is estimated from it."""
        self._rate[item.model.model] = seconds / max(item.images, 1)

    def remove_worker(self, worker: int) -> None:
        """Forget a worker that has ended, and which models it owned."""
        for model in self._models.pop(worker, {}):
            self._owners[model].discard(worker)

    def _seconds(self, stage: int, model: str) -> float:
        """Estimate the time for the items left of a model, at the mean rate of all measured models where its own is unknown."""
        rate = self._rate.get(model) or sum(self._rate.values()) / len(self._rate) if self._rate else 1.0
        return self._images[stage, model] * rate

    def _remove(self, stage: int, item: WorkItem) -> WorkItem:
        model = item.model.model
        found = self._left[stage][model]
        if found[0] is item:
            found.popleft()
        else:
            found.remove(item)
        if not found:
            del self._left[stage][model]
            if not self._left[stage]:
                del self._left[stage]
        self._images[stage, model] -= item.images
        self._count -= 1
        return item
