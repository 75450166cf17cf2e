"""Errors that keep a dataset from being prepared are raised before anything is downloaded."""

import dataclasses
from pathlib import Path

import pytest
from tiny import PROTOCOL
from tiny_vtab import write

from collector.datasets import loading, preparing
from collector.datasets.vtab import VTAB
from collector.spec.dataset import Dataset, DatasetError

TASKS = {dataset.dataset: dataset for dataset in VTAB}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "datasets"))
    monkeypatch.setenv("NEEDLE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "datasets"


def message(*datasets: Dataset) -> str:
    with pytest.raises(DatasetError) as error:
        preparing.check(datasets)
    return str(error.value)


def test_what_is_downloaded_by_hand_is_explained(folder: Path) -> None:
    retinopathy = dataclasses.replace(TASKS["Retinopathy"], packages=())
    said = message(retinopathy)
    assert "Retinopathy: its files cannot be downloaded by a program. You have to download this dataset from Kaggle." in said
    assert "https://www.kaggle.com/c/diabetic-retinopathy-detection/data" in said
    manual = folder / "downloads" / "manual"
    assert (
        f"looks for trainLabels.csv, train, test, sample in {manual}; missing there: trainLabels.csv, train, test, sample."
        in said
    )
    for name in ("train", "test"):
        (manual / name).mkdir(parents=True)
    assert "missing there: trainLabels.csv, sample." in message(retinopathy)
    (manual / "trainLabels.csv").touch()
    (manual / "sample").mkdir()
    preparing.check([retinopathy])
    assert f"looks for NWPU-RESISC45 in {manual}; missing there: NWPU-RESISC45." in message(TASKS["Resisc45"])


def test_what_is_prepared_needs_nothing(folder: Path) -> None:
    write(folder, TASKS["Resisc45"], {"train": [{}]})
    preparing.check([TASKS["Resisc45"]])


def test_a_version_that_no_longer_exists_is_named_with_the_one_that_does(folder: Path) -> None:
    said = message(dataclasses.replace(TASKS["Pets"], builder="oxford_iiit_pet:3.2.0"))
    assert (
        "Pets: 'oxford_iiit_pet:3.2.0' is not available. Dataset oxford_iiit_pet cannot be loaded at version 3.2.0, only: 4.0.0."
        in said
    )
    assert f"A version that no longer exists in code is still read where it was prepared, in {folder}." in said
    assert not folder.exists()


def test_a_missing_package_is_named_with_what_installs_it(folder: Path) -> None:
    said = message(dataclasses.replace(TASKS["KITTI-Dist"], packages=("no_such_package",)))
    assert "KITTI-Dist: preparing 'kitti:3.3.0' needs no_such_package: pip install 'needle-transfer[paper]'" in said


def test_too_little_disk_space_is_reported_with_all_other_problems(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sizes of downloads are tensorflow-datasets' own: 19.02 GB of Clevr, which two tasks share, and 0.81 GB of pets."""
    monkeypatch.setattr(preparing, "COPIES", 10**6)
    said = message(TASKS["Clevr-Count"], TASKS["Clevr-Dist"], TASKS["Pets"], TASKS["Resisc45"])
    assert "missing there: NWPU-RESISC45" in said
    assert f"preparing clevr:3.1.0, oxford_iiit_pet:4.0.0, resisc45:3.0.0 needs about 19832692.8 GB in {folder}, and " in said
    assert "set TFDS_DATA_DIR to a folder on another disk" in said
    assert not folder.exists()


def test_a_test_split_of_another_size_is_another_dataset(folder: Path) -> None:
    write(folder, TASKS["DTD"], {"train": [{}] * 3, "validation": [{}], "test": [{}] * 4})
    with pytest.raises(DatasetError, match=r"DTD: its test split 'test' has 4 examples, and should have 1880"):
        loading.count_test(TASKS["DTD"], PROTOCOL)
