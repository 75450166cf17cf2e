"""Datasets of tensorflow-datasets are loaded as arrays."""

import os
from dataclasses import replace

import numpy as np
import pytest
import tensorflow_datasets as tfds
import tiny

from collector.artifacts import download
from collector.datasets import loading, preparing
from collector.datasets.builders import kanji, mnist
from collector.datasets.registry import DATASETS
from collector.spec.dataset import Dataset, DatasetError

BY_NAME = {dataset.dataset: dataset for dataset in DATASETS}
PROTOCOL = replace(tiny.PROTOCOL, image_size=64, train_examples=800, validation_examples=200, test_examples=None)


class Snippets(tfds.core.GeneratorBasedBuilder):
    """A tiny builder unlike ours: color, every picture of another size, shuffled on disk; the split odd has an invalid label."""

    VERSION = tfds.core.Version("2.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name="rgb"), tfds.core.BuilderConfig(name="rgba")]  # noqa: RUF012

    def _info(self):
        channels = len(self.builder_config.name)
        features = {
            "image": tfds.features.Image(shape=(None, None, channels), encoding_format="png"),
            "label": tfds.features.Scalar(np.int64),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {
            name: self._generate_examples(count) for name, count in {"train": 7, "validation": 2, "test": 5, "odd": 1}.items()
        }

    def _generate_examples(self, count):
        for index in range(count):
            # Four columns of 0, 100, 200 and 200; more rows with each picture.
            row = np.repeat(np.array([0, 100, 200, 200], np.uint8)[:, np.newaxis], len(self.builder_config.name), axis=1)
            yield index, {"image": np.stack([row] * (4 + index)), "label": 9 if count == 1 else index % 3}


SNIPPETS = Dataset("snippets", "natural", 3, "this test", "2.0.0", "none", "snippets/rgb:2.*.*", test="test[:2]")
FEW = replace(PROTOCOL, train_examples=7, validation_examples=2)


def splits(images):
    return [images.train, images.validation, images.test]


def test_preparing_is_silent_and_done_once(fresh, capfd):
    preparing.prepare(replace(SNIPPETS, builder="snippets/rgba:2.*.*"))
    folder = fresh / "datasets/snippets/rgba/2.0.0"
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    preparing.prepare(replace(SNIPPETS, builder="snippets/rgba:2.*.*"))
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    out, err = capfd.readouterr()
    assert out == ""
    assert "examples" not in err


def test_resized_without_antialias(fresh):
    """From 4 columns to 2, each new one lies in the middle of two old ones: (0 + 100) / 2 and (200 + 200) / 2."""
    images = loading.load(SNIPPETS, replace(FEW, antialias=False), 2)
    assert images.train.images.shape == (7, 2, 2, 3)
    np.testing.assert_array_equal(images.train.images[..., 0], np.broadcast_to([50, 200], (7, 2, 2)))


def test_resized_with_antialias(fresh):
    """The triangle is twice as wide: weights 3, 3, 1 of 7, so 500 / 7 = 71.4 and (100 + 3 · 400) / 7 = 185.7."""
    images = loading.load(SNIPPETS, FEW, 2)
    np.testing.assert_array_equal(images.train.images[..., 2], np.broadcast_to([71, 186], (7, 2, 2)))


def test_the_number_of_test_examples_is_known_without_reading_them(fresh):
    assert loading.count_test(SNIPPETS, FEW) == 2
    assert loading.count_test(replace(SNIPPETS, test="test"), FEW) == 5
    assert loading.count_test(replace(SNIPPETS, test="test"), replace(FEW, test_examples=3)) == 3


@pytest.mark.parametrize(
    ("changed", "protocol", "message"),
    [
        (
            {},
            replace(FEW, train_examples=8),
            "its train split 'train' has 7 examples, the protocol takes 8. Set train_examples to at most 7",
        ),
        ({}, replace(FEW, test_examples=3), "its test split 'test[:2]' has 2 examples, the protocol takes 3"),
        ({"test": "odd"}, FEW, "'odd' has label 9, outside 0..2"),
        ({"num_classes": 2}, FEW, "'train' has label 2, outside 0..1"),
        ({"validation": "valid"}, FEW, "no split 'valid', only train (7), validation (2), test (5), odd (1)"),
        ({"label": "class"}, FEW, "no feature 'class', only image, label"),
        ({"builder": "snippets/rgba:2.*.*"}, FEW, "images must have 1 or 3 channels of uint8, not 4"),
        ({"builder": "snippets/rgb:1.*.*"}, FEW, "Dataset snippets cannot be loaded at version 1.*.*, only: 2.0.0."),
        ({"builder": "snippets/bgr:2.*.*"}, FEW, "Its configurations: rgb, rgba."),
        ({"builder": "snipets/rgb:2.*.*"}, FEW, "unknown builder 'snipets' in 'snipets/rgb:2.*.*'. Did you mean 'snippets'?"),
    ],
)
def test_errors_say_what_is_wrong(fresh, changed, protocol, message):
    with pytest.raises(DatasetError) as error:
        loading.load(replace(SNIPPETS, **changed), protocol, 4)
    assert str(error.value).startswith("snippets: ")
    assert message in str(error.value)


def test_a_failed_preparation_leaves_nothing_and_says_why(fresh, monkeypatch, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(kanji.download, "fetch", lambda wanted: (_ for _ in ()).throw(download.PackageError("no network here")))
    with pytest.raises(DatasetError, match=r"kanji-strokes: .* could not be prepared. PackageError: no network here"):
        preparing.prepare(BY_NAME["kanji-strokes"])
    assert not list(tmp_path.glob("kanji/strokes/*"))


def test_the_later_of_two_preparations_reads_the_earlier(fresh, monkeypatch, tmp_path):
    """Both processes see nothing prepared; one has renamed its folder when the other is done."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    late = preparing.find_builder(SNIPPETS)
    preparing.prepare(SNIPPETS)
    builders = iter([late, preparing.find_builder(SNIPPETS)])
    # What the rename says: the folder is there and isn't empty.
    monkeypatch.setattr(late, "download_and_prepare", lambda **_: os.rename(tmp_path / "snippets", tmp_path / "snippets/rgb"))
    monkeypatch.setattr(preparing, "find_builder", lambda dataset: next(builders))
    assert len(loading.load(SNIPPETS, FEW, 4).train.labels) == 7


def test_a_protocol_takes_the_first_examples_and_gray_becomes_three_equal_channels(fresh):
    digits = BY_NAME["mnist-digits"]
    every = loading.load(digits, PROTOCOL, mnist.SIDE)
    some = loading.load(digits, replace(PROTOCOL, train_examples=30, validation_examples=20, test_examples=10), mnist.SIDE)
    assert [len(part.labels) for part in splits(some)] == [30, 20, 10]
    for few, whole in zip(splits(some), splits(every), strict=True):
        np.testing.assert_array_equal(few.images, whole.images[: len(few.labels)])
        np.testing.assert_array_equal(few.labels, whole.labels[: len(few.labels)])
    pictures = every.train.images
    assert pictures.shape[-1] == 3
    assert pictures.max() == 255
    assert (pictures == pictures[..., :1]).all()
