"""Reads a downstream dataset as arrays, through tensorflow-datasets: the first examples of each split, resized once.

What this project builds itself (`builders`) is prepared on first use. Any other builder that tensorflow-datasets knows works too,
as long as it can be prepared where it runs.
"""

import contextlib
import difflib
import io
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from numpy.typing import NDArray

# Their classes register themselves by name.
from collector.builders import (  # noqa: F401
    emoji,
    fashion,
    kanji,
    mnist,
    optical_digits,
    rendered_object,
    solar_cell,
    sprite,
)
from collector.cache import cache_dir
from collector.dataset import Dataset, DatasetError
from collector.protocol import Protocol

_BATCH = 100


@dataclass(frozen=True)
class Split:
    """images uint8 [n, image_size, image_size, 3], labels int32 [n], from 0."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int32]


@dataclass(frozen=True)
class Images:
    """The three splits of a dataset, as a protocol takes them."""

    train: Split
    validation: Split
    test: Split


def prepare(dataset: Dataset) -> None:
    """Writes the dataset's files, once, so that it can be read: nothing is done where they are there.

    Under $TFDS_DATA_DIR where that is set (tensorflow-datasets' own setting), else in datasets/ of the cache. A folder appears
    only when it is complete. Raises DatasetError.
    """
    _prepared(dataset)


def load(dataset: Dataset, protocol: Protocol, image_size: int) -> Images:
    """The dataset's images at image_size × image_size pixels: the first examples of each split that the protocol takes.

    Resized bilinearly (antialiased where the protocol says so) and rounded to whole levels; one channel is repeated to three. A
    class without a training example is no error: a protocol may take fewer examples than there are classes. Our own builders
    have every class among their 800.

    Raises DatasetError: the builder, its version or a split is not to be had, a split has fewer examples than the protocol takes,
    a label lies outside 0..num_classes-1, or an image has neither one nor three channels of uint8.
    """
    builder = _prepared(dataset)
    _check_features(dataset, builder)

    def read(split: str, expression: str, limit: int | None) -> Split:
        count = _count(dataset, builder, split, expression, limit)
        return _read(dataset, builder, expression, count, image_size, protocol.antialias)

    return Images(
        train=read("train", dataset.train, protocol.train_examples),
        validation=read("validation", dataset.validation, protocol.validation_examples),
        test=read("test", dataset.test, protocol.test_examples),
    )


def count_test(dataset: Dataset, protocol: Protocol) -> int:
    """How many test examples the protocol takes; prepares the dataset. Raises DatasetError."""
    return _count(dataset, _prepared(dataset), "test", dataset.test, protocol.test_examples)


def _folder() -> Path:
    own = os.environ.get("TFDS_DATA_DIR")
    return Path(own) if own else cache_dir() / "datasets"


def _builder(dataset: Dataset) -> Any:
    """The builder, or the reader of its files where a version that the code no longer has was prepared earlier."""
    name = re.split("[/:]", dataset.builder)[0]
    try:
        return tfds.builder(dataset.builder, data_dir=_folder(), try_gcs=False)
    except tfds.core.DatasetNotFoundError as error:
        near = difflib.get_close_matches(name, tfds.list_builders(with_community_datasets=False), n=1)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise DatasetError(
            f"{dataset.dataset}: unknown builder '{name}' in '{dataset.builder}'.{hint} tensorflow-datasets must have it in code or "
            f"prepared in {_folder()}."
        ) from error
    except (ValueError, AssertionError) as error:  # ValueError: no such configuration; AssertionError: no such version
        # tensorflow-datasets puts words before the reason and similar names after it.
        reason = re.sub('^Failed to construct dataset .*?}": |Here are .*$', "", str(error).strip().splitlines()[0]).strip()
        configurations = ", ".join(tfds.builder_cls(name).builder_configs) or "none"
        raise DatasetError(
            f"{dataset.dataset}: '{dataset.builder}' is not to be had. {reason} Its configurations: {configurations}.\n"
            "Set the row's builder to NAME/CONFIG:VERSION, as in 'sprite/location:1.*.*'. A version that is gone from the code is "
            f"still read where it was prepared, in {_folder()}."
        ) from error


def _prepared(dataset: Dataset) -> Any:
    """The builder with its files written. Raises DatasetError."""
    builder = _builder(dataset)
    if builder.info.splits:  # known only where its files were there when it was made
        return builder
    # Neither bars nor words of its own: the caller shows one bar over everything. It prints to stdout, where rows belong.
    tfds.disable_progress_bar()
    download = tfds.download.DownloadConfig(try_download_gcs=False)
    failure: Exception | None = None
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            builder.download_and_prepare(download_config=download)
    except Exception as error:  # whatever a builder may raise, from a missing network to files it wants by hand
        failure = error
    # Another process may have prepared the same files meanwhile: the later of two renames fails, and its work is thrown away.
    builder = _builder(dataset)
    if not builder.info.splits:
        reason = f"{type(failure).__name__}: {str(failure).strip()}"
        raise DatasetError(f"{dataset.dataset}: '{dataset.builder}' could not be prepared. {reason}") from failure
    return builder


def _check_features(dataset: Dataset, builder: Any) -> None:
    features = builder.info.features
    for name in ("image", dataset.label):
        if name not in features:
            raise DatasetError(
                f"{dataset.dataset}: '{dataset.builder}' has no feature '{name}', only {', '.join(sorted(features))}."
            )
    channels, kind = features["image"].shape[-1], tf.as_dtype(features["image"].dtype).name
    if channels not in (1, 3) or kind != "uint8":
        raise DatasetError(f"{dataset.dataset}: images must have 1 or 3 channels of uint8, not {channels} of {kind}.")


def _count(dataset: Dataset, builder: Any, split: str, expression: str, limit: int | None) -> int:
    """How many examples of the split are taken."""
    try:
        available: int = builder.info.splits[expression].num_examples
    except Exception as error:  # KeyError, ValueError or AssertionError, by what is wrong with the expression
        splits = ", ".join(f"{name} ({info.num_examples})" for name, info in builder.info.splits.items())
        raise DatasetError(f"{dataset.dataset}: '{dataset.builder}' has no split '{expression}', only {splits}.") from error
    if limit is not None and available < limit:
        raise DatasetError(
            f"{dataset.dataset}: its {split} split '{expression}' has {available} examples, the protocol takes {limit}. "
            f"Set {split}_examples to at most {available}, or give the dataset's row another {split} expression."
        )
    return available if limit is None else limit


def _read(dataset: Dataset, builder: Any, expression: str, count: int, image_size: int, antialias: bool) -> Split:
    """The first count examples, in the order in which they are stored."""
    wanted = tfds.decode.PartialDecoding({"image": True, dataset.label: True})
    # One file after the other: the default takes turns between files, and the first examples would depend on how many there are.
    in_order = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    stream = builder.as_dataset(split=expression, decoders=wanted, read_config=in_order, shuffle_files=False)
    same_size = None not in builder.info.features["image"].shape
    images = np.empty((count, image_size, image_size, 3), np.uint8)
    labels = np.empty(count, np.int32)
    done = 0
    for batch in stream.take(count).batch(_BATCH if same_size else 1).as_numpy_iterator():
        part = slice(done, done + len(batch[dataset.label]))
        images[part] = _resize(batch["image"], image_size, antialias)  # one channel is repeated to three
        labels[part] = batch[dataset.label]
        done = part.stop
    if done != count:
        raise DatasetError(
            f"{dataset.dataset}: '{expression}' gave {done} examples of {count}. Remove {builder.data_dir} to prepare it anew."
        )
    wrong = labels[(labels < 0) | (labels >= dataset.num_classes)]
    if len(wrong):
        raise DatasetError(
            f"{dataset.dataset}: '{expression}' has label {wrong[0]}, outside 0..{dataset.num_classes - 1}: "
            f"the dataset's row says {dataset.num_classes} classes."
        )
    return Split(images, labels)


def _resize(images: NDArray[np.uint8], size: int, antialias: bool) -> NDArray[np.uint8]:
    """images uint8 [n, height, width, channels] → uint8 [n, size, size, channels]."""
    # Always on the CPU, whose pixels are the same on a machine with an accelerator.
    with tf.device("CPU"):
        pixels = tf.image.resize(images, (size, size), method="bilinear", antialias=antialias).numpy()
    resized: NDArray[np.uint8] = np.clip(np.rint(pixels), 0, 255).astype(np.uint8)
    return resized
