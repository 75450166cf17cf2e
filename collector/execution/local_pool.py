"""Workers as processes of this machine, each a pool of its own, so that a model can be sent to the one that has its program."""

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


@contextmanager
def local_pool(workers: int) -> Iterator[WorkerPool]:
    """So many processes. They are killed when the collection ends, however it ends."""
    pools = [_pool() for _ in range(workers)]
    processes = [_process(pool) for pool in pools]

    def call(place: int, function: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        try:
            return pools[place].submit(function, *arguments)
        except BrokenProcessPool as error:  # it was killed while it had nothing to do
            lost: Future[Any] = Future()
            lost.set_exception(error)
            return lost

    def restart(place: int) -> None:
        _kill(processes[place])
        pools[place].shutdown(wait=False, cancel_futures=True)
        pools[place] = _pool()
        processes[place] = _process(pools[place])

    try:
        yield WorkerPool(workers, call, restart, (BrokenProcessPool,))
    finally:
        # Whatever a worker has stored is stored, and TensorFlow takes seconds to end by itself.
        for process in processes:
            _kill(process)
        for pool in pools:
            pool.shutdown(wait=True, cancel_futures=True)


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _end_with_parent)  # a forked TensorFlow hangs


def _end_with_parent() -> None:
    """A killed collector must not leave workers behind that nobody waits for."""

    def wait() -> None:
        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def _process(pool: ProcessPoolExecutor) -> "Future[int]":
    """Start the process; its number."""
    # Ctrl-C goes to every process of the terminal; the workers leave it to us.
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
