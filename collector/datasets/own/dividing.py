"""Divides a user's images into train, validation and test, as the user did or else by class: 800, 200 and at most 1,000, as in VTAB-1K.

All of it depends on the images' content and labels alone, not on their names.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from collector.datasets.builders.split import near_copies, near_pairs, permutation
from collector.datasets.own.listing import OwnImagesError, counted, named, shown
from collector.datasets.own.reading import Sample

LEARN, TEST = 1000, 1000  # images for train and validation together; for test
VALIDATION = 0.2
LEAST = 5  # images of a class
COPY_LEVELS = 3  # thumbnails that differ by fewer gray levels are near copies: another crop or compression of a picture
SEED = 1
_BLOCK = 256

Numbers = NDArray[np.intp]


@dataclass(frozen=True)
class Parts:
    """The splits, each in random order; test is empty where no images are left for it."""

    train: list[Sample]
    validation: list[Sample]
    test: list[Sample]
    notes: tuple[str, ...]


def divide(samples: Sequence[Sample], classes: Sequence[str]) -> Parts:
    """Divide images that are ordered by content, without equal ones. A split that the user gives is kept.

    Raises OwnImagesError where a class is not in train or in validation.
    """
    shuffled = [samples[index] for index in permutation(len(samples), SEED)]
    if shuffled[0].entry.split is None:
        train, validation, test = _by_class(shuffled, classes)
        notes: list[str] = []
    else:
        train, validation, test, notes = _as_given(shuffled, classes)
    leaks = _near(validation, train) + _near(test, [*train, *validation])
    if leaks:
        notes.append(
            f"{counted(leaks, 'image')} of validation and test nearly equal to one of another split: accuracies on them flatter."
        )
    return Parts(train, validation, test, tuple(notes))


def _as_given(samples: Sequence[Sample], classes: Sequence[str]) -> tuple[list[Sample], list[Sample], list[Sample], list[str]]:
    """Train, validation and test as the user divided them, and notes; without validation images, some of train become that."""
    train, validation, test = (
        [sample for sample in samples if sample.entry.split == split] for split in ("train", "validation", "test")
    )
    _check(train, classes, "train", 1 if validation else 2)
    if validation:
        _check(validation, classes, "validation", 1)
        return train, validation, test, []
    some, validation, _ = _by_class(train, classes)
    notes = [f"No validation images are given: {counted(len(validation), 'training image')} became that."]
    unused = len(train) - len(some) - len(validation)
    if unused:
        notes.append(f"{counted(unused, 'training image')} not used: {LEARN:,} are divided into train and validation.")
    return some, validation, test, notes


def _check(samples: Sequence[Sample], classes: Sequence[str], split: str, least: int) -> None:
    counts = np.bincount(labels_of(samples, classes), minlength=len(classes))
    missing = [shown(name) for name, count in zip(classes, counts, strict=True) if count < least]
    if missing:
        raise OwnImagesError(f"Too few images in {split} (at least {least} a class are needed) of {named(missing)}.")


def labels_of(samples: Sequence[Sample], classes: Sequence[str]) -> Numbers:
    """Return the labels, from 0, in the order of the classes."""
    numbers = {name: number for number, name in enumerate(classes)}
    return np.array([numbers[sample.entry.label] for sample in samples], np.intp)


def _by_class(samples: Sequence[Sample], classes: Sequence[str]) -> tuple[list[Sample], list[Sample], list[Sample]]:
    """Divide images in random order into train, validation and test, where classes are as frequent as they are in all images."""
    labels = labels_of(samples, classes)
    counts = np.bincount(labels, minlength=len(classes))
    learn = shares(counts, min(LEARN, len(samples)), np.minimum(counts, LEAST))
    test = shares(counts - learn, min(TEST, len(samples) - int(learn.sum())), 0)
    validation = shares(learn, round(VALIDATION * int(learn.sum())), 1)

    each = [np.flatnonzero(labels == label)[: learn[label] + test[label]] for label in range(len(classes))]
    used = np.sort(np.concatenate(each))
    groups = _groups([samples[index] for index in used])
    labels = labels[used]
    # Near copies follow one another within their class, so that few of their groups are cut in two.
    order = np.lexsort((groups, labels))
    sizes = np.stack([learn - validation, validation, test], axis=1)
    part = np.empty(len(used), np.intp)
    part[order] = np.concatenate([np.repeat(np.arange(3), row) for row in sizes])
    part = _together(part, groups, labels)
    train, validated, tested = ([samples[index] for index in used[part == number]] for number in range(3))
    return train, validated, tested


def shares(counts: Numbers, total: int, least: Numbers | int) -> Numbers:
    """Share a total among classes in proportion to their counts, at least `least` each, which may make it more.

    counts: [classes]; least: at most the counts; total: at most their sum.
    """
    exact = counts * total / max(counts.sum(), 1)
    found: Numbers = np.maximum(counts * total // max(counts.sum(), 1), least)
    while found.sum() < total:
        found[np.argmax(exact - found)] += 1
    while found.sum() > total and (found > least).any():
        found[np.argmax(np.where(found > least, found - exact, -np.inf))] -= 1
    return found


def _groups(samples: Sequence[Sample]) -> Numbers:
    """Number the groups of near copies, in the order of their first images: [n]."""
    near = near_copies(np.stack([sample.picture.thumbnail for sample in samples]), COPY_LEVELS)
    _, found = connected_components(near, directed=False)
    _, first, inverse = np.unique(found, return_index=True, return_inverse=True)
    return np.asarray(first[inverse], np.intp)


def _together(part: Numbers, groups: Numbers, labels: Numbers) -> Numbers:
    """Move near copies to the split of those that come first, except where a class would lose most of its validation images.

    part: 0 train, 1 validation, 2 test, [n].
    """
    earliest = np.full(len(part), 3)
    np.minimum.at(earliest, groups, part)
    moved = earliest[groups]
    before, after = (np.bincount(labels[which == 1], minlength=labels.max() + 1) for which in (part, moved))
    return np.asarray(np.where((2 * after >= before)[labels], moved, part), np.intp)


def _near(these: Sequence[Sample], those: Sequence[Sample]) -> int:
    """Count those of the first images that are near copies of one of the second."""
    others = np.array([sample.picture.thumbnail for sample in those])
    count = 0
    for start in range(0, len(these), _BLOCK):
        block = np.stack([sample.picture.thumbnail for sample in these[start : start + _BLOCK]])
        count += int(near_pairs(block, others, COPY_LEVELS).any(axis=1).sum())
    return count
