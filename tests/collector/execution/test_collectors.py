"""Several collectors on one study: none repeats what another runs, none is waited for in vain, no row is stored twice."""

import json
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import fast
import pytest

from collector.execution.leases import LEASES, READ_ATTEMPTS, Leases
from collector.execution.scheduler import WorkerFunctions
from collector.planning.work_item import WorkItem, everything, missing
from collector.storage import lock
from collector.storage.folder import Folder, FolderError, folder
from collector.storage.lock import exclusive_lock, shared_lock
from collector.storage.store import StoreError
from warehouse import connect

pytestmark = pytest.mark.slow


def clean(path: Path) -> bool:
    """Whether the study opens, without a broken rule and complete."""
    with connect(path, question="violation missing_run") as con:
        return not con.execute("from violation").fetchall() and con.execute("select count(*) from missing_run").fetchall() == [
            (0,)
        ]


def test_four_processes_do_each_of_500_cells_once(tmp_path: Path) -> None:
    """14 × 12 × 3 = 504 cells, each of a moment: whoever wins, a cell is begun once, and the rows are those of one process."""
    log = tmp_path / "log"
    processes = [fast.start_collector(tmp_path / "many", 14, 12, FAST_LOG=str(log), FAST_REPEATS="1") for _ in range(4)]
    for process in processes:
        _, stderr = process.communicate(timeout=120)
        assert process.returncode == 0, stderr
    begun = [line.split() for line in log.read_text().splitlines()]
    assert len({lease for lease, *_ in begun}) == 504
    assert Counter(lease for lease, *_ in begun).most_common(1)[0][1] == 1
    assert len({process for _, process, *_ in begun}) > 1, "they share the work"
    fast.collect(fast.study(14, 12, 1), tmp_path / "one", workers=2)
    assert fast.rows(tmp_path / "many") == fast.rows(tmp_path / "one")
    assert clean(tmp_path / "many")
    assert [path.name for path in (tmp_path / "many" / ".collector").iterdir()] == []


def test_the_cells_of_a_collector_that_fell_silent_are_done_and_its_late_rows_change_nothing(tmp_path: Path) -> None:
    log = tmp_path / "log"
    stuck = fast.start_collector(tmp_path / "study", 2, 2, workers=1, FAST_LOG=str(log), FAST_SECONDS="0.5", FAST_PATIENCE="0.5")
    while not log.exists():
        time.sleep(0.01)
    os.kill(stuck.pid, signal.SIGSTOP)
    try:
        fast.collect(fast.study(2, 2), tmp_path / "study")
        rows = fast.rows(tmp_path / "study")
        assert missing(fast.study(2, 2), tmp_path / "study") == []
    finally:
        os.kill(stuck.pid, signal.SIGCONT)
    _, stderr = stuck.communicate(timeout=60)
    assert stuck.returncode == 0, stderr
    assert fast.rows(tmp_path / "study") == rows
    assert clean(tmp_path / "study")


def test_who_takes_a_lease_second_withdraws(tmp_path: Path) -> None:
    with Leases(folder(tmp_path)) as first, Leases(folder(tmp_path)) as second:
        assert first.take("a")
        assert not second.take("a")
        assert second.held == set()
        assert second.take("b")
        assert first.others() == {"b"}
        first.release("a")
        assert second.take("a")
    assert list((tmp_path / LEASES).iterdir()) == []


def test_what_a_collector_says_is_read_again_where_it_changed_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As stores answer a read of a file that is being replaced: half of it, an error, or that there is none."""
    with Leases(folder(tmp_path)) as one, Leases(folder(tmp_path)) as other:
        assert one.take("a")
        whole = other.folder.read(f"{LEASES}/{one.name}")
        answers = iter([whole[:-3], FolderError("the object changed"), FileNotFoundError(one.name), whole])

        def read(where: Folder, name: str) -> bytes:
            answer = next(answers)
            if isinstance(answer, Exception):
                raise answer
            return answer

        monkeypatch.setattr(Folder, "read", read)
        assert not other.take("a")
        answers = iter([whole[:-3]] * READ_ATTEMPTS)
        with pytest.raises(FolderError, match="cannot be read"):
            other.others()


def test_a_model_that_another_collector_leased_a_moment_earlier_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else both would compile its network. The other takes its lease after this one looked, and gives it back when m01 is done."""
    study, done = fast.study(2, 2), list[str]()
    first = everything(study)[0]
    look = Leases.others
    with Leases(folder(tmp_path), fast.LIMITS.patience) as other:

        def late(leases: Leases) -> set[str]:
            found = look(leases)
            if leases is not other and not other.held and not done:
                assert other.take(first.lease)
            return found

        def run_item(item: WorkItem) -> str | None:
            done.append(item.model.model)
            if len(done) == 8:
                other.release(first.lease)
            return fast.run_item(item)

        monkeypatch.setattr(Leases, "others", late)
        assert fast.collect(study, tmp_path, functions=WorkerFunctions(fast.start, fast.prepare, run_item), order="model") == []
    assert done == ["m01"] * 8 + ["m00"] * 8


@pytest.mark.parametrize("clock", ["1970-01-01", "2100-01-01"])
def test_no_clock_that_jumps_voids_or_keeps_a_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: str) -> None:
    """The wall clock and the times of files say anything; only counting, seen over the reader's own seconds, matters."""
    with Leases(folder(tmp_path), patience=0.8) as one, Leases(folder(tmp_path), patience=0.8) as other:
        assert one.take("a")
        jumped = time.mktime(time.strptime(clock, "%Y-%m-%d"))
        monkeypatch.setattr(time, "time", lambda: jumped)
        for _ in range(6):  # longer than the patience: it counts on
            os.utime(tmp_path / LEASES / one.name, (jumped, jumped))
            assert other.others() == {"a"}
            time.sleep(0.2)
        dead = tmp_path / LEASES / "dead"
        dead.write_text(json.dumps({"beats": 1, "leases": ["z"]}))
        os.utime(dead, (jumped, jumped))
        assert other.others() == {"a", "z"}
        time.sleep(0.9)
        assert other.others() == {"a"}, "it did not count up"
        assert not dead.exists()


def test_a_study_is_packed_by_nobody_else_at_work(tmp_path: Path) -> None:
    where = folder(tmp_path)
    with (
        shared_lock(where),
        shared_lock(where),
        pytest.raises(StoreError, match="A needle collect is running"),
        exclusive_lock(where),
    ):
        pass
    with exclusive_lock(where), pytest.raises(StoreError, match="is being packed"), shared_lock(where):
        pass


def test_a_collector_that_starts_while_another_cleans_up_waits_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first one finds itself alone and removes what killed collectors left; nothing is being packed."""
    where = folder(tmp_path)
    cleaning, finish, clean_up = threading.Event(), threading.Event(), lock._clean

    def slowly(path: Path) -> None:
        cleaning.set()
        assert finish.wait(60)
        clean_up(path)

    def collect() -> None:
        with shared_lock(where):
            pass

    monkeypatch.setattr(lock, "_clean", slowly)
    first = threading.Thread(target=collect)
    first.start()
    assert cleaning.wait(60)
    threading.Timer(0.3, finish.set).start()
    with shared_lock(where):
        assert finish.is_set(), "it waited"
    first.join()
