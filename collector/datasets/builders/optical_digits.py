"""Builds optical_digits: which digit is it? 8 × 8 pixels, gray on black.

Source: digits.csv.gz of the package scikit-learn, the 1,797 test digits of UCI's "optical recognition of handwritten digits", one a
line: 64 counts of ink from 0 to 16, row by row, then the class. Writers, scanner and size differ from MNIST's.
The nearest two are 10.6 gray levels apart (root mean square over the pixels): similar handwriting at 8 × 8 pixels, not copies.
"""

import gzip
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from collector.artifacts import download, packages
from collector.datasets.builders import examples
from collector.datasets.builders.split import Pictures, permutation

MEMBER = "sklearn/datasets/data/digits.csv.gz"
SIDE = 8
CLASSES = tuple("0123456789")
SEED = 1
_INK = 16


def read(compressed: bytes) -> Pictures:
    """The digits in the file's order: images [1797, 8, 8, 1]."""
    table = np.loadtxt(gzip.decompress(compressed).decode().splitlines(), delimiter=",", dtype=np.int64)
    levels = (table[:, :-1] * 255 + _INK // 2) // _INK
    return Pictures(levels.astype(np.uint8).reshape(-1, SIDE, SIDE, 1), table[:, -1])


class OpticalDigits(examples.Builder):
    """Which digit is it?"""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> Any:
        return examples.info(
            self,
            side=SIDE,
            classes=CLASSES,
            description="1,797 handwritten digits of 8 × 8 pixels. Splits: 800, 200 and the rest, in a fixed random order.",
            homepage="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
            licence="BSD-3-Clause",
        )

    def _pictures(self) -> Pictures:
        digits = read(download.read(packages.SCIKIT_LEARN, MEMBER))
        return digits.take(permutation(len(digits), SEED))
