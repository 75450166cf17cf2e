"""A cache that cannot be written: the error names the setting that moves it, and is raised before TensorFlow is loaded."""

import os
import subprocess
from pathlib import Path

import pytest
from command import NEEDLE

from collector.datasets.preparing import prepare
from collector.datasets.registry import DATASETS
from collector.execution import worker
from collector.execution.runner import make_context
from collector.planning.work_item import everything
from collector.spec.dataset import DatasetError
from collector.storage.folder import folder
from collector.storage.store import open_store
from collector.storage.tables import protocol_table
from collector.studies import QUICK

WORDS = "set NEEDLE_CACHE to a folder that can be written to."


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache whose folders of datasets and networks are files, so that nothing can be written."""
    cache = tmp_path / "cache"
    cache.mkdir()
    for name in ("datasets", "zoo"):
        (cache / name).touch()
    monkeypatch.setenv("NEEDLE_CACHE", str(cache))
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    return cache


def test_where_there_can_be_no_cache_collecting_says_so_first(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "tensorflow.py").write_text("raise AssertionError('it was loaded')")
    environment = {**os.environ, "NEEDLE_CACHE": "file/cache", "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(
        [NEEDLE, "collect", "--workers", "1"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    place = tmp_path / "file" / "cache"
    assert done.stderr.splitlines()[-1] == (
        f"{place} cannot be read or written: Not a directory. Networks and images are kept in {place}: {WORDS}"
    )


def test_a_dataset_that_cannot_be_written_is_said_with_the_setting(cache: Path) -> None:
    dataset = next(dataset for dataset in DATASETS if dataset.dataset == "mnist-digits")
    with pytest.raises(DatasetError) as error:
        prepare(dataset)
    assert str(error.value).startswith(f"mnist-digits: 'mnist_5k:1.*.*' could not be prepared. {cache}/datasets")
    assert str(error.value).endswith(WORDS)


def test_a_network_that_cannot_be_written_fails_alone_and_is_said_with_the_setting(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(folder(cache.parent / "study"), protocol_table(QUICK.protocol))
    monkeypatch.setattr(worker, "_context", make_context(QUICK, store))
    item = next(
        item for item in everything(QUICK) if item.model.model == "mini-xception-scratch" and item.procedure == "finetune"
    )
    said = worker.run_item(item)
    assert said is not None
    assert said.startswith(f"{cache}/zoo cannot be read or written: File exists.")
    assert said.endswith(WORDS)
