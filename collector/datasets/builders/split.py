"""Divides the datasets built here: 800 training, 200 validation and at most 1,000 test pictures, as in VTAB-1K.

The order is a fixed permutation, so the first n training pictures are a random sample, too. No picture is in two splits; which pictures
with different pixels count as copies of each other is decided for each source (`without_copies`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TRAIN, VALIDATION, TEST = 800, 200, 1000
TOTAL = TRAIN + VALIDATION + TEST


@dataclass(frozen=True)
class Pictures:
    """Labelled pictures: images uint8 [n, height, width, 1 or 3], labels int64 [n], from 0."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: NDArray[np.intp] | slice) -> "Pictures":
        return Pictures(self.images[indices], self.labels[indices])


def permutation(count: int, seed: int) -> NDArray[np.intp]:
    """Return the numbers 0..count-1 in an order that the seed determines."""
    # numpy guarantees RandomState's stream; Generator's may change with a release.
    return np.random.RandomState(seed).permutation(count).astype(np.intp)


def distinct(images: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Return the index of the first of each set of equal pictures, ascending. images: [n, ...]."""
    first: dict[bytes, int] = {}
    for index, image in enumerate(images):
        first.setdefault(image.tobytes(), index)
    return np.fromiter(first.values(), np.intp)


def without_copies(similar: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the indices that remain, ascending, after dropping each that is similar to an earlier one kept. similar: symmetric [n, n]."""
    kept = np.zeros(len(similar), bool)
    for index, row in enumerate(similar):
        kept[index] = not (row & kept).any()
    return np.flatnonzero(kept)


def near_copies(images: NDArray[np.uint8], levels: float) -> NDArray[np.bool_]:
    """Find the pairs of pictures that differ by less than that many gray levels, root mean square over the pixels: symmetric [n, n].

    images: [n, ...].
    """
    return near_pairs(images, images, levels) & ~np.eye(len(images), dtype=bool)


def near_pairs(these: NDArray[np.uint8], those: NDArray[np.uint8], levels: float) -> NDArray[np.bool_]:
    """Find which of these pictures, [n, ...], differ from which of those, [m, ...], by less than that many gray levels: [n, m]."""
    # Whole numbers, so products are exact and the same on every machine.
    flat, other = (images.reshape(len(images), -1).astype(np.float64) for images in (these, those))
    distances = (flat * flat).sum(axis=1)[:, np.newaxis] + (other * other).sum(axis=1) - 2 * (flat @ other.T)
    similar: NDArray[np.bool_] = distances < levels * levels * flat.shape[1]
    return similar


def divide(pictures: Pictures, num_classes: int) -> dict[str, Pictures]:
    """Divide pictures in random order into train, validation and test. Of equal pictures only the first is kept.

    Raises ValueError where fewer than 1,001 pictures differ, or a class has no training picture.
    """
    different = pictures.take(distinct(pictures.images))
    if len(different) <= TRAIN + VALIDATION:
        raise ValueError(
            f"{len(different)} different pictures leave none for the test split: more than {TRAIN + VALIDATION} are needed."
        )
    ends = {"train": slice(0, TRAIN), "validation": slice(TRAIN, TRAIN + VALIDATION), "test": slice(TRAIN + VALIDATION, TOTAL)}
    splits = {name: different.take(part) for name, part in ends.items()}
    missing = sorted(set(range(num_classes)) - set(splits["train"].labels.tolist()))
    if missing:
        raise ValueError(f"No training picture has class {', '.join(map(str, missing))} of 0..{num_classes - 1}.")
    return splits
