"""Writes a trained network as a SavedModel of TensorFlow 2: pictures of any size in, probabilities out."""

from pathlib import Path

import tensorflow as tf

from collector.datasets.loading import resize
from collector.procedures.classifier import checked, pixels
from collector.procedures.program import Program


def export(program: Program, folder: Path) -> None:
    """Save the network and its head with the weights that they have now.

    What is loaded is called with images, float32 [n, height, width, 3] in [0, 1], and returns probabilities, float32 [n, num_classes]; so
    does its signature serving_default, by the name probabilities. It resizes the images as `loading` does. It computes in float32.
    """
    classifier, size, antialias = program.classifier, program.image_size, program.protocol.antialias
    signature = [tf.TensorSpec([None, None, None, 3], tf.float32, "images")]

    @tf.function(input_signature=signature, autograph=False)
    def classify(images):  # type: ignore[no-untyped-def]
        levels = resize(tf.round(images * 255.0), size, antialias)  # whole levels, which the training images have, too
        representation = classifier.module.represent(pixels(classifier.model, levels), False)
        return tf.nn.softmax(checked(classifier.model, representation) @ classifier.kernel + classifier.bias)

    @tf.function(input_signature=signature, autograph=False)
    def serve(images):  # type: ignore[no-untyped-def]
        return {"probabilities": classify(images)}

    # A function and lists of variables: neither Keras nor this program is needed to load it.
    module = tf.train.Checkpoint()
    module.__call__ = classify
    module.variables = [*classifier.module.variables, classifier.kernel, classifier.bias]
    module.trainable_variables = list(classifier.trained)
    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve})
