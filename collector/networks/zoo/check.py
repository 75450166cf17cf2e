"""Checks that a saved network computes what the original does, before anything else can load it."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow_hub as hub
from numpy.typing import NDArray
from PIL import Image

from collector.artifacts.download import read
from collector.artifacts.packages import SCIKIT_IMAGE
from collector.networks.zoo.error import ZooError
from collector.spec.model import Model

TOLERANCE = 1e-4  # of the values of a representation, absolute or relative: sums may be taken in another order
PICTURES = ("skimage/data/chelsea.png", "skimage/data/coffee.png", "skimage/data/motorcycle_left.png")


@dataclass(frozen=True)
class Built:
    """A network in Keras, images → representation, and a check of its output.

    check(images [3, size, size, 3], representation [3, feature_dim]) raises ZooError where the representation of the three pictures is
    not the expected one.
    """

    network: keras.Model
    check: Callable[[NDArray[np.float32], NDArray[np.float32]], None]


def pictures(size: int, input_range: tuple[float, float]) -> NDArray[np.float32]:
    """Return a cat, a cup of coffee and a motorcycle, float32 [3, size, size, 3], cropped to squares, in a network's input range."""
    black, white = input_range
    images = np.stack([_square(read(SCIKIT_IMAGE, name), size) for name in PICTURES])
    return (black + images / 255.0 * (white - black)).astype(np.float32)


def check_saved(folder: Path, model: Model, built: Built) -> None:
    """Load a saved network as the collector will, and compare it with its row. Raises ZooError where it differs."""
    loaded = hub.load(str(folder))
    images = pictures(model.image_size, model.input_range)
    representation = loaded(images, training=False).numpy()
    _check_width("representation", representation, "feature_dim", model.feature_dim)
    # Of the representation only: heads are not included, and moving averages are not trainable.
    num_params = sum(int(np.prod(variable.shape)) for variable in loaded.trainable_variables)
    if num_params != model.num_params:
        raise ZooError(f"it has {num_params:,} trainable parameters, registered is num_params {model.num_params:,}")
    if not np.isfinite(representation).all() or len(np.unique(representation, axis=0)) != len(images):
        raise ZooError("its representation is not finite, or is the same for different pictures")
    built.check(images, representation)


def check_head(folder: Path, model: Model, built: Built) -> None:
    """Load a saved network with its head, and compare it with the network's row. Raises ZooError where it differs."""
    images = pictures(model.image_size, model.input_range)
    logits = hub.load(str(folder))(images, training=False).numpy()
    _check_width("logits", logits, "source_classes", model.source_classes)
    built.check(images, logits)


def _check_width(what: str, output: NDArray[np.float32], column: str, registered: int | None) -> None:
    if output.shape[1:] != (registered,):
        raise ZooError(
            f"the shape of its {what} is {list(output.shape)}, registered is {column} {registered}: [{len(output)}, {registered}]"
        )


def compare(representation: NDArray[np.float32], original: NDArray[np.float32]) -> None:
    """Raise ZooError where an output differs from that of the package's own file."""
    if not np.allclose(representation, original, rtol=TOLERANCE, atol=TOLERANCE):
        difference = float(np.abs(representation - original).max())
        raise ZooError(f"its output differs from the package's own file by up to {difference:.3g}")


def _square(png: bytes, size: int) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(png)) as image:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        cropped = image.convert("RGB").crop((left, top, left + side, top + side))
        return np.asarray(cropped.resize((size, size), Image.Resampling.BICUBIC))
