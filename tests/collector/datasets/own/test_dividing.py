"""Copies are dropped or kept together, classes are divided in proportion, and what is stored is whole."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from own_pictures import CLASSES, brighter, load, noise, of, refused, stored, write
from PIL import Image

from collector.datasets.own import dividing, images, picture, storing
from collector.datasets.own.images import own_images


@pytest.mark.parametrize(
    ("counts", "total", "least", "expected"),
    [
        ([50, 50], 20, 1, [10, 10]),
        ([10, 20, 70], 100, 5, [10, 20, 70]),
        ([5, 995], 100, 5, [5, 95]),
        ([6, 6, 988], 100, 5, [5, 5, 90]),
        ([5] * 300, 1000, 5, [5] * 300),  # more than the total
        ([0, 3], 2, 0, [0, 2]),
        ([0, 0], 0, 0, [0, 0]),
        ([1, 1, 1], 2, 0, [1, 1, 0]),
    ],
)
def test_shares_are_in_proportion(counts: list[int], total: int, least: int, expected: list[int]) -> None:
    assert dividing.shares(np.array(counts), total, least).tolist() == expected


def test_equal_pictures_are_dropped_and_contradictions_with_them(root: Path) -> None:
    shutil.copy(root / "dark/0001.png", root / "dark/copy.png")
    Image.open(root / "dark/0001.png").save(root / "dark/other.bmp")
    shutil.copy(root / "dark/0002.png", root / "light/wrong.png")
    found = own_images(str(root))
    assert found.counts == (14, 15)
    assert found.notes[:2] == (
        "2 images dropped, equal in every pixel to one that is kept: dark/copy.png, dark/other.bmp.",
        "2 images dropped, equal in every pixel but not in their labels: dark/0002.png, light/wrong.png.",
    )


def test_copies_across_given_splits_are_dropped_or_counted(tmp_path: Path) -> None:
    for split, seeds in {"train": range(12), "validation": range(20, 25), "test": range(30, 33)}.items():
        for label in CLASSES:
            write(tmp_path / "divided" / split, label, seeds)
    root = tmp_path / "divided"
    shutil.copy(root / "train/dark/0001.png", root / "test/dark/a.png")
    brighter(root / "train/dark/0001.png", root / "validation/dark/b.png")
    brighter(root / "validation/light/0020.png", root / "test/light/c.png")
    brighter(root / "train/light/0002.png", root / "train/light/d.png")  # within a split it does no harm
    found = own_images(str(root))
    assert (found.train, found.validation, found.test) == (25, 11, 7)
    assert (
        "1 image dropped, equal in every pixel to one that is kept, of which 1 in another split: test/dark/a.png." in found.notes
    )
    assert of(found.notes, "nearly equal") == [
        "2 images of validation and test nearly equal to one of another split: accuracies on them flatter."
    ]


def test_near_copies_come_into_one_split(root: Path) -> None:
    """Every second picture has a copy, two levels brighter; of the others, the dark ones have it among the light ones."""
    for path in sorted(root.rglob("*[02468].png")):
        brighter(path, path.with_name("near" + path.name))
    for path in sorted(root.glob("dark/00*[13579].png")):
        brighter(path, root / "light" / ("dark" + path.name))
    found = own_images(str(root))
    loaded = load(found)
    assert found.train + found.validation == 30 + 16 + 7
    assert 6 <= found.validation <= 11
    assert not of(found.notes, "nearly equal")
    differences = loaded.train.images[:, None].astype(int) - loaded.validation.images[None]
    assert np.abs(differences).max(axis=(2, 3, 4)).min() > 2


def test_near_copies_follow_the_first_of_them_unless_a_class_lost_most_of_its_validation() -> None:
    part = np.array([0, 1, 1, 2, 0, 1, 1, 1])
    groups = np.array([0, 0, 1, 1, 2, 2, 2, 3])  # one image of class 0 would leave validation, and two of three of class 1
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    assert dividing._together(part, groups, labels).tolist() == [0, 0, 1, 1, 0, 1, 1, 1]


def test_a_training_split_with_few_of_a_class_can_be_divided(tmp_path: Path) -> None:
    for split, label, count in (("train", "dark", 20), ("train", "light", 3), ("test", "dark", 23), ("test", "light", 6)):
        write(tmp_path / "divided" / split, label, range(count - 3 if split == "test" else 0, count))
    found = own_images(str(tmp_path / "divided"))
    assert (found.train, found.validation, found.test) == (18, 5, 6)
    assert np.bincount(load(found).validation.labels).tolist() == [4, 1]


def test_a_class_of_near_copies_is_still_validated(root: Path) -> None:
    for number in range(15):
        pixels = noise("dark", 0)
        pixels[number, 0] = 255
        Image.fromarray(pixels).save(root / f"dark/{number:04}.png")
    found = own_images(str(root))
    assert (found.train, found.validation) == (24, 6)
    assert of(found.notes, "nearly equal") == [
        "3 images of validation and test nearly equal to one of another split: accuracies on them flatter."
    ]


@pytest.mark.parametrize(
    "failure", [KeyboardInterrupt(), picture.Unreadable("no such file"), OSError(28, "No space left on device")]
)
def test_an_interrupted_writing_leaves_nothing(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    done: list[Path] = []

    def encode(path: Path) -> tuple[bytes, bytes]:
        done.append(path)
        if len(done) == 26:  # the second picture of validation
            raise failure
        return picture.encode(path)

    with monkeypatch.context() as patch:
        patch.setattr(storing, "encode", encode)
        if isinstance(failure, KeyboardInterrupt):
            with pytest.raises(KeyboardInterrupt):
                own_images(str(root))
        else:
            expected = (
                "changed while the images were read" if isinstance(failure, picture.Unreadable) else "No space left on device"
            )
            assert expected in refused(root)
    assert stored(cache) == []
    assert len(load(own_images(str(root))).train.labels) == 24


def test_a_picture_that_changes_before_it_is_stored(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(*arguments: object) -> None:
        shutil.copy(root / "dark/0001.png", root / "dark/0002.png")
        storing.store(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(images, "store", change)
    assert refused(root) == f"{root}/dark/0002.png changed while the images were read. Run it again."
    assert stored(cache) == []
