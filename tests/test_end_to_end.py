"""The paper's study from plan to answer, offline: its own rows, one network of each of the hub's formats, three of its datasets as tiny
local ones, and its protocol, shortened only in steps and repeats."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hub_fixture
import numpy as np
import pyarrow.parquet as pq
import pytest
import tiny
from paths import ROOT
from tiny_vtab import Example, write

from collector.networks.local_copy import local_copy_path
from collector.studies import PAPER

pytestmark = pytest.mark.slow

MODELS = {model.model: model for model in PAPER.models if model.model in ("inception_v1", "vtab/vae")}
DATASETS = {dataset.dataset: dataset for dataset in PAPER.datasets if dataset.dataset in ("DTD", "Clevr-Dist", "dSpr-Loc")}
TESTED = {"DTD": 20, "Clevr-Dist": 30, "dSpr-Loc": 100}
# The command over the paper's study with fewer steps and repeats, and tests of the sizes that these miniatures have.
COMMAND = f"""
import sys
from dataclasses import replace
import collector.studies as study
from needle import main

TESTED = {TESTED}
study.STUDIES["paper"] = replace(
    study.PAPER,
    protocol=replace(study.PAPER.protocol, steps=1, warmup_steps=0, linear_steps=20, repeats=2, linear_repeats=2),
    models=tuple(model for model in study.PAPER.models if model.model in {list(MODELS)}),
    datasets=tuple(replace(row, num_test=TESTED[row.dataset]) for row in study.PAPER.datasets if row.dataset in TESTED),
)
if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
"""


def noise(rng: np.random.Generator, brightness: int) -> np.ndarray[Any, Any]:
    return (rng.integers(0, 80, (10, 14, 3)) + brightness).astype(np.uint8)


def examples() -> dict[str, dict[str, list[Example]]]:
    """800 to train and 200 to validate, as the split expressions of the paper take them, and some to test; brightness tells classes."""
    rng = np.random.default_rng(0)

    def texture(index: int) -> Example:
        return {"image": noise(rng, 170 * (index % 47) // 47), "label": index % 47}

    def scene(index: int) -> Example:
        depth = (7, 8.2, 8.7, 9.2, 9.7, 11)[index % 6]
        return {"image": noise(rng, 30 * (index % 6)), "objects": [{"pixel_coords": [9, 9, 12]}, {"pixel_coords": [1, 2, depth]}]}

    def sprite(index: int) -> Example:
        position = index % 32
        return {
            "image": np.broadcast_to((np.arange(64) < 2 * position)[:, None], (64, 64, 1)).astype(np.uint8),
            "label_x_position": position,
        }

    return {
        "DTD": {
            "train": [*map(texture, range(800))],
            "validation": [*map(texture, range(200))],
            "test": [*map(texture, range(20))],
        },
        "Clevr-Dist": {"train": [*map(scene, range(2000))], "validation": [*map(scene, range(30))]},
        "dSpr-Loc": {"train": [*map(sprite, range(1000))]},
    }


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the command, local copies of both networks, and prepared datasets."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "command.py").write_text(COMMAND)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEEDLE_HUB", str(folder / "hub"))
        hub_fixture.write_tf1(local_copy_path(MODELS["vtab/vae"]), feature_dim=128, shrink=64)
        tiny.network(local_copy_path(MODELS["inception_v1"]), feature_dim=1024, shrink=64)
    for name, splits in examples().items():
        write(folder / "datasets", DATASETS[name], splits, in_file=500)
    return folder


def needle(home: Path, *arguments: str, hub: str = "hub") -> subprocess.CompletedProcess[str]:
    here = str(ROOT)
    environment = {
        **os.environ,
        "NEEDLE_HUB": str(home / hub),
        "TFHUB_CACHE_DIR": str(home / "hub-cache"),
        "TFDS_DATA_DIR": str(home / "datasets"),
        "NEEDLE_CACHE": str(home / "cache"),
        "PYTHONPATH": here,
        "https_proxy": "http://127.0.0.1:9",  # whatever is asked of the network fails at once
        # Keep what is freed: most of the time would go into fresh pages for batches of 300 MB.
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": str(2**33),
        "MALLOC_ARENA_MAX": "1",
    }
    command = [sys.executable, str(home / "command.py"), *arguments]
    return subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)


def rows(home: Path, sql: str) -> list[dict[str, Any]]:
    done = needle(home, "query", sql, "--study", "paper", "--format", "json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_network_that_cannot_be_had_is_said_before_anything_is_written(home: Path) -> None:
    done = needle(home, "collect", "--study", "paper", "--workers", "1", hub="nothing")
    assert done.returncode == 1
    for model in MODELS.values():
        assert (
            f"Model {model.model!r}: {model.handle} is neither in the cache of tensorflow-hub ({home}/hub-cache)" in done.stderr
        )
    assert f"set NEEDLE_HUB to a folder of SavedModels, with this one in {home}/nothing/vtab/vae/1" in done.stderr
    assert not list((home / "results").rglob("*.parquet"))


def test_from_plan_to_answer(home: Path) -> None:
    planned = needle(home, "plan", "--study", "paper")
    assert [line.split() for line in planned.stdout.splitlines()[1:]] == [
        ["knn", "6", "0", "6"],
        ["linear", "24", "0", "24"],
        ["finetune", "24", "0", "24"],
    ]
    # Any part first, then the rest.
    part = ("--models", "vtab/vae", "--datasets", "DTD", "--procedures", "knn")
    one = needle(home, "collect", "--study", "paper", *part, "--workers", "1")
    assert one.returncode == 0, one.stderr
    assert "1/1 cells" in one.stderr
    collected = needle(home, "collect", "--study", "paper", "--order", "cheapest", "--workers", "1")
    assert collected.returncode == 0, collected.stderr
    assert "1 runs are done and are kept" in collected.stderr
    again = needle(home, "collect", "--study", "paper")
    assert "is complete: all 54 runs are done, nothing is trained again." in again.stderr

    checked = needle(home, "check", "--study", "paper")
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stdout
    assert "0 broken rules, 0 missing runs" in checked.stderr
    results = home / "results" / "paper"
    assert {row["dataset"]: row["num_test"] for row in pq.read_table(results / "dataset.parquet").to_pylist()} == TESTED
    (protocol,) = pq.read_table(results / "protocol.parquet").to_pylist()
    paper = PAPER.protocol
    assert {name for name, value in protocol.items() if value != _stored(getattr(paper, name))} == {
        "steps",
        "warmup_steps",
        "linear_steps",
        "repeats",
        "linear_repeats",
    }
    accuracies = rows(home, "select model, dataset, test_accuracy, num_test from finetune join dataset using (dataset)")
    assert len(accuracies) == 24
    counts = [row["test_accuracy"] * row["num_test"] for row in accuracies]
    assert all(abs(count - round(count)) < 1e-9 for count in counts), "the whole test split is tested"
    scores = rows(home, "select dataset, min(score) as worst from score where proxy = 'knn' group by dataset")
    chance = {"Clevr-Dist": 1 / 6, "DTD": 1 / 47, "dSpr-Loc": 1 / 16}
    assert {row["dataset"]: row["worst"] > 2 * chance[row["dataset"]] for row in scores} == dict.fromkeys(chance, True), (
        "classes that brightness tells are told apart: images and computed labels belong together"
    )
    regrets = rows(home, "select * from regret where pool = 'ALL'")
    assert {row["dataset"] for row in regrets} == set(TESTED)
    assert all(row["relative_regret"] == 0 for row in regrets if row["budget"] == 2)
    assert all(0 <= row["relative_regret"] <= 1 for row in regrets)
    assert {row["strategy"] for row in regrets} >= {"task_agnostic", "linear", "knn", "hybrid_linear", "hybrid_knn"}


def _stored(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
