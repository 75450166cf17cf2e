"""Saves Keras networks as reusable SavedModels of TensorFlow 2, the format of TensorFlow Hub.

What hub.load returns is called with images and a flag, loaded(images, training=True), and has variables, trainable_variables and
regularization_losses. Keras' own export returns nothing callable, so the function is wrapped here.
"""

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

# The packages' own momenta, up to 0.999, are meant for hundreds of thousands of steps: after the few dozen to few hundred steps of a
# fine-tune, evaluation would still use the statistics of the upstream images. Changing the momentum changes no weight.
MOVING_AVERAGE_MOMENTUM = 0.9


def write(network: keras.Model, folder: Path) -> None:
    """Save a network with one input [n, height, width, channels] and one output, for evaluation and for training.

    The function is traced for any batch size, and for any height and width where the network's input has none.
    In training, batch normalisation uses the batch's statistics and updates its moving averages, with a momentum of 0.9.
    """
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = MOVING_AVERAGE_MOMENTUM

    def call(images: Any, training: bool = False) -> Any:
        return network(images, training=training)

    function = tf.function(call, autograph=False)
    images = tf.TensorSpec(network.inputs[0].shape, tf.float32, "images")
    for training in (False, True):
        function.get_concrete_function(images, training=training)
    # A function and lists of variables: no Keras object is saved, so Keras is not needed to load it.
    module = tf.train.Checkpoint()
    module.__call__ = function
    module.variables = [variable.value for variable in network.variables]
    module.trainable_variables = [variable.value for variable in network.trainable_variables]
    module.regularization_losses = []  # weight decay is set by the protocol, the same for all networks
    tf.saved_model.save(module, str(folder))
