"""A user's own images become a dataset that loads like any other, or an error that says what is missing."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny_vtab
from own_pictures import CLASSES, SIDE, load, noise, refused, stored, write
from PIL import Image

from collector.datasets import preparing
from collector.datasets.own import storing
from collector.datasets.own.images import NO_TEST, own_images
from collector.spec.dataset import Dataset
from collector.storage.tables import dataset_table


def test_a_folder_of_classes_loads_with_its_labels(root: Path) -> None:
    found = own_images(str(root))
    assert (found.classes, found.counts) == (("dark", "light"), (15, 15))
    assert (found.train, found.validation, found.test) == (24, 6, 6)
    assert found.used == 30, "the test images are those of validation"
    assert found.notes == (NO_TEST,)
    row = found.dataset
    assert row == Dataset(
        "pictures", None, 2, "own images", row.version, "", f"own_{row.version}:1.0.0", test="validation", num_test=6
    )
    assert dataset_table([row], [6])["vtab_group"].to_pylist() == [None]
    loaded = load(found)
    for part, size in ((loaded.train, 12), (loaded.validation, 3), (loaded.test, 3)):
        assert np.bincount(part.labels).tolist() == [size, size]
        assert ((part.images.mean(axis=(1, 2, 3)) > 128) == part.labels).all()
    written = {noise(label, seed).tobytes() for label in CLASSES for seed in range(15)}
    read = [image.tobytes() for part in (loaded.train, loaded.validation) for image in part.images]
    assert len(read) == len(set(read)) == 30
    assert set(read) == written
    assert own_images(str(root), "mine").dataset == replace(row, dataset="mine")


def test_the_same_images_are_stored_once_whatever_they_are_called(
    root: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = own_images(str(root))
    for path in list(root.rglob("*.png")):
        path.rename(path.with_name(f"{10000 - int(path.stem)}.jpg"))  # another order, and another extension
    monkeypatch.setattr(storing, "encode", lambda path: pytest.fail("written again"))
    assert own_images(str(root)) == first
    assert stored(cache) == ["1.0.0"]


def test_a_changed_pixel_is_another_dataset(root: Path) -> None:
    first = own_images(str(root))
    pixels = noise("dark", 3)
    pixels[0, 0, 0] += 1
    Image.fromarray(pixels).save(root / "dark/0003.png")
    second = own_images(str(root))
    assert second.dataset.version != first.dataset.version
    assert replace(second, dataset=first.dataset) == first


def test_another_process_finds_what_was_stored(root: Path) -> None:
    row = own_images(str(root)).dataset
    code = (
        "from collector.datasets.preparing import find_builder; from collector.spec.dataset import Dataset; "
        f"print(find_builder({row!r}).info.splits['train'].num_examples)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "24\n"


@pytest.mark.slow
def test_1000_images_are_for_learning_and_the_rest_for_testing(tmp_path: Path) -> None:
    write(tmp_path / "many", "dark", range(910), 20)
    write(tmp_path / "many", "light", range(383), 20)
    write(tmp_path / "many", "rare", range(7), 20)
    found = own_images(str(tmp_path / "many"))
    assert (found.train, found.validation, found.test, found.counts) == (800, 200, 300, (910, 383, 7))
    assert found.notes == ("The classes are unequal: dark has 910 images, rare 7.",)
    loaded = load(found, 20)
    labels = [np.bincount(part.labels, minlength=3).tolist() for part in (loaded.train, loaded.validation, loaded.test)]
    assert labels == [[560, 236, 4], [140, 59, 1], [210, 88, 2]]
    pictures = [{image.tobytes() for image in part.images} for part in (loaded.train, loaded.validation, loaded.test)]
    assert len(set.union(*pictures)) == 1300
    half = np.bincount(loaded.train.labels[:400])[0]  # 280 on average, give or take 7
    assert 250 < half < 310


def test_too_little_to_learn_from(tmp_path: Path) -> None:
    root = tmp_path / "few"
    root.mkdir()
    assert "has no subfolders. Put the images of each class into a subfolder" in refused(root)
    (root / "dark").mkdir()
    assert refused(root) == f"{root} has no image that can be used."
    write(root, "dark", range(20))
    assert "has one class only, dark: at least two are needed." in refused(root)
    write(root, "light", range(4))
    (root / "other").mkdir()
    (root / "light/broken.png").touch()
    said = refused(root)
    assert "has too few images of light (4), other (0): each class needs at least 5." in said
    assert "1 file skipped, not images: light/broken.png." in said
    (root / "other").rmdir()
    shutil.rmtree(root / "dark")
    write(root, "dark", range(14))
    write(root, "light", range(5))
    assert "has 19 images: at least 20 are needed." in refused(root)


def test_a_disk_that_is_full_or_a_cache_that_is_no_folder(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10, 10, 30 * SIDE * SIDE * 3 - 1))
        said = refused(root)
    assert f"Too little disk space: keeping the images of pictures needs about 0.0 GB in {cache}" in said
    cache.parent.write_text("a file")
    assert f"The images could not be kept in {cache}. " in refused(root)


def test_a_published_dataset_keeps_its_files(cache: Path) -> None:
    builder = Dataset("digits", None, 10, "", "", "", "mnist:3.0.1")
    tiny_vtab.write(cache, builder, {"train": [{"label": n % 10} for n in range(11)], "test": [{}] * 3})
    before = sorted(cache.rglob("*"))
    found = own_images("mnist")
    assert sorted(cache.rglob("*")) == before
    assert (found.train, found.validation, found.test, found.counts, found.notes) == (8, 3, 3, (), ())
    assert found.used == 14
    assert found.classes == tuple("0123456789")
    row = found.dataset
    assert (row.dataset, row.builder, row.num_classes, row.vtab_group) == ("mnist", "mnist:3.0.1", 10, None)
    assert (row.train, row.validation, row.test, row.num_test) == ("train[:80%]", "train[80%:]", "test", 3)
    assert load(found).validation.labels.tolist() == [8, 9, 0]
    assert own_images("mnist:3.0.1", "digits").dataset == replace(row, dataset="digits")


def test_an_own_dataset_is_a_published_one_too(root: Path) -> None:
    row = own_images(str(root)).dataset
    found = own_images(row.builder)
    assert (found.train, found.validation, found.test, found.notes) == (24, 6, 6, (NO_TEST,))
    assert preparing.find_builder(found.dataset).info.full_name == row.builder.replace(":", "/")


def test_a_published_dataset_without_classes(cache: Path) -> None:
    tiny_vtab.write(cache, Dataset("", None, 0, "", "", "", "dsprites:2.1.0"), {"train": [{}]})
    assert "dsprites:2.1.0 has no features image and label, only " in refused("dsprites:2.1.0")


def test_training_images_beyond_1000_are_left_out_where_they_give_the_validation_images(tmp_path: Path) -> None:
    for label in CLASSES:
        write(tmp_path / "divided/train", label, range(510), 20)
        write(tmp_path / "divided/test", label, range(600, 602), 20)
    found = own_images(str(tmp_path / "divided"))
    assert (found.train, found.validation, found.test, found.counts) == (800, 200, 4, (512, 512))
    assert found.notes[:2] == (
        "No validation images are given: 200 training images became that.",
        "20 training images not used: 1,000 are divided into train and validation.",
    )


def test_what_is_nowhere(tmp_path: Path) -> None:
    assert "Did you mean 'mnist'?" in refused("mnits")
    assert "mnits is no folder or file here, and as a published dataset: mnits: unknown builder" in refused("mnits")
    assert "cannot be loaded at version 9.9.9" in refused("mnist:9.9.9")
    assert refused(tmp_path / "absent") == f"There is no folder or file '{tmp_path}/absent'."
    assert refused("") == "There is no folder or file ''."
