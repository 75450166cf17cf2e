"""Runs work items in a worker process, which computes on one core (or shares a GPU) and keeps the programs of its models.

A training step of a small network is no faster on a second core, so two processes with one thread each do about twice as much as one
process with two threads; and no row depends on the number of workers.
"""

import contextlib
import gc
import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

from collector.artifacts import cache_errors
from collector.execution.scheduler import WorkerFunctions
from collector.planning.work_item import PROGRAMS, WorkItem
from collector.spec.study import Study
from collector.storage.store import Store

if TYPE_CHECKING:
    from collector.execution.runner import WorkerContext
    from collector.trained.facts import Answers

_context: "WorkerContext | None" = None


def start(study: Study, store: Store, worker: int, programs: int = PROGRAMS) -> None:
    """Load TensorFlow and set up the context, before anything else in a worker. Raises CacheError where the cache cannot be created.

    programs: how many it keeps.
    """
    global _context
    cache_errors.make_cache()
    gpus = len(glob("/dev/nvidia[0-9]*"))
    if gpus:  # workers share them evenly, unless a cluster or a user has chosen
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", str(worker % gpus))
    gc.disable()  # collecting garbage while TensorFlow loads takes a fifth of the time and frees nothing
    with without_stderr():
        from collector.execution.runner import make_context, set_up

        set_up()
    gc.enable()
    _context = make_context(study, store, programs)


@cache_errors.translate_os_errors()
def prepare(study: Study, items: Sequence[WorkItem]) -> list[int]:
    """Make everything available that the items need; returns the number of test examples of each of the study's datasets.

    Checks what needs no download first, then networks, then images. A dataset that no item needs is not prepared where its size is
    known. Raises DatasetError or ModuleError, which list everything that is wrong, and CacheError.
    """
    from collector.datasets import loading
    from collector.datasets.preparing import check
    from collector.networks import resolve

    needed = [dataset for dataset in study.datasets if any(item.dataset == dataset for item in items)]
    models = list(dict.fromkeys(item.model for item in items))
    check(needed)
    loading.check_space(needed, study.protocol, {model.input_size(study.protocol.image_size) for model in models})
    resolve.check(models, study.protocol.image_size)
    whole = study.protocol.test_examples is None
    return [
        dataset.num_test
        if whole and dataset.num_test is not None and dataset not in needed
        else loading.count_test(dataset, study.protocol)
        for dataset in study.datasets
    ]


def run_item(item: WorkItem) -> str | None:
    """Run a work item and store its rows. Returns why it failed, or None; a failed run stores no row."""
    from collector.execution.runner import FAILURES, measure

    assert _context is not None
    try:
        with cache_errors.translate_os_errors():
            measure(_context, item)
    except (cache_errors.CacheError, *FAILURES) as error:
        return str(error).strip() or type(error).__name__
    return None


def export_item(item: WorkItem, folder: str) -> "Answers | str":
    """Train the only run of a work item again and write its SavedModel. Returns what that answers, or why it failed."""
    from collector.execution.runner import FAILURES, train_again

    assert _context is not None
    try:
        with cache_errors.translate_os_errors():
            return train_again(_context, item, Path(folder))
    except (cache_errors.CacheError, *FAILURES) as error:
        return str(error).strip() or type(error).__name__


do = run_item  # the name by which bench.affinity calls it

WORKER_FUNCTIONS = WorkerFunctions(start, prepare, run_item)
# For a study of one dataset, whose networks are looked at one after another.
ONE_BY_ONE = WorkerFunctions(partial(start, programs=1), prepare, run_item)


@contextlib.contextmanager
def without_stderr() -> Iterator[None]:
    """Silence TensorFlow's libraries while they load: they report missing GPUs on stderr, whatever their log level is."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
