"""Runs workers as processes of this machine, each in a pool of its own, so that an item can be sent to a particular worker."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from collector.execution.scheduler import WorkerPool


def default_workers() -> int:
    """Return how many workers there are where nobody says."""
    return min(2, os.cpu_count() or 1)


@contextmanager
def local_pool(workers: int | None = None) -> Iterator[WorkerPool]:
    """Start worker processes, which are killed when the context ends, however it ends. workers: None for two, or one where there is one
    core."""
    workers = workers or default_workers()
    pools = [_pool() for _ in range(workers)]
    processes = [_process(pool) for pool in pools]

    def call(worker: int, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        try:
            return pools[worker].submit(function, *arguments)
        except BrokenProcessPool as error:  # it was killed while it was idle
            lost: Future[Any] = Future()
            lost.set_exception(error)
            return lost

    def restart(worker: int) -> None:
        _kill(processes[worker])
        pools[worker].shutdown(wait=False, cancel_futures=True)
        pools[worker] = _pool()
        processes[worker] = _process(pools[worker])

    try:
        yield WorkerPool(workers, call, restart, (BrokenProcessPool,))
    finally:
        # What a worker has stored stays, and TensorFlow takes seconds to exit by itself.
        for process in processes:
            _kill(process)
        for pool in pools:
            pool.shutdown(wait=True, cancel_futures=True)


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _end_with_parent)  # a forked TensorFlow hangs


def _end_with_parent() -> None:
    """Make this worker exit when its collector ends, even if that is killed."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _process(pool: ProcessPoolExecutor) -> "Future[int]":
    """Start the process of a pool; returns its process id."""
    # Ctrl-C reaches every process of the terminal: workers ignore it, and the collector kills them.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return pool.submit(os.getpid)
    finally:
        signal.signal(signal.SIGINT, before)


def _kill(process: "Future[int]") -> None:
    if process.done() and process.exception() is None:
        try:
            os.kill(process.result(), signal.SIGKILL)
        except ProcessLookupError:
            return
