"""How every dataset built here is divided: 800 training, 200 validation and at most 1,000 test pictures, as in VTAB-1K.

The order is one fixed permutation, so the first n training pictures are a random draw too. No picture is in two splits; which
pictures count as copies of each other beyond equal pixels is for each source to say (`apart`).
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
    """The numbers 0..count-1 in an order fixed by the seed."""
    # numpy promises that RandomState's stream stays as it is; Generator's may change with a release.
    return np.random.RandomState(seed).permutation(count).astype(np.intp)


def distinct(images: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Indices, in order, of the first of each set of equal pictures. images: [n, ...]."""
    first: dict[bytes, int] = {}
    for index, image in enumerate(images):
        first.setdefault(image.tobytes(), index)
    return np.fromiter(first.values(), np.intp)


def apart(alike: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Indices, in order, that are left when each one that is like an earlier one left is dropped. alike: symmetric [n, n]."""
    kept = np.zeros(len(alike), bool)
    for index, row in enumerate(alike):
        kept[index] = not (row & kept).any()
    return np.flatnonzero(kept)


def near(images: NDArray[np.uint8], levels: float) -> NDArray[np.bool_]:
    """Which pictures [n, ...] are less than that many gray levels apart, root mean square over the pixels: symmetric [n, n]."""
    flat = images.reshape(len(images), -1).astype(np.float64)  # whole numbers: the products are exact, the same everywhere
    squares = (flat * flat).sum(axis=1)
    distances = squares[:, np.newaxis] + squares - 2 * (flat @ flat.T)
    alike: NDArray[np.bool_] = distances < levels * levels * flat.shape[1]
    return alike & ~np.eye(len(images), dtype=bool)


def divide(pictures: Pictures, num_classes: int) -> dict[str, Pictures]:
    """train, validation and test of pictures that are in a random order; equal pictures are dropped but for the first.

    Raises ValueError where fewer than 1,001 differ, or a class has no training picture: a builder promises every class.
    """
    different = pictures.take(distinct(pictures.images))
    if len(different) <= TRAIN + VALIDATION:
        raise ValueError(f"{len(different)} different pictures leave none to test: more than {TRAIN + VALIDATION} are needed.")
    ends = {"train": slice(0, TRAIN), "validation": slice(TRAIN, TRAIN + VALIDATION), "test": slice(TRAIN + VALIDATION, TOTAL)}
    splits = {name: different.take(part) for name, part in ends.items()}
    missing = sorted(set(range(num_classes)) - set(splits["train"].labels.tolist()))
    if missing:
        raise ValueError(f"No training picture has class {', '.join(map(str, missing))} of 0..{num_classes - 1}.")
    return splits
