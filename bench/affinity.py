"""Measures what it saves that items stay with the worker that has their network's program: python -m bench.affinity

The fine-tunes of `quick` on two datasets, twice, by two real worker processes, in the order of `collector.execution.queue` and,
the competitor, in turn: a free worker gets the next item of the list, as a process pool or a cluster gives out its tasks. Counted
in the workers: networks loaded and traced, images loaded, and the processor seconds that both took. What no reuse at all would
take is multiplied out.
"""

import os
import tempfile
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from collector.execution import scheduler, worker
from collector.execution.local_pool import local_pool
from collector.execution.queue import Queue
from collector.execution.scheduler import Events, Limits, WorkerFunctions
from collector.planning.cost import ordered
from collector.planning.work_item import Order, WorkItem, missing
from collector.spec.study import Study
from collector.storage.folder import folder
from collector.storage.store import Store
from collector.studies import QUICK

LOG = "NEEDLE_BENCH_LOG"


class InTurn:
    """Assigns items in the order of the list to whichever worker is free."""

    def __init__(self, items: Iterable[WorkItem], order: Order) -> None:
        self._left = deque(items)

    def __len__(self) -> int:
        return len(self._left)

    def add(self, item: WorkItem) -> None:
        self._left.append(item)

    def take(self, worker: int, leased_models: Collection[str] = ()) -> WorkItem | None:
        return self._left.popleft() if self._left else None

    def assign(self, worker: int, item: WorkItem) -> None:
        """Do nothing."""

    def record_seconds(self, item: WorkItem, seconds: float) -> None:
        """Do nothing."""

    def remove_worker(self, worker: int) -> None:
        """Do nothing."""


def start(study: Study, store: Store, index: int) -> None:
    """As a worker does, with a line in the log for each network and each dataset's images that it makes ready."""
    from collector.datasets import loading
    from collector.execution import runner

    for kind, module, name in (("program", runner, "traced_program"), ("load", runner, "load"), ("images", loading, "load")):
        setattr(module, name, _logged(kind, getattr(module, name)))
    worker.start(study, store, index)


def do(item: WorkItem) -> str | None:
    """As a worker does, with a line in the log."""
    result: str | None = _logged("work", worker.do)(item)
    return result


def _logged(kind: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*arguments: Any) -> Any:
        begin = time.process_time()
        found = function(*arguments)
        with open(os.environ[LOG], "a") as file:
            file.write(f"{kind} {time.process_time() - begin}\n")
        return found

    return call


def collect(label: str, queue: type[Queue] | type[InTurn], study: Study) -> None:
    """Collect the study from scratch, and print how often the workers loaded networks and images."""
    with tempfile.TemporaryDirectory() as made, patch.object(scheduler, "Queue", queue):
        os.environ[LOG] = f"{made}/log"
        where = folder(f"{made}/study")
        items = ordered(study, missing(study, where), "breadth")
        nothing = Events(lambda item: None, lambda item, done: None, lambda message: None)
        begin = time.monotonic()
        with local_pool(2) as pool:
            failures = scheduler.run(
                study, where, items, "breadth", pool, WorkerFunctions(start, worker.prepare, do), nothing, Limits()
            )
        wall = time.monotonic() - begin
        assert not failures, failures
        lines = [line.split() for line in Path(os.environ[LOG]).read_text().splitlines()]
    count = {kind: sum(line[0] == kind for line in lines) for kind in ("work", "program", "images")}
    seconds = {kind: sum(float(line[1]) for line in lines if line[0] == kind) for kind in ("work", "program", "load", "images")}
    ready = seconds["program"] + seconds["load"] + seconds["images"]
    print(
        f"{label:32} {count['work']} items, {count['program']} programs, {count['images']} times images: {ready:.1f} of "
        f"{seconds['work']:.1f} processor s to make them ready, {wall:.0f} s wall",
        flush=True,
    )
    one = (seconds["program"] + seconds["load"]) / count["program"] + seconds["images"] / count["images"]
    print(
        f"{'no reuse at all (multiplied)':32} {count['work']} programs and images: {one * count['work']:.1f} processor s",
        flush=True,
    )


def main() -> None:
    study = replace(QUICK, protocol=replace(QUICK.protocol, repeats=2, proxies=()), datasets=QUICK.datasets[:2])
    collect("by who has the program (needle)", Queue, study)
    collect("in turn", InTurn, study)


if __name__ == "__main__":
    main()
