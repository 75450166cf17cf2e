"""Splits that are too large for memory are decoded and resized once, into a memory-mapped file."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from tiny_vtab import FEW, PLAIN, picture, write

from collector.datasets import loading
from collector.datasets.vtab import VTAB
from collector.spec.dataset import DatasetError
from collector.studies import PAPER

CLEVR = [dataclasses.replace(dataset, num_test=None) for dataset in VTAB if dataset.builder.startswith("clevr")]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, a miniature of Clevr, and no split that fits in memory."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "datasets"))
    monkeypatch.setenv("NEEDLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(loading, "IN_MEMORY", 0)
    examples = [{**PLAIN["clevr"], "image": picture(CLEVR[0], index)} for index in range(30)]
    write(tmp_path / "datasets", CLEVR[0], {"train": examples, "validation": examples[3:14]})
    return tmp_path / "cache" / "resized"


def test_a_mapped_split_has_the_pixels_and_labels_of_one_in_memory(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapped = loading.load(CLEVR[0], FEW, 24)
    monkeypatch.setattr(loading, "IN_MEMORY", 2**27)
    in_memory = loading.load(CLEVR[0], FEW, 24)
    for there, here in (
        (mapped.train, in_memory.train),
        (mapped.validation, in_memory.validation),
        (mapped.test, in_memory.test),
    ):
        assert isinstance(there.images, np.memmap)
        assert not isinstance(here.images, np.memmap)
        np.testing.assert_array_equal(there.images, here.images)
        np.testing.assert_array_equal(there.labels, here.labels)


def test_it_is_written_once_for_all_tasks_over_the_same_images(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loading.load(CLEVR[0], FEW, 24)
    before = {path: path.stat().st_mtime_ns for path in cache.glob("*.npy")}
    assert len(before) == 3
    monkeypatch.setattr(loading, "resize", None)  # nothing is decoded again
    count, distance = loading.load(CLEVR[0], FEW, 24), loading.load(CLEVR[1], FEW, 24)
    assert {path: path.stat().st_mtime_ns for path in cache.glob("*.npy")} == before
    assert not list(cache.glob("*.writing"))
    np.testing.assert_array_equal(count.test.images, distance.test.images)
    assert (count.test.labels[0], distance.test.labels[0]) == (0, 3), "3 objects, the nearest at 9.2"


def test_a_killed_writer_leaves_nothing_that_is_read(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loading, "_read", stopped)
        with pytest.raises(KeyboardInterrupt):
            loading.load(CLEVR[0], FEW, 24)
    assert not [path for path in cache.iterdir() if path.suffix != ".lock"]
    assert len(loading.load(CLEVR[0], FEW, 24).test.labels) == 11


def test_too_little_disk_is_said_before_it_is_filled(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collector.artifacts.disk_space.shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    with pytest.raises(
        DatasetError, match=r"keeping Clevr-Count's 8 images at 24 pixels needs about 0\.0 GB in .*resized, and 0\.0 GB"
    ):
        loading.load(CLEVR[0], FEW, 24)
    assert not list(cache.glob("*.npy"))


def test_the_papers_test_splits_need_as_much_disk_as_they_have_bytes(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifteen builders' splits are too large for memory, all but KITTI's 711 images; Clevr's, dSprites' and smallNORB's serve two tasks
    each. 286,315 images of 224 x 224 x 3 bytes are 43.1 GB."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(cache / "nothing prepared"))
    monkeypatch.setattr(loading, "IN_MEMORY", 2**27)
    monkeypatch.setattr("collector.artifacts.disk_space.shutil.disk_usage", lambda path: type("Usage", (), {"free": 43 * 10**9}))
    with pytest.raises(
        DatasetError, match=r"keeping resized test splits needs about 43\.1 GB in .*resized, and 43\.0 GB are free"
    ):
        loading.check_space(VTAB, PAPER.protocol, [224])
    loading.check_space(VTAB, PAPER.protocol, [220])
    loading.check_space([dataset for dataset in VTAB if dataset.dataset == "KITTI-Dist"], PAPER.protocol, [224])


def test_only_the_files_that_the_study_needs_count_as_there(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test split of Clevr in miniature is 11 images of 24 x 24 x 3 bytes."""
    needed = 11 * 24 * 24 * 3
    clevr = [dataclasses.replace(dataset, num_test=11) for dataset in CLEVR]
    monkeypatch.setattr("collector.artifacts.disk_space.shutil.disk_usage", lambda path: type("Usage", (), {"free": needed - 1}))
    cache.mkdir(parents=True)
    (cache / "dsprites-0123456789abcdef.npy").write_bytes(bytes(2 * needed))
    with pytest.raises(DatasetError, match=r"keeping resized test splits needs about 0\.0 GB in .*resized"):
        loading.check_space(clevr, FEW, [24])
    with monkeypatch.context() as patch:
        patch.setattr("collector.artifacts.disk_space.shutil.disk_usage", lambda path: type("Usage", (), {"free": 10**9}))
        loading.load(clevr[0], FEW, 24)
    loading.check_space(clevr, FEW, [24])
    with pytest.raises(DatasetError, match="keeping resized test splits"):
        loading.check_space(clevr, dataclasses.replace(FEW, antialias=not FEW.antialias), [24])


def test_tasks_whose_pixels_have_other_levels_need_files_of_their_own(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files of 11 images of 24 x 24 x 3 bytes; a disk with room for one and a half is too small, with room for two it is not."""
    needed = 11 * 24 * 24 * 3
    clevr = dataclasses.replace(CLEVR[0], num_test=11)
    tasks = [clevr, dataclasses.replace(CLEVR[1], num_test=11), dataclasses.replace(clevr, dataset="Clevr-255", levels=255)]
    usage = type("Usage", (), {"free": 2 * needed})
    monkeypatch.setattr("collector.artifacts.disk_space.shutil.disk_usage", lambda path: usage)
    loading.check_space(tasks, FEW, [24])
    usage.free = 3 * needed // 2
    with pytest.raises(DatasetError, match="keeping resized test splits"):
        loading.check_space(tasks, FEW, [24])
