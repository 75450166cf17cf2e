"""Writes VTAB's datasets in miniature: the features of the real builders of tensorflow-datasets, with made-up examples.

The real builder finds such a folder as if it had prepared it itself: its own class and version, and real files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from numpy.typing import NDArray
from tiny import PROTOCOL

from collector.spec.dataset import Dataset

Example = dict[str, Any]


def write(folder: Path, dataset: Dataset, splits: Mapping[str, Sequence[Example]], in_file: int = 7) -> None:
    """Write splits of examples, which name the features that matter, in their order; in_file: how many go into one file."""
    builder = tfds.builder(dataset.builder, data_dir=folder)
    Path(builder.data_dir).mkdir(parents=True)
    writer = tfds.core.SequentialWriter(builder.info, in_file)
    writer.initialize_splits(list(splits))
    for split, examples in splits.items():
        writer.add_examples({split: [_complete(builder.info.features, example) for example in examples]})
    writer.close_all()


def picture(dataset: Dataset, index: int) -> NDArray[np.uint8]:
    """A picture that encodes its index: brightness 4 · index, or for dSprites, whose pixels are 0 and 1, as many white columns."""
    shape = _shape(dataset.builder)
    if dataset.levels == 255:
        return np.broadcast_to((np.arange(shape[1]) < index)[:, np.newaxis], shape).astype(np.uint8)
    return np.full([side or 12 for side in shape], 4 * index, np.uint8)


@cache
def _shape(builder: str) -> tuple[int | None, ...]:
    shape: tuple[int | None, ...] = tfds.builder(builder).info.features["image"].shape
    return shape


def indices_of(dataset: Dataset, images: NDArray[np.uint8]) -> list[int]:
    """The indices of the pictures in images, uint8 [n, 64, 64, 3]: the inverse of picture."""
    if dataset.levels == 255:
        return [int(count) for count in (images[:, 0, :, 0] == 255).sum(axis=1)]
    return [int(level) // 4 for level in images[:, 32, 32, 0]]


def _complete(features: Any, example: Example) -> Example:
    return {name: _value(feature, example.get(name)) for name, feature in features.items()}


def _value(feature: Any, given: Any) -> Any:
    """The given value, completed, or an arbitrary one."""
    if isinstance(feature, tfds.features.Sequence):
        return [_complete(feature.feature, element) for element in given or ()]
    if given is not None:
        return given
    if isinstance(feature, tfds.features.BBoxFeature):
        return tfds.features.BBox(0.0, 0.0, 0.5, 0.5)
    if isinstance(feature, tfds.features.Text):
        return ""
    kind = np.uint8 if isinstance(feature, tfds.features.Image) else feature.np_dtype
    return np.zeros([side or 4 for side in feature.shape], kind)[()]


FEW = replace(PROTOCOL, train_examples=8, validation_examples=2, test_examples=None, antialias=False)
PLAIN: dict[str, Example] = {
    "clevr": {"objects": [{"size": 0, "pixel_coords": [0, 0, 9.2]}] * 3},
    "kitti": {"objects": [{"type": 0, "location": [0, 0, 5]}]},
}
