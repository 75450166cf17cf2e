"""Runs work items on workers: assigns them, collects their results, retries what was lost. Loads no TensorFlow.

A worker pool says what a worker is: a process of this machine (`local_pool`) or an actor of a ray cluster (`ray_pool`). Several
collectors may run on one study: each takes a lease on a work item before it begins (`leases`), and a stored part is never replaced
(`storage.store`). So no cell is stored twice, and a cell is measured twice only where a collector was silent for longer than a minute.
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

ATTEMPTS = 3  # at a work item whose worker was lost or that raised an unexpected error, and at starting a worker
START_FAILED = (
    "A worker process died before it could do any work, perhaps for lack of memory. The same command resumes; "
    "fewer --workers need less memory."
)


@dataclass(frozen=True)
class Failure:
    """A work item that stored no row, and why."""

    item: WorkItem
    reason: str


@dataclass(frozen=True)
class Events:
    """Callbacks while work items run.

    on_start(item): an item starts. on_end(item, final): it ends; where final is False, it will be tried again. on_message(message): any
    other news.
    """

    on_start: Callable[[WorkItem], None]
    on_end: Callable[[WorkItem, bool], None]
    on_message: Callable[[str], None]


@dataclass(frozen=True)
class WorkerFunctions:
    """What workers run: functions that another process finds by their names.

    start(study, store, worker) sets a worker up; prepare(study, items) makes available all that the items need and returns the number
    of test examples of each dataset; run_item(item) runs an item and returns why it failed, or None. An item for which it raises is
    tried again, except after FolderError and StoreError, which stop the collection.
    """

    start: Callable[[Study, Store, int], None]
    prepare: Callable[[Study, Sequence[WorkItem]], list[int]]
    run_item: Callable[[WorkItem], str | None]


@dataclass(frozen=True)
class WorkerPool:
    """Workers, numbered from 0 to size - 1.

    call(worker, function, *arguments) runs a function there. restart(worker) replaces it by a fresh one, which has not been started.
    lost: what a call raises when its worker is gone.
    """

    size: int
    call: Callable[..., "Future[Any]"]
    restart: Callable[[int], None]
    lost: tuple[type[BaseException], ...]


@dataclass(frozen=True)
class Limits:
    """seconds: for one work item, after which its worker is stopped. patience: seconds until a silent collector's leases expire."""

    seconds: float = 6 * 3600.0
    patience: float = 60.0


class WorkerError(Exception):
    """Workers repeatedly die before they can start, or a cluster has no room for them."""


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
    """Run the work items in the order of `queue`, each stored before its worker begins another; returns those that failed.

    A failed item does not stop the others. Items on which another collector has a lease are waited for, and run here if that collector
    falls silent.
    Raises StoreError where the folder holds another protocol or is being packed, FolderError where it cannot be written to,
    DatasetError where images are not available, ModuleError where networks are not, WorkerError.
    """
    protocol = tables.protocol_table(study.protocol)
    with shared_lock(folder), Leases(folder, limits.patience) as leases:
        store = open_store(folder, protocol)
        state = _SchedulerState(study, store, pool, functions, events, limits, leases, Queue(items, order))
        events.on_message("loading TensorFlow, preparing networks and images")
        for worker in range(pool.size):
            state.start(worker)
        num_test = state.prepare(items)
        write_metadata(folder, tables.model_table(study.models), tables.dataset_table(study.datasets, num_test), protocol)
        return state.run()


@dataclass
class _SchedulerState:
    """The state of a collection while it runs. Workers are identified by their numbers.

    starting, running: by the future of what the worker will return. leased: items on which other collectors have leases. lost_starts: by
    worker, how often it died before it was ready. attempts: by lease.
    """

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
    leased: list[WorkItem] = field(default_factory=list)
    idle: set[int] = field(default_factory=set)
    attempts: dict[str, int] = field(default_factory=dict)
    lost_starts: dict[int, int] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def start(self, worker: int) -> None:
        self.starting[self.pool.call(worker, self.functions.start, self.study, self.store, worker)] = worker

    def prepare(self, items: Sequence[WorkItem]) -> list[int]:
        """Prepare networks and images on the first worker that is ready; returns the number of test examples of each dataset."""
        while not self.idle:
            self._handle_starts(wait(self.starting, return_when=FIRST_COMPLETED).done)
        try:
            found: list[int] = self.pool.call(min(self.idle), self.functions.prepare, self.study, items).result()
        except self.pool.lost as error:
            raise WorkerError(START_FAILED) from error
        return found

    def run(self) -> list[Failure]:
        while self.queue or self.running or self.leased:
            self._assign_items()
            pending: set[Future[Any]] = {*self.running, *self.starting}
            # Nothing signals that another collector ended, or that an item's time is up: look at intervals.
            interval = min(1.0, self.limits.patience / 4, self.limits.seconds / 4)
            if not pending:
                time.sleep(interval)
            done = wait(pending, interval, FIRST_COMPLETED).done
            self._handle_starts(done)
            for future in done & self.running.keys():
                self._handle_result(future)
            self._stop_overdue_workers()
        return self.failures

    def _assign_items(self) -> None:
        if not self.idle:
            return
        others = self.leases.others()
        self._requeue_released(others)
        models = {model_of(lease) for lease in others}
        for worker in sorted(self.idle):
            while worker in self.idle and (item := self.queue.take(worker, models)) is not None:
                if not self.leases.take(item.lease):
                    self.leased.append(item)
                    models.add(item.model.model)
                    continue
                self.events.on_start(item)
                left = without_stored_runs(self.store, item)
                if left is None:  # another collector has stored it by now
                    self._finish(item)
                else:
                    self.queue.assign(worker, item)
                    self.idle.discard(worker)
                    self.running[self.pool.call(worker, self.functions.run_item, left)] = worker, item, time.monotonic()

    def _requeue_released(self, others: set[str]) -> None:
        """Put items back into the queue on which no other collector has a lease any more. others: the leases that are held."""
        before, self.leased = self.leased, []
        for item in before:
            if item.lease in others:
                self.leased.append(item)
            else:
                self.queue.add(item)

    def _handle_result(self, future: "Future[str | None]") -> None:
        worker, item, since = self.running.pop(future)
        error = future.exception()
        if isinstance(error, self.pool.lost):
            self._restart(worker)
            self._retry(item, "its worker was killed, perhaps for lack of memory; fewer --workers need less")
            return
        self.idle.add(worker)
        self.lost_starts[worker] = 0
        if error is None:
            self.queue.record_seconds(item, time.monotonic() - since)
            self._finish(item, future.result())
        elif isinstance(error, FolderError | StoreError):
            raise error
        else:
            self._retry(item, f"{type(error).__name__}: {error}")

    def _finish(self, item: WorkItem, reason: str | None = None) -> None:
        self.leases.release(item.lease)
        if reason is not None:
            self.failures.append(Failure(item, reason))
        self.events.on_end(item, True)

    def _retry(self, item: WorkItem, reason: str) -> None:
        self.attempts[item.lease] = self.attempts.get(item.lease, 0) + 1
        if self.attempts[item.lease] == ATTEMPTS:
            self._finish(item, f"{reason} ({ATTEMPTS} times)")
            return
        self.leases.release(item.lease)
        self.events.on_end(item, False)
        self.queue.add(item)

    def _stop_overdue_workers(self) -> None:
        for future, (worker, item, since) in list(self.running.items()):
            if time.monotonic() - since > self.limits.seconds:
                del self.running[future]
                self._restart(worker)
                self._finish(item, f"it did not finish within {self.limits.seconds:.0f} seconds (--time-limit)")

    def _handle_starts(self, done: set["Future[Any]"]) -> None:
        for future in done & self.starting.keys():
            worker = self.starting.pop(future)
            error = future.exception()
            if error is None:
                self.idle.add(worker)
            elif isinstance(error, self.pool.lost):
                self.lost_starts[worker] = self.lost_starts.get(worker, 0) + 1
                if self.lost_starts[worker] >= ATTEMPTS:
                    raise WorkerError(START_FAILED) from error
                self._restart(worker)
            else:
                raise error

    def _restart(self, worker: int) -> None:
        self.queue.remove_worker(worker)
        self.pool.restart(worker)
        self.start(worker)
