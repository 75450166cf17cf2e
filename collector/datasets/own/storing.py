"""Writes a user's images to the cache as a prepared dataset of tensorflow-datasets, which any process reads without code of ours."""

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tensorflow_datasets as tfds
from absl import logging as absl_logging

from collector.artifacts import cache_errors
from collector.artifacts.disk_space import shortage
from collector.datasets import preparing
from collector.datasets.own.dividing import labels_of
from collector.datasets.own.listing import OwnImagesError, shown
from collector.datasets.own.picture import Unreadable, encode, without_warnings
from collector.datasets.own.reading import Sample
from collector.spec.dataset import Dataset, DatasetError


def store(dataset: Dataset, splits: Mapping[str, Sequence[Sample]], classes: Sequence[str]) -> None:
    """Write the splits, unless they are there: the images, in their order, with labels from 0. The folder appears once it is complete.

    Raises OwnImagesError where the disk is too small, the cache cannot be written to, or an image is not what it was when it was read.
    """
    if _stored(dataset):
        return
    size = sum(sample.picture.size for samples in splits.values() for sample in samples)
    short = shortage(preparing.datasets_dir(), size, f"keeping the images of {dataset.dataset}", "NEEDLE_CACHE")
    if short:
        raise OwnImagesError(short)
    name, version = dataset.builder.split(":")
    # Names of classes are not stored: tensorflow-datasets strips them, and keeps one a line.
    features = {
        "image": tfds.features.Image(shape=(None, None, 3)),
        "label": tfds.features.ClassLabel(num_classes=len(classes)),
    }
    tfds.disable_progress_bar()
    absl_logging.set_verbosity(absl_logging.ERROR)  # tensorflow-datasets warns that the folder is empty before it writes it
    failure: Exception | None = None
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # it prints to stdout, which is for rows
            tfds.dataset_builders.store_as_tfds_dataset(
                name,
                version,
                tfds.features.FeaturesDict(features),
                {split: _examples(samples, classes) for split, samples in splits.items()},
                data_dir=preparing.datasets_dir(),
                download_config=tfds.download.DownloadConfig(try_download_gcs=False),
                disable_shuffling=True,
            )
    except OwnImagesError:
        raise
    except Exception as error:  # of the disk, or of TensorFlow, which has its own
        failure = error
    # Another process may have stored the same images meanwhile: then the rename failed, and its files are used.
    if not _stored(dataset):
        reason = cache_errors.translated(failure) or f"{type(failure).__name__}: {str(failure).strip()}"
        raise OwnImagesError(f"The images could not be kept in {preparing.datasets_dir()}. {reason}") from failure


def _stored(dataset: Dataset) -> bool:
    try:
        return bool(preparing.find_builder(dataset).info.splits)
    except DatasetError:
        return False


def _examples(samples: Sequence[Sample], classes: Sequence[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    for key, (sample, label) in enumerate(zip(samples, labels_of(samples, classes), strict=True)):
        try:
            with without_warnings():
                digest, image = encode(sample.entry.path)
        except Unreadable:
            digest = None
        if digest != sample.picture.digest:
            raise OwnImagesError(f"{shown(sample.entry.path)} changed while the images were read. Run it again.")
        yield key, {"image": image, "label": int(label)}
