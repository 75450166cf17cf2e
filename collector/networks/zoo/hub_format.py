"""A Keras network as a reusable SavedModel of TensorFlow 2, the format in which TensorFlow Hub ships modules.

What hub.load gives back is called with images and a flag, loaded(images, training=True), and has variables,
trainable_variables and regularization_losses. Keras' own export gives nothing that is callable, so the function is wrapped here.
"""

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

# The packages' own momenta, up to 0.999, are for hundreds of thousands of steps: after the few dozen to few hundred of a fine-tune
# here, evaluation would still see the statistics of the upstream images. It is no weight, and a shorter memory changes none.
MOVING_AVERAGE_MOMENTUM = 0.9


def write(network: keras.Model, folder: Path) -> None:
    """Saves a network of one input [n, height, width, channels] and one output, in evaluation and in training.

    The function is traced with a free batch size, and with free height and width where the network's input leaves them open.
    In training, batch normalisation uses the batch's statistics and moves its averages, with a momentum of 0.9.
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
    # A plain function over listed variables: no object of Keras is saved, so none is needed to load it.
    module = tf.train.Checkpoint()
    module.__call__ = function
    module.variables = [variable.value for variable in network.variables]
    module.trainable_variables = [variable.value for variable in network.trainable_variables]
    module.regularization_losses = []  # the weight decay of a fine-tune is its protocol's matter, the same for all networks
    tf.saved_model.save(module, str(folder))
