"""A study whose cells take a moment and no TensorFlow: real scheduler, processes and Parquet; rows that follow from their keys."""

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from collector.execution.local_pool import local_pool
from collector.execution.scheduler import Events, Failure, Limits, WorkerFunctions, WorkerPool, run
from collector.planning.work_item import Order, WorkItem, missing, parts
from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.study import Study
from collector.storage.folder import Folder, folder
from collector.storage.part import part_name
from collector.storage.store import Store, move_damaged, read_facts
from collector.studies import QUICK
from study_format.columns import Row
from study_format.layout import FACTS

_study: Study
_store: Store


def study(models: int, datasets: int, repeats: int = 2) -> Study:
    """So many models and datasets, two learning rates."""
    protocol = replace(QUICK.protocol, study="fast", repeats=repeats, linear_repeats=repeats, curve_at=(0.25, 0.5))
    return Study(
        protocol,
        tuple(Model(f"m{one:02}", "", "expert", "nothing", None, None, 1, 1, 1, "", "") for one in range(models)),
        tuple(Dataset(f"d{one:02}", "natural", 2, "noise", "1", "", "none") for one in range(datasets)),
    )


def start(study: Study, store: Store, worker: int) -> None:
    global _study, _store
    _study, _store = study, store


def prepare(study: Study, items: Sequence[WorkItem]) -> list[int]:
    return [10] * len(study.datasets)


def run_item(item: WorkItem) -> str | None:
    """Store what follows from the keys; a fine-tune with each of its runs, as a real one does. A line in the log $FAST_LOG."""
    log = os.environ.get("FAST_LOG")
    if log:
        with open(log, "a") as file:
            file.write(f"{item.lease} {os.getpid()} {item.runs}\n")
    time.sleep(float(os.environ.get("FAST_SECONDS", "0")))
    key: Row = {"model": item.model.model, "dataset": item.dataset.dataset}
    if item.fact == "proxy":
        _store.add("representation", part_name(tuple(key.values())), [{**key, **finished(), "representation_seconds": 1.0}])
        key = {"proxy": item.procedure, **key}
    rows = [row(key, *one) for one in item.runs]
    for name, part in parts(_study, item, rows):
        _store.add(item.fact, name, part)
    return None


def end_once(item: WorkItem) -> str | None:
    """Ends its worker the first time that it is given one of the items."""
    mark = Path(os.environ["FAST_MARK"])
    if item.model.model == "m01" and item.procedure == "knn" and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return run_item(item)


def end_always(item: WorkItem) -> str | None:
    """Ends its worker each time that it is given one of the items, and once with another."""
    if item.lease == "knn+m00+d00+0":
        os.kill(os.getpid(), signal.SIGKILL)
    return end_once(item)


def refuse(item: WorkItem) -> str | None:
    """Raises on one of the items."""
    if item.lease == "knn+m00+d00+0":
        raise ConnectionError("the hub does not answer")
    return run_item(item)


def hang(item: WorkItem) -> str | None:
    if item.lease == "linear+m02+d01+0":
        time.sleep(3600)
    return run_item(item)


def log_span(item: WorkItem) -> str | None:
    """A line in the log $FAST_SPANS: from when to when, which process, the GPUs that it may use. Raises on one of the items."""
    begin = time.monotonic()
    time.sleep(0.1)
    with open(os.environ["FAST_SPANS"], "a") as file:
        file.write(f"{begin} {time.monotonic()} {os.getpid()} {os.environ.get('CUDA_VISIBLE_DEVICES')}\n")
    return refuse(item)


def end_at_start(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def finished() -> Row:
    return {"finished_at": datetime(2026, 1, 1), "device": "none", "software": "none"}


def row(key: Row, rate: float | None, repeat: int) -> Row:
    """A row whose numbers are a hash of its key."""
    number = int.from_bytes(hashlib.sha256(repr((sorted(key.items()), rate, repeat)).encode()).digest()[:4], "big") / 2**32
    measured = {"validation_accuracy": number, "test_accuracy": 1 - number, "validation_curve": [number / 4, number / 2]}
    values = {"score": number} if "proxy" in key else {**measured, "diverged": False}
    return {**key, "learning_rate": rate, "repeat": repeat, **values, "seconds": 1.0, "seed": 1, **finished()}


LIMITS = Limits(patience=0.5)
WORKER_FUNCTIONS = WorkerFunctions(start, prepare, run_item)


def thread_pool(workers: int) -> contextlib.AbstractContextManager[WorkerPool]:
    """Workers that start at once."""

    @contextlib.contextmanager
    def pool() -> Iterator[WorkerPool]:
        with ThreadPoolExecutor(workers) as pool:
            yield WorkerPool(
                workers, lambda worker, function, *arguments: pool.submit(function, *arguments), lambda worker: None, ()
            )

    return pool()


def collect(
    study: Study,
    location: str | Path | Folder,
    workers: int = 1,
    functions: WorkerFunctions = WORKER_FUNCTIONS,
    limits: Limits = LIMITS,
    order: Order = "breadth",
    pool: Callable[[int], contextlib.AbstractContextManager[WorkerPool]] = thread_pool,
) -> list[Failure]:
    """As `needle collect` does: move what is damaged aside, then make what is missing."""
    where = folder(location)
    move_damaged(where)
    nothing = Events(lambda item: None, lambda item, done: None, lambda message: None)
    with pool(workers) as workers_:
        return run(study, where, missing(study, where), order, workers_, functions, nothing, limits)


def files(study: Path) -> dict[str, bytes]:
    """The content of every file of a study by its name, without its lock and what only links to one."""
    found = [path for path in study.rglob("*") if path.is_file() and not path.is_symlink() and not path.name.endswith(".lock")]
    return {str(path.relative_to(study)): path.read_bytes() for path in found}


def rows(location: Path | Folder) -> dict[str, list[Row]]:
    """All rows of a study, sorted."""
    return {fact: sorted(read_facts(folder(location), fact).to_pylist(), key=repr) for fact in FACTS}


def rules(study: Path) -> list[tuple[object, ...]]:
    """The rules that a study breaks."""
    from warehouse import connect  # collectors need no DuckDB

    with connect(study, question="violation") as con:
        return con.execute("from violation").fetchall()


def start_collector(
    location: str | Path, models: int, datasets: int, kind: str = "threads", workers: int = 2, **environment: str
) -> subprocess.Popen[str]:
    """A collector in a process of its own; kind of its workers: threads, processes."""
    arguments = [sys.executable, __file__, str(location), str(models), str(datasets), kind, str(workers)]
    return subprocess.Popen(
        arguments, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def main(location: str, models: str, datasets: str, kind: str, workers: str) -> None:
    """Collect in this process; "ready" on stdout when it begins."""
    print("ready", flush=True)
    pool = {"threads": thread_pool, "processes": local_pool}[kind]
    limits = Limits(patience=float(os.environ.get("FAST_PATIENCE", "60")))
    made = study(int(models), int(datasets), int(os.environ.get("FAST_REPEATS", "2")))
    failures = collect(made, location, int(workers), limits=limits, pool=pool)
    assert not failures, failures


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    import fast  # the workers find the functions by this module's name

    fast.main(*sys.argv[1:])
