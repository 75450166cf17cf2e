"""What goes wrong in weeks of collecting: killed, starved, hung. Nothing that was stored is lost, nothing wrong is used.

NEEDLE_KILLS=200 kills a collector so often, every tenth with worker processes; without it the suite does it four times.
"""

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import fast
import pytest

from collector.execution.local_pool import local_pool
from collector.execution.scheduler import Limits, WorkerError, WorkerFunctions
from collector.planning.work_item import WorkItem, missing
from collector.storage.folder import FolderError

pytestmark = pytest.mark.slow

STUDY = fast.study(3, 2)
KILLS = int(os.environ.get("NEEDLE_KILLS", "0"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collected without a disturbance."""
    path = tmp_path_factory.mktemp("whole") / "study"
    assert fast.collect(STUDY, path) == []
    return path


# Killed -----------------------------------------------------------------------------------------------------------------


def test_killed_at_any_moment_it_opens_checks_clean_and_ends_with_the_same_rows(tmp_path: Path, whole: Path) -> None:
    """The moments are drawn from the time that an undisturbed run takes, from its first file on."""
    kills = KILLS or 4
    random.seed(7)
    begin = time.monotonic()
    process = fast.start_collector(tmp_path / "timed", 3, 2, FAST_SECONDS="0.01")
    wait_for(tmp_path / "timed" / ".lock")
    started = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode == 0
    lasts = time.monotonic() - started
    reached = set()
    for number in range(kills):
        path = tmp_path / f"{number}"
        kind = "processes" if number % 10 == 9 else "threads"  # the former outlive their collector for a moment
        process = fast.start_collector(path, 3, 2, kind, FAST_SECONDS="0.01")
        wait_for(path / ".lock")
        time.sleep(random.uniform(0, lasts))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        if (path / "protocol.parquet").exists():  # else it was killed before there was a study
            assert fast.rules(path) == []
        left = len(missing(STUDY, path))
        reached.add(left)
        fast.collect(STUDY, path, workers=2)
        assert fast.rows(path) == fast.rows(whole)
        assert fast.rules(path) == []
        shutil.rmtree(path)
    print(f"{kills} kills in {time.monotonic() - begin:.0f} s; items left when killed: {sorted(reached)}")
    assert len(reached) > 1, "killed at different moments"


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, f"no {path.name}"
        time.sleep(0.001)


def test_a_killed_worker_costs_nothing_and_an_item_that_ends_every_worker_fails_alone(
    tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAST_MARK", str(tmp_path / "mark"))
    functions = WorkerFunctions(fast.start, fast.prepare, fast.end_always)
    (failure,) = fast.collect(STUDY, tmp_path / "study", 2, functions, pool=local_pool)
    assert failure.item.lease == "knn+m00+d00+0"
    assert "its worker was killed" in failure.reason
    assert (tmp_path / "mark").exists(), "another item ended its worker once"
    assert [item.lease for item in missing(STUDY, tmp_path / "study")] == ["knn+m00+d00+0"]
    fast.collect(STUDY, tmp_path / "study")
    assert fast.rows(tmp_path / "study") == fast.rows(whole)


def test_workers_that_do_not_even_start_end_the_collection(tmp_path: Path) -> None:
    functions = WorkerFunctions(fast.end_at_start, fast.prepare, fast.run_item)
    with pytest.raises(WorkerError, match="fewer --workers need less"):
        fast.collect(STUDY, tmp_path / "study", 1, functions, pool=local_pool)


# Hung, raising ------------------------------------------------------------------------------------------------------------


def test_a_worker_that_hangs_is_ended_and_its_cell_fails_alone(tmp_path: Path) -> None:
    functions = WorkerFunctions(fast.start, fast.prepare, fast.hang)
    failures = fast.collect(STUDY, tmp_path / "study", 2, functions, Limits(seconds=2, patience=0.5), pool=local_pool)
    assert [(failure.item.lease, failure.reason) for failure in failures] == [
        ("linear+m02+d01+0", "it did not finish within 2 seconds (--time-limit)")
    ]
    assert [item.lease for item in missing(STUDY, tmp_path / "study")] == ["linear+m02+d01+0"]


def test_what_raises_is_tried_three_times(tmp_path: Path, whole: Path) -> None:
    calls: list[str] = []

    def raising(item: WorkItem) -> str | None:
        calls.append(item.lease)
        if item.lease == "knn+m00+d00+0" and calls.count(item.lease) < 3:
            raise ConnectionError("the hub does not answer")
        if item.lease == "knn+m02+d00+0":
            raise ConnectionError("the hub does not answer")
        return fast.run_item(item)

    failures = fast.collect(STUDY, tmp_path / "study", 1, WorkerFunctions(fast.start, fast.prepare, raising))
    assert [(one.item.lease, one.reason) for one in failures] == [
        ("knn+m02+d00+0", "ConnectionError: the hub does not answer (3 times)")
    ]
    assert calls.count("knn+m00+d00+0") == calls.count("knn+m02+d00+0") == 3
    fast.collect(STUDY, tmp_path / "study")
    assert fast.rows(tmp_path / "study") == fast.rows(whole)


# No room, no right ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 100 KB, where the tests may mount one."""
    path = tmp_path / "disk"
    path.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", path], capture_output=True, check=False).returncode:
        pytest.skip("mounting a small tmpfs is not allowed here")
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_a_full_disk_stops_the_collection_with_a_message_and_the_rest_is_made_when_there_is_room(disk: Path, whole: Path) -> None:
    with pytest.raises(FolderError, match=r"No space left on device. What is finished is kept") as raised:
        fast.collect(STUDY, disk / "study", 2)
    assert str(disk / "study") in str(raised.value)
    assert fast.rules(disk / "study") == []
    left = len(missing(STUDY, disk / "study"))
    assert 0 < left < len(missing(STUDY, disk / "nothing")), "some were stored before it was full"
    subprocess.run(["mount", "-o", "remount,size=10m", disk], check=True)
    fast.collect(STUDY, disk / "study")
    assert fast.rows(disk / "study") == fast.rows(whole)
    assert not list(disk.rglob("*.writing"))


def test_a_read_only_disk_is_named_and_nothing_changes(disk: Path, whole: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=10m", disk], check=True)
    shutil.copytree(whole, disk / "study")
    (disk / "study" / "proxy" / "knn+m00+d00.parquet").unlink()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(FolderError, match=r"study cannot be written to: Read-only file system\. Name another folder with --out"):
        fast.collect(STUDY, disk / "study")
    assert len(missing(STUDY, disk / "study")) == 1, "planning needs no right to write"
    assert fast.rules(disk / "study") == []


def test_a_file_that_may_not_grow_leaves_no_half_one(tmp_path: Path) -> None:
    """Another way that a write is cut off: a limit on a file's size."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(FolderError, match="File too large"):
            fast.collect(STUDY, tmp_path / "study")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path for path in tmp_path.rglob("*") if path.suffix in (".parquet", ".writing")] == []
