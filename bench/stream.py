"""Measures how fast a test split at 224 pixels is read, compared with tensorflow-datasets' own pipeline: python -m bench.stream [IMAGES]

JPEG photographs of 300 × 400 pixels, in batches of 512. Plain: decoded and resized in every pass, with as_dataset, map, batch and
prefetch and as much parallelism as tf.data chooses, as VTAB's own code does. Ours: decoded and resized once, into a memory-mapped file;
later passes read it from memory if the system still caches it, and otherwise from disk (the cache is dropped to measure that).
A ResNet50-V2 on an H100 evaluates about 20,000 images a second, and a study evaluates every split 10 times per network.
"""

import dataclasses
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from collector.datasets import loading
from collector.spec.dataset import Dataset
from collector.studies import PAPER

SIZE, BATCH = 224, 512
PHOTOGRAPHS = Dataset(
    "photographs", "natural", 2, "drawn here", "1.0.0", "", "photographs:1.0.0", train="test", validation="test"
)


class Photographs(tfds.core.GeneratorBasedBuilder):  # type: ignore[misc]
    """Smooth noise, which costs JPEG as much time as a photograph."""

    VERSION = tfds.core.Version("1.0.0")
    count = 0

    def _info(self) -> Any:
        features = {
            "image": tfds.features.Image(shape=(None, None, 3), encoding_format="jpeg"),
            "label": tfds.features.Scalar(np.int64),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager: Any) -> Any:
        return {"test": self._generate_examples()}

    def _generate_examples(self) -> Any:
        generator = np.random.default_rng(0)
        for index in range(self.count):
            coarse = generator.integers(0, 255, (38, 50, 3)).astype(np.uint8)
            yield index, {"image": np.kron(coarse, np.ones((8, 8, 1), np.uint8))[:300], "label": index % 2}


def plain(builder: Any) -> Iterable[Any]:
    """Batches from tensorflow-datasets and tf.data."""

    def resize(example: Any) -> Any:
        return tf.image.resize(example["image"], (SIZE, SIZE)), example["label"]

    stream = builder.as_dataset(split="test", shuffle_files=False)
    return stream.map(resize, tf.data.AUTOTUNE).batch(BATCH).prefetch(tf.data.AUTOTUNE).as_numpy_iterator()  # type: ignore[no-any-return]


def mapped(split: loading.Split) -> Iterable[Any]:
    """Batches as an evaluation reads them."""
    for start in range(0, len(split.labels), BATCH):
        yield np.array(split.images[start : start + BATCH]), split.labels[start : start + BATCH]


def rate(name: str, count: int, batches: Iterable[Any]) -> tuple[float, float]:
    """Read all batches; print and return images per second of wall time and of processor time."""
    wall, processor = time.perf_counter(), time.process_time()
    seen = sum(len(labels) for _, labels in batches)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    assert seen == count
    print(f"{name:42} {count / wall:8,.0f} images/s {1e3 * processor / count:8.3f} ms of processor an image")
    return count / wall, count / processor


def drop_from_cache(folder: Path) -> None:
    """Drop the files from the system's cache."""
    for path in folder.rglob("*.npy"):
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main(count: int) -> None:
    Photographs.count = count
    protocol = dataclasses.replace(PAPER.protocol, train_examples=1, validation_examples=1)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(TFDS_DATA_DIR=f"{folder}/datasets", NEEDLE_CACHE=f"{folder}/cache")
        tfds.disable_progress_bar()
        builder = tfds.builder("photographs", data_dir=f"{folder}/datasets")
        builder.download_and_prepare()
        first = rate("plain, every pass", count, plain(builder))
        loading.load(PHOTOGRAPHS, dataclasses.replace(protocol, test_examples=BATCH), SIZE)  # traced and warm
        start = time.perf_counter()
        split = loading.load(PHOTOGRAPHS, protocol, SIZE).test
        print(f"{'ours, the first pass: decoded and written':42} {count / (time.perf_counter() - start):8,.0f} images/s")
        warm = rate("ours, later passes, from memory", count, mapped(split))
        del split  # mapped pages stay in memory
        drop_from_cache(Path(folder))
        cold = rate("ours, later passes, from the disk", count, mapped(loading.load(PHOTOGRAPHS, protocol, SIZE).test))
        second = rate("plain, every pass", count, plain(builder))
        for name, index in (("images a second", 0), ("images a second of one processor", 1)):
            best = max(first[index], second[index])
            print(f"ours / plain, {name}: {warm[index] / best:.1f} from memory, {cold[index] / best:.1f} from the disk")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 4096)
