"""Programs compiled by XLA: one compilation serves every run, and a run is the same in every process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import compiled_runs
import hub_fixture
import pytest
import tensorflow as tf

FORMATS: tuple[hub_fixture.Format, ...] = ("TF2", "TF1 reference")


@pytest.fixture(scope="module")
def handles(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("modules")
    return [hub_fixture.write(folder / str(number), kind).handle for number, kind in enumerate(FORMATS)]


@pytest.fixture(scope="module")
def dumped(handles: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[list[list[dict[str, object]]], list[str]]:
    """What the runs in a process of their own measured, and the names of the programs that XLA compiled there."""
    folder = tmp_path_factory.mktemp("dump")
    environment = {**os.environ, "XLA_FLAGS": f"--xla_dump_to={folder}", "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "compiled_runs", *handles],
        cwd=Path(__file__).parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout), [path.name for path in folder.glob("*.before_optimizations.txt")]


def test_one_compilation_of_each_program_serves_every_dataset_learning_rate_and_repeat(
    dumped: tuple[list[list[dict[str, object]]], list[str]],
) -> None:
    runs, programs = dumped
    assert [len(of_module) for of_module in runs] == [6, 6]
    assert len([name for name in programs if "inference_train_" in name]) == len(FORMATS)
    assert len([name for name in programs if "inference_represent_" in name]) == len(FORMATS)


def test_a_run_is_the_same_in_another_process_and_after_others(
    dumped: tuple[list[list[dict[str, object]]], list[str]], handles: list[str]
) -> None:
    tf.config.experimental.enable_op_determinism()
    tf.random.set_seed(0)
    runs, _ = dumped
    for of_module in runs:
        assert of_module[-1] == of_module[0]
        assert len({run["sum"] for run in of_module}) == 5, "learning rates, label sets and seeds all matter"
    assert compiled_runs.runs(handles[0]) == runs[0]
