"""Tiny real networks in the hub's format, and images that they can learn in a second."""

from pathlib import Path

import keras
import numpy as np

from collector.datasets.loading import Images, Split
from collector.networks.zoo import hub_format
from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.protocol import Protocol

PROTOCOL = Protocol(
    study="tiny",
    image_size=16,
    antialias=True,
    train_examples=48,
    validation_examples=20,
    test_examples=30,
    steps=12,
    batch_size=16,
    momentum=0.9,
    weight_decay=0.0,
    warmup_steps=2,
    decay_at=(1 / 3, 2 / 3, 9 / 10),
    decay_factor=0.1,
    learning_rates=(0.1, 0.01),
    repeats=2,
    linear_steps=20,
    linear_batch_size=16,
    linear_momentum=0.9,
    linear_learning_rates=(0.1, 0.01),
    linear_repeats=2,
)


def network(folder: Path, seed: int = 0, feature_dim: int = 8, shrink: int = 1) -> Model:
    """Save a convolution, a batch normalisation and a depthwise convolution as a hub module; return its row. With shrink 64 it reads
    one pixel in 64 of each row and column, so that large images cost little."""
    keras.utils.set_random_seed(seed)
    images = keras.Input((None, None, 3))
    x = images[:, ::shrink, ::shrink] if shrink > 1 else images
    x = keras.layers.Conv2D(feature_dim, 3, strides=2, padding="same")(x)
    x = keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(x))
    x = keras.layers.DepthwiseConv2D(3, padding="same")(x)
    net = keras.Model(images, keras.layers.GlobalAveragePooling2D()(x))
    hub_format.write(net, folder)
    return model(str(folder), feature_dim)


def model(handle: str, feature_dim: int = 8) -> Model:
    return Model("tiny", handle, "expert", "nothing", 0, None, 400, feature_dim, 16, "", "")


def images(classes: int, seed: int = 0, protocol: Protocol = PROTOCOL) -> Images:
    """Noise whose brightness depends on the class, which a network learns in a few steps."""
    rng = np.random.default_rng(seed)

    def split(count: int) -> Split:
        labels = np.arange(count, dtype=np.int32) % classes
        noise = rng.integers(0, 60, (count, 16, 16, 3))
        return Split((noise + (labels * (190 // classes))[:, None, None, None]).astype(np.uint8), labels)

    return Images(split(protocol.train_examples), split(protocol.validation_examples), split(protocol.test_examples or 30))


def dataset(name: str, classes: int) -> Dataset:
    return Dataset(name, "natural", classes, "noise", "1", "", "none")
