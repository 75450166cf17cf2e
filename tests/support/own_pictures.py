"""Pictures of two classes, which differ by more than near copies do, and what became of them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tiny
from numpy.typing import NDArray
from PIL import Image

from collector.datasets import loading
from collector.datasets.own.images import OwnImages, own_images
from collector.datasets.own.listing import OwnImagesError
from collector.spec.dataset import DatasetError

SIDE = 32
CLASSES = {"dark": 0, "light": 140}  # the darkest level of their pictures


def noise(label: str, seed: int, side: int = SIDE) -> NDArray[np.uint8]:
    """A picture of another seed or label is no near copy: thumbnails of the noise are more than ten levels apart."""
    rng = np.random.default_rng([seed, *label.encode()])
    return (CLASSES.get(label, 75) + rng.integers(0, 106, (side, side, 3))).astype(np.uint8)


def write(folder: Path, label: str, seeds: Iterable[int], side: int = SIDE) -> None:
    (folder / label).mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        Image.fromarray(noise(label, seed, side)).save(folder / label / f"{seed:04}.png", compress_level=1)


def load(found: OwnImages, image_size: int = SIDE) -> loading.Images:
    protocol = replace(tiny.PROTOCOL, train_examples=found.train, validation_examples=found.validation, test_examples=None)
    return loading.load(found.dataset, protocol, image_size)


def refused(where: Path | str) -> str:
    with pytest.raises(OwnImagesError) as error:
        own_images(str(where))
    assert isinstance(error.value, DatasetError)
    return str(error.value)


def stored(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.glob("own_*/*"))


def of(notes: Iterable[str], part: str) -> list[str]:
    return [note for note in notes if part in note]


def brighter(source: Path, target: Path) -> None:
    """A near copy: every pixel two levels brighter."""
    Image.fromarray(np.asarray(Image.open(source)) + np.uint8(2)).save(target)
