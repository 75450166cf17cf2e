"""How fast a test split at 224 pixels comes to the device, against tensorflow-datasets' own pipeline. python -m bench.stream [IMAGES]

Photographs of 300 × 400 pixels as JPEG, in batches of 512. Plain: decoded and resized at every pass, as_dataset, map, batch and prefetch
with as many parallel calls as tf.data finds good, as VTAB's own code does. Ours: decoded and resized once, into a file that is mapped;
every later pass reads it, from memory if the system still has it there and from the disk if not (the system is asked to forget it).
A ResNet50-V2 on an H100 takes about 20,000 images a second to evaluate, and in a study every split is evaluated 10 times a network.
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
    """Smooth noise: JPEG has as much to do as with a photograph."""

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
    """Batches as tensorflow-datasets and tf.data make them."""

    def resized(example: Any) -> Any:
        return tf.image.resize(example["image"], (SIZE, SIZE)), example["label"]

    stream = builder.as_dataset(split="test", shuffle_files=False)
    return stream.map(resized, tf.data.AUTOTUNE).batch(BATCH).prefetch(tf.data.AUTOTUNE).as_numpy_iterator()  # type: ignore[no-any-return]


def mapped(split: loading.Split) -> Iterable[Any]:
    """Batches as an evaluation reads them."""
    for start in range(0, len(split.labels), BATCH):
        yield np.array(split.images[start : start + BATCH]), split.labels[start : start + BATCH]


def rate(name: str, count: int, batches: Iterable[Any]) -> tuple[float, float]:
    """Images a second, and a second of one processor; printed."""
    wall, processor = time.perf_counter(), time.process_time()
    seen = sum(len(labels) for _, labels in batches)
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    assert seen == count
    print(f"{name:42} {count / wall:8,.0f} images/s {1e3 * processor / count:8.3f} ms of processor an image")
    return count / wall, count / processor


def forget(folder: Path) -> None:
    """Ask the system to drop the files from memory."""
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
        del split  # what is mapped is not forgotten
        forget(Path(folder))
        cold = rate("ours, later passes, from the disk", count, mapped(loading.load(PHOTOGRAPHS, protocol, SIZE).test))
        second = rate("plain, every pass", count, plain(builder))
        for name, place in (("images a second", 0), ("images a second of one processor", 1)):
            best = max(first[place], second[place])
            print(f"ours / plain, {name}: {warm[place] / best:.1f} from memory, {cold[place] / best:.1f} from the disk")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 4096)
