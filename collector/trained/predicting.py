"""Asks the SavedModel of a trained model what pictures show. Loads TensorFlow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from collector.datasets.loading import Split
from collector.datasets.own.picture import encode
from collector.trained.counts import Confusion, confusion

BATCH = 128
LEVELS = np.float32(255)

Classifier = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def load_classifier(folder: Path) -> Classifier:
    """Load a SavedModel as a function of images, float32 [n, height, width, 3] in [0, 1], that gives probabilities [n, classes].

    Raises OSError, ValueError or tf.errors.OpError where the folder does not hold one.
    """
    network = tf.saved_model.load(str(folder))
    return lambda images: np.asarray(network(tf.constant(images)))


def answers(classify: Classifier, split: Split, classes: int) -> Confusion:
    """Count what a classifier takes the images of a split for."""
    batches = [np.asarray(split.images[at : at + BATCH], np.float32) / LEVELS for at in range(0, len(split.labels), BATCH)]
    predicted = np.concatenate([classify(batch).argmax(axis=1) for batch in batches])
    return confusion(split.labels, predicted, classes)


def probabilities(classify: Classifier, path: Path) -> NDArray[np.float32]:
    """Return the probabilities of the classes, [classes], for one file, decoded as the training images were. Raises Unreadable."""
    _, image = encode(path)
    pixels = tf.io.decode_image(image, channels=3, expand_animations=False)
    (found,) = classify(np.asarray(pixels, np.float32)[None] / LEVELS)
    return np.asarray(found)
