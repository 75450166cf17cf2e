"""Runs works on workers: gives them out, hears how they end, tries again what was lost. Loads no TensorFlow.

What a worker is, the crew says: a process here (`local_pool`) or an actor of a ray cluster (`ray_pool`). Several
collectors may run on one study: each cell is claimed before it is begun (`leases`), and a part that is there stays
(`storage.store`). So a cell is never stored twice, and is measured twice only where a collector was silent for a minute.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Any

from collector.execution.leases import Leases
from collector.execution.queue import Queue
from collector.planning.work_item import Order, WorkItem, model_of, without_stored_runs
from collector.spec.study import Study
from collector.storage import tables
from collector.storage.folder import Folder, FolderError
from collector.storage.lock import shared_lock
from collector.storage.store import Store, StoreError, open_store, write_metadata

ATTEMPTS = 3  # of a work whose worker was lost, or that raised what it should not
FALLEN = "A worker process ends before it works, perhaps for want of memory. The same command goes on; fewer --workers need less."


@dataclass(frozen=True)
class Failure:
    """A piece of work that left no row, and why."""

    item: WorkItem
    reason: str


@dataclass(frozen=True)
class Events:
    """What is told while works run: when one starts, when one ends (True: for good; False: it is tried again), what else goes on."""

    on_start: Callable[[WorkItem], None]
    on_end: Callable[[WorkItem, bool], None]
    say: Callable[[str], None]


@dataclass(frozen=True)
class WorkerFunctions:
    """What workers run: functions that are found by their names in another process.

    start(study, store, place) readies a worker; prepare(study, works) has all here that they need -> the test examples of each dataset;
    do(work) -> why it failed, or None. What do raises is tried again, but for FolderError and StoreError, which end the collection.
    """

    start: Callable[[Study, Store, int], None]
    prepare: Callable[[Study, Sequence[WorkItem]], list[int]]
    do: Callable[[WorkItem], str | None]


@dataclass(frozen=True)
class WorkerPool:
    """The workers of an engine, by their places from 0. call: run a function there. restart: end the worker and put a fresh one
    there, which knows nothing. lost: what a call raises when its worker is gone.
    """

    places: int
    call: Callable[..., "Future[Any]"]
    restart: Callable[[int], None]
    lost: tuple[type[BaseException], ...]


@dataclass(frozen=True)
class Limits:
    """seconds: of one work; a worker that takes longer is ended. patience: seconds until a silent collector's claims are void."""

    seconds: float = 6 * 3600.0
    patience: float = 60.0


class WorkerError(Exception):
    """Workers end by themselves again and again."""


def run(
    study: Study,
    folder: Folder,
    items: Sequence[WorkItem],
    order: Order,
    pool: WorkerPool,
    functions: WorkerFunctions,
    events: Events,
    limits: Limits = Limits(),
) -> list[Failure]:
    """Do the works, each stored before its worker begins another, in the order of `queue`. Returns those that failed; they
    hold up no other. Works that another collector is at are waited for, and done if it falls silent.

    Raises StoreError where the folder holds another protocol or is being packed, FolderError where it cannot be written,
    DatasetError where images cannot be had, ModuleError where networks cannot, WorkerError.
    """
    protocol = tables.protocol_table(study.protocol)
    with shared_lock(folder), Leases(folder, limits.patience) as leases:
        store = open_store(folder, protocol)
        shift = _SchedulerState(study, store, pool, functions, events, limits, leases, Queue(items, order))
        events.say("loading TensorFlow, preparing networks and images")
        for place in range(pool.places):
            shift.begin(place)
        num_test = shift.prepare(items)
        write_metadata(folder, tables.model_table(study.models), tables.dataset_table(study.datasets, num_test), protocol)
        return shift.run()


@dataclass
class _SchedulerState:
    """One run: what each worker is at."""

    study: Study
    store: Store
    pool: WorkerPool
    functions: WorkerFunctions
    events: Events
    limits: Limits
    leases: Leases
    queue: Queue
    starting: dict["Future[None]", int] = field(default_factory=dict)
    running: dict["Future[str | None]", tuple[int, WorkItem, float]] = field(default_factory=dict)
    elsewhere: list[WorkItem] = field(default_factory=list)
    idle: set[int] = field(default_factory=set)
    attempts: dict[str, int] = field(default_factory=dict)
    falls: dict[int, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def begin(self, place: int) -> None:
        self.starting[self.pool.call(place, self.functions.start, self.study, self.store, place)] = place

    def prepare(self, items: Sequence[WorkItem]) -> list[int]:
        """By the worker that is ready first."""
        while not self.idle:
            self._settle_starts(wait(self.starting, return_when=FIRST_COMPLETED).done)
        try:
            found: list[int] = self.pool.call(min(self.idle), self.functions.prepare, self.study, items).result()
        except self.pool.lost as error:
            raise WorkerError(FALLEN) from error
        return found

    def run(self) -> list[Failure]:
        while self.queue or self.running or self.elsewhere:
            self._give_out()
            pending: set[Future[Any]] = {*self.running, *self.starting}
            # Another collector's end is not told; and a time limit must be looked at.
            patience = min(1.0, self.limits.patience / 4, self.limits.seconds / 4)
            if not pending:
                time.sleep(patience)
            done = wait(pending, patience, FIRST_COMPLETED).done
            self._settle_starts(done)
            for future in done & self.running.keys():
                self._settle(future)
            self._end_what_hangs()
        return self.failures

    def _give_out(self) -> None:
        if not self.idle:
            return
        others = self.leases.others()
        self._look_elsewhere(others)
        models = {model_of(lease) for lease in others}
        for place in sorted(self.idle):
            while place in self.idle and (item := self.queue.take(place, models)) is not None:
                if not self.leases.take(item.lease):
                    self.elsewhere.append(item)
                    models.add(item.model.model)
                    continue
                self.events.on_start(item)
                left = without_stored_runs(self.store, item)
                if left is None:  # another collector stored it since we looked
                    self._finish(item)
                else:
                    self.queue.assign(place, item)
                    self.idle.discard(place)
                    self.running[self.pool.call(place, self.functions.do, left)] = place, item, time.monotonic()

    def _look_elsewhere(self, others: set[str]) -> None:
        """Works of other collectors: those they stored are done, those they gave up are ours."""
        before, self.elsewhere = self.elsewhere, []
        for item in before:
            if item.lease in others:
                self.elsewhere.append(item)
            else:
                self.queue.add(item)

    def _settle(self, future: "Future[str | None]") -> None:
        place, item, since = self.running.pop(future)
        error = future.exception()
        if isinstance(error, self.pool.lost):
            self._restart(place)
            self._try_again(item, "its worker was ended from outside, perhaps for want of memory; fewer --workers need less")
            return
        self.idle.add(place)
        self.falls[place] = 0
        if error is None:
            self.queue.learn(item, time.monotonic() - since)
            self._finish(item, future.result())
        elif isinstance(error, FolderError | StoreError):
            raise error
        else:
            self._try_again(item, f"{type(error).__name__}: {error}")

    def _finish(self, item: WorkItem, reason: str | None = None) -> None:
        self.leases.release(item.lease)
        if reason is not None:
            self.failures.append(Failure(item, reason))
        self.events.on_end(item, True)

    def _try_again(self, item: WorkItem, reason: str) -> None:
        self.attempts[item.lease] = self.attempts.get(item.lease, 0) + 1
        if self.attempts[item.lease] == ATTEMPTS:
            self._finish(item, f"{reason} ({ATTEMPTS} times)")
            return
        self.leases.release(item.lease)
        self.events.on_end(item, False)
        self.queue.add(item)

    def _end_what_hangs(self) -> None:
        for future, (place, item, since) in list(self.running.items()):
            if time.monotonic() - since > self.limits.seconds:
                del self.running[future]
                self._restart(place)
                self._finish(item, f"it did not end within {self.limits.seconds:.0f} seconds (--time-limit)")

    def _settle_starts(self, done: set["Future[Any]"]) -> None:
        for future in done & self.starting.keys():
            place = self.starting.pop(future)
            error = future.exception()
            if error is None:
                self.idle.add(place)
            elif isinstance(error, self.pool.lost):
                self.falls[place] = self.falls.get(place, 0) + 1
                if self.falls[place] >= ATTEMPTS:
                    raise WorkerError(FALLEN) from error
                self._restart(place)
            else:
                raise error

    def _restart(self, place: int) -> None:
        self.queue.leave(place)
        self.pool.restart(place)
        self.begin(place)
