"""Loads a downstream dataset as arrays, through tensorflow-datasets: the first examples of each split, decoded and resized once.

A split of up to IN_MEMORY bytes is an array in memory. A larger one, such as a whole test split at 224 pixels, is decoded, resized and
written to the cache once, and memory-mapped from there: it behaves like an array, of which only what is accessed is read.
"""

import fcntl
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from numpy.typing import NDArray

from collector.artifacts.cache import cache_dir
from collector.artifacts.disk_space import shortage
from collector.datasets.preparing import find_builder, prepare
from collector.datasets.vtab_labels import LABELS
from collector.spec.dataset import Dataset, DatasetError
from collector.spec.protocol import Protocol

IN_MEMORY = 2**27
_BATCH = 64


@dataclass(frozen=True)
class Split:
    """Labelled images: images uint8 [n, image_size, image_size, 3], possibly memory-mapped; labels int32 [n], from 0."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]


@dataclass(frozen=True)
class Images:
    """The three splits of a dataset, as a protocol uses them."""

    train: Split
    validation: Split
    test: Split


@dataclass(frozen=True)
class _Source:
    """Examples on disk: the first count of a split expression of a prepared builder."""

    dataset: Dataset
    builder: Any
    expression: str
    count: int


def load(dataset: Dataset, protocol: Protocol, image_size: int) -> Images:
    """Load the first examples of each split, as many as the protocol uses, at image_size × image_size pixels.

    Images are resized bilinearly (antialiased where the protocol says so) and rounded to whole levels; a single channel is repeated to
    three. A class without a training example is not an error: a protocol may use fewer examples than there are classes. (Our own
    builders have every class among their 800.)

    Raises DatasetError where the builder, its version or a split is not available, a split has fewer examples than the protocol uses,
    the test split does not have the registered size, a label is outside 0..num_classes-1, images have neither one nor three channels of
    uint8, or the disk is too small for a split that does not fit in memory.
    """
    builder = prepare(dataset)
    _check_features(dataset, builder)

    def read(split: str, expression: str, limit: int | None) -> Split:
        source = _source(dataset, builder, split, expression, limit)
        if source.count * image_size**2 * 3 <= IN_MEMORY:
            images = np.empty((source.count, image_size, image_size, 3), np.uint8)
            labels = _read(source, image_size, protocol.antialias, images)
        else:
            images, labels = _map_images(source, image_size, protocol.antialias)
        _check_labels(source, labels)
        return Split(images, labels)

    return Images(
        train=read("train", dataset.train, protocol.train_examples),
        validation=read("validation", dataset.validation, protocol.validation_examples),
        test=read("test", dataset.test, protocol.test_examples),
    )


def check_space(datasets: Sequence[Dataset], protocol: Protocol, image_sizes: Iterable[int]) -> None:
    """Check that the cache has room for the resized test splits that do not fit in memory and are not there yet.

    image_sizes: pixels, width and height, one for each size that the networks take. The size of a split that is neither prepared nor
    registered (num_test) is unknown and counts as 0. Raises DatasetError.
    """
    # Tasks over the same images share a file: see _resized_file.
    splits = {(dataset.builder, dataset.test, dataset.levels): dataset for dataset in datasets}.values()
    sizes = [_bytes_to_write(dataset, protocol, image_size) for dataset in splits for image_size in set(image_sizes)]
    short = shortage(cache_dir() / "resized", sum(sizes), "keeping resized test splits", "NEEDLE_CACHE")
    if short:
        raise DatasetError(short)


def count_test(dataset: Dataset, protocol: Protocol) -> int:
    """Return the number of test examples that the protocol uses, preparing the dataset if necessary. Raises DatasetError."""
    return _source(dataset, prepare(dataset), "test", dataset.test, protocol.test_examples).count


def _check_features(dataset: Dataset, builder: Any) -> None:
    features = builder.info.features
    needed = LABELS[dataset.label].features if dataset.label in LABELS else {dataset.label}
    for name in ("image", *needed):
        if name not in features:
            raise DatasetError(
                f"{dataset.dataset}: '{dataset.builder}' has no feature '{name}', only {', '.join(sorted(features))}."
            )
    channels, kind = features["image"].shape[-1], np.dtype(features["image"].np_dtype).name
    if channels not in (1, 3) or kind != "uint8":
        raise DatasetError(f"{dataset.dataset}: images must have 1 or 3 channels of uint8, not {channels} of {kind}.")


def _source(dataset: Dataset, builder: Any, split: str, expression: str, limit: int | None) -> _Source:
    """The first limit examples of a split, or all where limit is None. Raises DatasetError."""
    splits = builder.info.splits
    name = expression.split("[")[0]
    exact = expression
    if name in splits:  # tensorflow-datasets itself rounds percentages to the nearest example
        size = splits[name].num_examples
        exact = re.sub(r"(\d+)%", lambda found: str(size * int(found[1]) // 100), expression)
    try:
        available: int = splits[exact].num_examples
    except Exception as error:  # KeyError, ValueError or AssertionError, depending on what is wrong
        available_splits = ", ".join(f"{name} ({info.num_examples})" for name, info in splits.items())
        raise DatasetError(
            f"{dataset.dataset}: '{dataset.builder}' has no split '{expression}', only {available_splits}."
        ) from error
    if split == "test" and dataset.num_test not in (None, available):
        raise DatasetError(
            f"{dataset.dataset}: its test split '{expression}' has {available} examples, and should have {dataset.num_test}: this is not "
            f"the registered dataset. Remove {builder.data_dir} to prepare it again."
        )
    if limit is not None and available < limit:
        raise DatasetError(
            f"{dataset.dataset}: its {split} split '{expression}' has {available} examples, the protocol takes {limit}. "
            f"Set {split}_examples to at most {available}, or give the dataset's row another {split} expression."
        )
    return _Source(dataset, builder, exact, available if limit is None else limit)


def _read(source: _Source, image_size: int, antialias: bool, images: NDArray[np.uint8] | None) -> NDArray[np.int32]:
    """Read the labels, int32 [count], in the order in which they are stored; the images are written into images, unless that is None."""
    dataset = source.dataset
    label = LABELS.get(dataset.label)
    features = dict(label.features) if label else {dataset.label: True}
    if images is not None:
        features["image"] = True

    def extract(example: dict[str, Any]) -> dict[str, tf.Tensor]:
        found = {"label": tf.cast(label.compute(example) if label else example[dataset.label], tf.int32)}
        if images is not None:
            found["image"] = _as_rgb(example["image"], image_size, antialias, dataset.levels)
        return found

    # One file after another: by default files are interleaved, so that the first examples would depend on their number.
    in_order = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    stream = source.builder.as_dataset(
        split=source.expression, decoders=tfds.decode.PartialDecoding(features), read_config=in_order, shuffle_files=False
    )
    stream = stream.take(source.count).map(extract, tf.data.AUTOTUNE, deterministic=True).batch(_BATCH).prefetch(2)
    labels = np.empty(source.count, np.int32)
    done = 0
    for batch in stream.as_numpy_iterator():
        part = slice(done, done + len(batch["label"]))
        labels[part] = batch["label"]
        if images is not None:
            images[part] = batch["image"]
        done = part.stop
    if done != source.count:
        raise DatasetError(
            f"{dataset.dataset}: '{source.expression}' gave {done} examples of {source.count}. Remove {source.builder.data_dir} to "
            "prepare it again."
        )
    return labels


def _as_rgb(image: tf.Tensor, size: int, antialias: bool, levels: int) -> tf.Tensor:
    """Resize an image uint8 [height, width, 1 or 3] to uint8 [size, size, 3].

    Input pipelines run on the CPU, so machines with an accelerator get the same pixels.
    """
    return tf.broadcast_to(resize(tf.cast(image, tf.float32) * levels, size, antialias), (size, size, 3))


def resize(pixels: tf.Tensor, size: int, antialias: bool) -> tf.Tensor:
    """Resize one or more images, float32 [..., height, width, channels] in levels from 0 to 255, to uint8 [..., size, size, channels]."""
    resized = tf.image.resize(pixels, (size, size), method="bilinear", antialias=antialias)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)


def _bytes_to_write(dataset: Dataset, protocol: Protocol, image_size: int) -> int:
    """The size in bytes of the file that a test split will be resized into; 0 if it fits in memory, or its file is in the cache."""
    builder = find_builder(dataset)
    count = protocol.test_examples or dataset.num_test or 0
    if builder.info.splits:
        source = _source(dataset, builder, "test", dataset.test, protocol.test_examples)
        if _resized_file(source, image_size, protocol.antialias).exists():
            return 0
        count = source.count
    size = count * image_size**2 * 3
    return size if size > IN_MEMORY else 0


def _resized_file(source: _Source, image_size: int, antialias: bool) -> Path:
    key = (str(source.builder.data_dir), source.expression, source.count, image_size, antialias, source.dataset.levels)
    return cache_dir() / "resized" / f"{source.builder.name}-{hashlib.sha256(repr(key).encode()).hexdigest()[:16]}.npy"


def _map_images(source: _Source, image_size: int, antialias: bool) -> tuple[NDArray[np.uint8], NDArray[np.int32]]:
    """Map the images into memory, and read the labels. The images are written to the cache first, unless they are there."""
    file = _resized_file(source, image_size, antialias)
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be writing it: wait for it
        if not file.exists():
            _write(source, image_size, antialias, file)
    return np.load(file, mmap_mode="r"), _read(source, image_size, antialias, None)


def _write(source: _Source, image_size: int, antialias: bool, file: Path) -> None:
    shape = (source.count, image_size, image_size, 3)
    purpose = f"keeping {source.dataset.dataset}'s {source.count:,} images at {image_size} pixels"
    short = shortage(file.parent, int(np.prod(shape)), purpose, "NEEDLE_CACHE")
    if short:
        raise DatasetError(short)
    temporary = file.with_suffix(".writing")
    try:
        images = np.lib.format.open_memmap(temporary, mode="w+", dtype=np.uint8, shape=shape)
        _read(source, image_size, antialias, images)
        images.flush()
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)


def _check_labels(source: _Source, labels: NDArray[np.int32]) -> None:
    classes = source.dataset.num_classes
    invalid = labels[(labels < 0) | (labels >= classes)]
    if len(invalid):
        raise DatasetError(
            f"{source.dataset.dataset}: '{source.expression}' has label {invalid[0]}, outside 0..{classes - 1}: "
            f"the dataset's row says {classes} classes."
        )
