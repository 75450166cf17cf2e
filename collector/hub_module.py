"""Loads a network through tensorflow-hub and gives it one shape: images in, representation out, everything trainable."""

from collections.abc import Callable
from dataclasses import dataclass

import tensorflow as tf
import tensorflow_hub as hub

from collector.model import ModuleError


@dataclass(frozen=True)
class HubModule:
    """A reusable TF2 SavedModel.

    represent(images, training): float32 [n, height, width, 3] in the network's range -> float32 [n, feature_dim]; with training=True
    batch-norm statistics are those of the batch and the moving averages are updated.
    trainable: what fine-tuning changes. variables: all of them, moving averages included.
    """

    represent: Callable[[tf.Tensor, bool], tf.Tensor]
    trainable: list[tf.Variable]
    variables: list[tf.Variable]


def load(handle: str) -> HubModule:
    """Load a hub handle or a folder that holds a SavedModel. Raises ModuleError where it is not reusable for fine-tuning."""
    try:
        loaded = hub.load(handle)
    except (OSError, ValueError) as error:
        raise ModuleError(f"{handle} cannot be loaded through tensorflow-hub: {error}") from error
    if not callable(loaded) or not getattr(loaded, "trainable_variables", None):
        raise ModuleError(f"{handle} is no reusable SavedModel: it needs __call__(images, training) and trainable_variables.")
    return HubModule(
        represent=lambda images, training: loaded(images, training=training),
        trainable=list(loaded.trainable_variables),
        variables=list(loaded.variables),
    )
