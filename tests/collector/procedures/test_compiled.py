"""Programs compiled by XLA: one compilation serves every run, and a run is the same in every process."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import compiled_runs
import hub_fixture
import pytest
import tensorflow as tf
from paths import SUPPORT

pytestmark = pytest.mark.slow

FORMATS: tuple[hub_fixture.Format, ...] = ("TF2", "TF1 reference")


@pytest.fixture(scope="module")
def handles(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("modules")
    return [hub_fixture.write(folder / str(number), kind).handle for number, kind in enumerate(FORMATS)]


@pytest.fixture(scope="module")
def dumped(handles: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], Path]:
    """The results of runs in separate processes, and the folder into which XLA dumped the programs that it compiled."""
    folder = tmp_path_factory.mktemp("dump")
    chain = compiled_runs.chain(tmp_path_factory.mktemp("chain") / "module")
    environment = {**os.environ, "XLA_FLAGS": f"--xla_dump_to={folder}", "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "compiled_runs", *handles, chain],
        cwd=SUPPORT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout), folder


def test_one_compilation_of_each_program_serves_every_dataset_learning_rate_and_repeat(dumped: tuple[list[Any], Path]) -> None:
    found, folder = dumped
    assert [len(runs) for runs in found[:2]] == [6, 6]
    programs = [path.name for path in folder.glob("*.before_optimizations.txt")]
    assert len([name for name in programs if "inference_train_" in name]) == len(FORMATS) + 2
    assert len([name for name in programs if "inference_represent_" in name]) == len(FORMATS)


def test_a_run_is_the_same_in_another_process_and_after_others(dumped: tuple[list[Any], Path], handles: list[str]) -> None:
    tf.config.experimental.enable_op_determinism()
    tf.random.set_seed(0)
    found, _ = dumped
    for runs in found[:2]:
        assert runs[-1] == runs[0]
        assert len({run["sum"] for run in runs}) == 5, "learning rates, label sets and seeds all matter"
    assert compiled_runs.runs(handles[0], compiled_runs.KEYS[4:5]) == found[0][4:5]


def test_recomputed_segments_train_alike_in_less_memory(dumped: tuple[list[Any], Path]) -> None:
    """Memory as XLA reports it for the program."""
    found, folder = dumped
    whole, cut = found[2:]
    assert whole["parts"] == 1
    assert cut["parts"] > 2
    assert cut["loss"] == pytest.approx(whole["loss"], abs=1e-6)
    assert cut["sum"] == pytest.approx(whole["sum"], rel=1e-6)
    # Six layers of 8 channels, 48 images, 16 x 16 pixels: of each, what the convolution and what the ReLU gives is read again.
    assert whole["activation_bytes"] == pytest.approx(2 * 6 * 8 * 48 * 16 * 16 * 4, rel=0.1)
    reports = sorted(folder.glob("*inference_train_*memory-usage-report.txt"))[-2:]
    used = [int(re.search(r"Total bytes used: (\d+)", report.read_text())[1]) for report in reports]  # type: ignore[index]
    assert used[0] == pytest.approx(whole["activation_bytes"], rel=0.15), "the plan counts what XLA allocates"
    assert used[1] < 0.75 * used[0]
