"""Runs works in worker processes on this machine, in their order, each model always in the same worker. Loads no TensorFlow."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from collector import contract, worker
from collector.schedule import Order, Work, first_repeat
from collector.store import check_protocol, owned, write_metadata
from collector.study import Study


@dataclass(frozen=True)
class Failure:
    """A piece of work that left no row, and why."""

    work: Work
    reason: str


@dataclass(frozen=True)
class Events:
    """What is told while works run: when one starts, when one ends (failed or not), and what else is going on."""

    on_start: Callable[[Work], None]
    on_end: Callable[[Work], None]
    say: Callable[[str], None]


def run(study: Study, folder: Path, works: Sequence[Work], order: Order, workers: int, events: Events) -> list[Failure]:
    """Do the works, each stored before its worker begins another. Returns those that failed; they hold up no other.

    With order breadth, no worker begins a repeat before all have ended the one before. Raises StoreError where the folder belongs
    to another collector or another protocol, DatasetError where images cannot be had, ModuleError where networks cannot.
    """
    protocol = contract.protocol_table(study.protocol)
    failures: list[Failure] = []
    owner: dict[str, int] = {}
    with owned(folder):
        check_protocol(folder, protocol)
        with _workers(study, folder, workers) as pools:
            events.say("loading TensorFlow, preparing networks and images")
            num_test = pools[0].submit(worker.prepare, study, works).result()
            write_metadata(folder, contract.model_table(study.models), contract.dataset_table(study.datasets, num_test), protocol)
            for part in _phases(works, order):
                failures += _run_part(pools, part, owner, events)
    return failures


def _phases(works: Sequence[Work], order: Order) -> list[list[Work]]:
    if order != "breadth":
        return [list(works)]
    return [list(part) for _, part in groupby(works, key=first_repeat)]


def _run_part(
    pools: Sequence[ProcessPoolExecutor], works: Sequence[Work], owner: dict[str, int], events: Events
) -> list[Failure]:
    """Do these works. owner: which worker has the program of a model; a worker without work takes the next model that has none."""
    left = list(works)
    running: dict[Future[str | None], tuple[int, Work]] = {}
    failures = []
    while left or running:
        for place in set(range(len(pools))) - {place for place, _ in running.values()}:
            work = next((work for work in left if owner.get(work.model.model, place) == place), None)
            if work is not None:
                owner[work.model.model] = place
                left.remove(work)
                events.on_start(work)
                running[pools[place].submit(worker.do, work)] = (place, work)
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            _, work = running.pop(future)
            reason = future.result()
            if reason is not None:
                failures.append(Failure(work, reason))
            events.on_end(work)
    return failures


class WorkerError(Exception):
    """A worker process ended by itself."""


@contextmanager
def _workers(study: Study, folder: Path, count: int) -> Iterator[list[ProcessPoolExecutor]]:
    """Worker processes, each a pool of its own so that a model can be sent to the one that has its program. Killed on Ctrl-C."""
    context = multiprocessing.get_context("spawn")  # a forked TensorFlow hangs
    pools = [ProcessPoolExecutor(1, context, worker.start, (study, folder)) for _ in range(count)]
    # Ctrl-C goes to every process of the terminal; the workers leave it to us.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    processes = [pool.submit(os.getpid) for pool in pools]
    signal.signal(signal.SIGINT, before)
    try:
        yield pools
    except BrokenProcessPool as error:
        raise WorkerError(
            "A worker process was killed, perhaps for want of memory. The same command goes on; fewer --workers need less."
        ) from error
    except BaseException:
        for process in processes:
            if process.done():
                os.kill(process.result(), signal.SIGKILL)
        raise
    finally:
        for pool in pools:
            pool.shutdown(wait=True, cancel_futures=True)
