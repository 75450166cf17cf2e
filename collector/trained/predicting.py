"""Asks the SavedModel of a trained model what pictures show. Loads TensorFlow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from collector.datasets.loading import Images, Split
from collector.datasets.own.picture import encode
from collector.trained.counts import confusion
from collector.trained.drawing import thumbnail
from collector.trained.facts import Answers, Prediction

BATCH = 128
LEVELS = np.float32(255)
PICTURES = 1000  # of the test images: all where they are one's own

Classifier = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def load_classifier(folder: Path) -> Classifier:
    """Load a SavedModel as a function of images, float32 [n, height, width, 3] in [0, 1], that gives probabilities [n, classes].

    Raises OSError, ValueError or tf.errors.OpError where the folder does not hold one.
    """
    network = tf.saved_model.load(str(folder))
    return lambda images: np.asarray(network(tf.constant(images)))


def answers(classify: Classifier, images: Images, classes: int) -> Answers:
    """Count what a classifier takes the images of validation and test for, and keep what it takes each test image for."""
    validation, test = _ask(classify, images.validation), _ask(classify, images.test)
    predictions = [
        Prediction(int(label), int(found.argmax()), float(found.max()), thumbnail(image) if number < PICTURES else None)
        for number, (label, found, image) in enumerate(zip(images.test.labels, test, images.test.images, strict=True))
    ]
    return Answers(
        confusion(images.validation.labels, validation.argmax(axis=1), classes),
        confusion(images.test.labels, test.argmax(axis=1), classes),
        tuple(predictions),
    )


def _ask(classify: Classifier, split: Split) -> NDArray[np.float32]:
    """Return the probabilities of the classes for the images of a split, [n, classes]."""
    batches = [np.asarray(split.images[at : at + BATCH], np.float32) / LEVELS for at in range(0, len(split.labels), BATCH)]
    return np.concatenate([classify(batch) for batch in batches])


def probabilities(classify: Classifier, path: Path) -> NDArray[np.float32]:
    """Return the probabilities of the classes, [classes], for one file, decoded as the training images were. Raises Unreadable."""
    _, image = encode(path)
    pixels = tf.io.decode_image(image, channels=3, expand_animations=False)
    (found,) = classify(np.asarray(pixels, np.float32)[None] / LEVELS)
    return np.asarray(found)
