"""Turns a user's own labelled images into a dataset in the cache, and says what was done to them."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from collector.datasets.own.dividing import LEAST, divide, labels_of
from collector.datasets.own.facts import OwnImages
from collector.datasets.own.folder import list_folder
from collector.datasets.own.listing import Listing, OwnImagesError, counted, named, shown
from collector.datasets.own.published import NAME, published
from collector.datasets.own.reading import Sample, read_all, without_equal
from collector.datasets.own.storing import store
from collector.datasets.own.table import list_table
from collector.spec.dataset import Dataset

FEWEST = 20  # images in all
IMBALANCE = 10
FEW_TO_TEST = 100
NO_TEST = "No images are left to test on: accuracies are on the validation images, and flatter."


def own_images(where: str, name: str | None = None) -> OwnImages:
    """Read, check, divide and store labelled images.

    where: a folder with one subfolder a class, or with folders train, validation (val, valid) and test that have one subfolder a class
    each; a CSV or Parquet file with columns path (file, image, filename), label (class) and optionally split; or, where there is no such
    file or folder, the name of a tensorflow-datasets dataset, which is prepared unless it is. name: the dataset's, otherwise that of the
    folder or file. The same images are stored once.

    Raises OwnImagesError where there is nothing to use, an image's label is not clear, a class has fewer than LEAST images, all have fewer
    than FEWEST, or the cache cannot be written to.
    """
    place = os.path.expanduser(where)
    path = Path(place)
    if os.path.isdir(place):  # Path('') would be the working folder
        listing = list_folder(path)
    elif os.path.isfile(place):
        listing = list_table(path)
    elif NAME.fullmatch(where):
        return _published(where, name)
    else:
        raise OwnImagesError(f"There is no folder or file '{shown(where)}'.")
    default = path.resolve().name if os.path.isdir(place) else path.stem
    return _read(path, name or shown(default) or "images", listing)


def _published(where: str, name: str | None) -> OwnImages:
    try:
        dataset, sizes = published(where, name or where)
    except OwnImagesError as error:
        raise OwnImagesError(f"{shown(where)} is no folder or file here, and as a published dataset: {error}") from error
    notes = [] if dataset.tested else [NO_TEST]
    return OwnImages(dataset, tuple(map(str, range(dataset.num_classes))), (), **sizes, notes=tuple(notes))


def _read(where: Path, name: str, listing: Listing) -> OwnImages:
    samples, notes = read_all(listing)
    samples, more = without_equal(samples, listing)
    notes += more
    counts = _checked(where, samples, listing.classes, notes)
    parts = divide(samples, listing.classes)
    notes += [*_imbalance(listing.classes, counts), *parts.notes]
    splits = {"train": parts.train, "validation": parts.validation}
    if parts.test:
        splits["test"] = parts.test
        if len(parts.test) < FEW_TO_TEST:
            notes.append(f"Only {counted(len(parts.test), 'image')} to test on: accuracies are coarse.")
    else:
        notes.append(NO_TEST)
    classes = tuple(map(shown, listing.classes))
    dataset = _row(name, splits, len(classes))
    store(dataset, splits, listing.classes)
    sizes = (len(parts.train), len(parts.validation), len(parts.test or parts.validation))
    return OwnImages(dataset, classes, counts, *sizes, tuple(notes))


def _checked(where: Path, samples: Sequence[Sample], classes: Sequence[str], notes: Sequence[str]) -> tuple[int, ...]:
    """The number of images of each class. Raises OwnImagesError, with the notes, which may say why they are few."""
    found = [int(count) for count in np.bincount(labels_of(samples, classes), minlength=len(classes))]
    few = [f"{shown(label)} ({count})" for label, count in zip(classes, found, strict=True) if count < LEAST]
    problem = None
    if not samples:
        problem = "has no image that can be used."
    elif len(classes) < 2:
        problem = f"has one class only, {shown(classes[0])}: at least two are needed."
    elif few:
        problem = f"has too few images of {named(few)}: each class needs at least {LEAST}."
    elif len(samples) < FEWEST:
        problem = f"has {counted(len(samples), 'image')}: at least {FEWEST} are needed."
    if problem:
        raise OwnImagesError("\n".join([f"{shown(where)} {problem}", *notes]))
    return tuple(found)


def _imbalance(classes: Sequence[str], counts: Sequence[int]) -> list[str]:
    most, least = int(np.argmax(counts)), int(np.argmin(counts))
    if counts[most] <= IMBALANCE * counts[least]:
        return []
    return [
        f"The classes are unequal: {shown(classes[most])} has {counted(counts[most], 'image')}, {shown(classes[least])} {counts[least]:,}."
    ]


def _row(name: str, splits: Mapping[str, Sequence[Sample]], num_classes: int) -> Dataset:
    """The dataset's row, whose version is a digest of its images, labels and splits."""
    lines = sorted(
        f"{sample.picture.digest.hex()} {split} {shown(sample.entry.label)}"
        for split, samples in splits.items()
        for sample in samples
    )
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]
    row = Dataset(shown(name), None, num_classes, "own images", digest, "", f"own_{digest}:1.0.0")
    return replace(row, test="test" if "test" in splits else "validation", num_test=len(splits.get("test", splits["validation"])))
