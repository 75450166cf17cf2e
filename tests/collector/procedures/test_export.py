"""A trained tiny network as a SavedModel: through TensorFlow, TensorFlow Hub and Keras it answers as the program does."""

import io
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub
import tiny
from PIL import Image
from scipy.special import softmax

from collector.datasets import loading
from collector.networks import hub_module
from collector.procedures.export import export
from collector.procedures.finetune import Run, finetune
from collector.procedures.program import Program, build_program
from collector.trained.counts import accuracy
from collector.trained.predicting import answers, load_classifier

CLASSES = 3
IMAGES = tiny.images(CLASSES)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Program, Run]:
    """The folder of a SavedModel, the program that it was written from, and what that measured."""
    tf.get_logger().setLevel("ERROR")
    folder = tmp_path_factory.mktemp("tiny")
    model = tiny.network(folder / "network")
    program = build_program(hub_module.load(str(folder / "network")), model, tiny.PROTOCOL, CLASSES)
    run = finetune(program, IMAGES, CLASSES, tiny.PROTOCOL, 0.1, 3)
    export(program, folder / "saved")
    return folder / "saved", program, run


def test_it_answers_as_the_run_did(trained: tuple[Path, Program, Run]) -> None:
    folder, _, run = trained
    classify = load_classifier(folder)
    found = answers(classify, IMAGES, CLASSES)
    assert [accuracy(one) for one in (found.validation, found.test)] == [run.validation_accuracy, run.test_accuracy]
    shown = found.predictions
    assert [one.label for one in shown] == IMAGES.test.labels.tolist()
    assert sum(one.predicted == one.label for one in shown) / len(shown) == run.test_accuracy
    assert [one.probability for one in shown] == pytest.approx(classify(IMAGES.test.images / np.float32(255)).max(axis=1))
    for one, image in zip(shown, IMAGES.test.images, strict=True):
        assert np.abs(np.asarray(Image.open(io.BytesIO(one.picture or b""))).mean() - image.mean()) < 5, (
            "the image itself, as JPEG"
        )
    assert run.validation_accuracy > 0.5, "it has learned"


def test_its_probabilities_are_the_softmax_of_the_head(trained: tuple[Path, Program, Run]) -> None:
    folder, program, _ = trained
    kernel, bias = (variable.numpy() for variable in (program.classifier.kernel, program.classifier.bias))
    assert np.abs(bias).max() > 1e-4
    expected = softmax(program.represent(IMAGES.test.images) @ kernel + bias, axis=1)
    assert load_classifier(folder)(IMAGES.test.images.astype(np.float32) / 255) == pytest.approx(expected, abs=1e-6)


def test_what_is_written_are_the_trained_weights(trained: tuple[Path, Program, Run]) -> None:
    """Not those that reset() brings back."""
    folder, program, _ = trained
    kernel = program.classifier.kernel.numpy()
    program.reset()
    assert program.classifier.kernel.numpy().any() != kernel.any()
    (found,) = [one.numpy() for one in tf.saved_model.load(str(folder)).variables if one.shape == kernel.shape]
    assert (found == kernel).all()


def test_hub_and_keras_load_it(trained: tuple[Path, Program, Run]) -> None:
    folder, _, _ = trained
    images = IMAGES.test.images.astype(np.float32) / 255
    expected = load_classifier(folder)(images)
    assert expected.shape == (len(images), CLASSES)
    assert expected.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (hub.load(str(folder))(images).numpy() == expected).all()
    layer = keras.layers.TFSMLayer(str(folder), call_endpoint="serving_default")
    assert (np.asarray(layer(images)["probabilities"]) == expected).all()


@pytest.mark.parametrize("shape", [(40, 23), (16, 16), (9, 31)])
def test_it_resizes_pictures_as_the_training_images_were(trained: tuple[Path, Program, Run], shape: tuple[int, int]) -> None:
    folder, _, _ = trained
    pictures = np.random.default_rng(0).integers(0, 256, (4, *shape, 3), np.uint8)
    small = np.stack([loading.resize(tf.cast(picture, tf.float32), 16, True).numpy() for picture in pictures])
    classify = load_classifier(folder)
    found, expected = (classify(images.astype(np.float32) / 255) for images in (pictures, small))
    assert found == pytest.approx(expected, abs=1e-6)
