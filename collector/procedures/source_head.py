"""Asks a network's own classification head what it recognises in images."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from collector.networks.hub_module import HubModule
from collector.procedures.classifier import pixels
from collector.spec.model import Model, ModuleError

BATCH = 100


def source_head(head: HubModule, model: Model, size: int) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """Return a traced function of images [n, size, size, 3] that gives logits [n, source_classes], in inference.

    head: the network with its head. Raises ModuleError where the number of classes is not the registered one.
    """

    @tf.function(input_signature=[tf.TensorSpec([None, size, size, 3], tf.uint8)], autograph=False)
    def logits(images):  # type: ignore[no-untyped-def]
        return head.represent(pixels(model, images), False)

    def logits_of(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.concatenate([logits(np.asarray(images[at : at + BATCH])).numpy() for at in range(0, len(images), BATCH)])

    found = logits_of(np.zeros((1, size, size, 3), np.uint8))  # so that no run's seconds include the tracing
    if found.shape != (1, model.source_classes):
        raise ModuleError(
            f"Model {model.model!r}: its head gives logits [n, {found.shape[-1]}]; registered is source_classes {model.source_classes}."
        )
    return logits_of
