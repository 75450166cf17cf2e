"""Builds fashion_article: which piece of clothing is it? 28 × 28 pixels, gray on black.

Source: the training file of Fashion-MNIST, 60,000 photographs of articles in ten classes, from Debian's package
dataset-fashion-mnist. The nearest two of those used are 15.9 gray levels apart (root mean square over the pixels), two
plain pairs of trousers, so there are no near-copies.
"""

import gzip
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from collector.artifacts import download, packages
from collector.datasets.builders import examples
from collector.datasets.builders.split import TOTAL, Pictures, permutation

FOLDER = "usr/share/datasets/fashion-mnist/"
IMAGES, LABELS = FOLDER + "train-images-idx3-ubyte.gz", FOLDER + "train-labels-idx1-ubyte.gz"
SIDE = 28
CLASSES = ("T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
SEED = 1


def read(images: bytes, labels: bytes, count: int) -> Pictures:
    """count photographs in a fixed random order, from the two files."""
    # Each file begins with 32-bit numbers: a magic one, and the lengths of each dimension.
    pixels = np.frombuffer(gzip.decompress(images), np.uint8, offset=16).reshape(-1, SIDE, SIDE, 1)
    classes = np.frombuffer(gzip.decompress(labels), np.uint8, offset=8)
    chosen = permutation(len(pixels), SEED)[:count]
    return Pictures(pixels[chosen], classes[chosen].astype(np.int64))


class FashionArticle(examples.Builder):
    """Which piece of clothing is it?"""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> Any:
        return examples.info(
            self,
            side=SIDE,
            classes=CLASSES,
            description="Photographs of Fashion-MNIST's training file. Splits: 800, 200 and 1,000 in a fixed random order.",
            homepage="https://github.com/zalandoresearch/fashion-mnist",
            licence="MIT",
        )

    def _pictures(self) -> Pictures:
        files = download.read_all(packages.FASHION_MNIST, [IMAGES, LABELS])
        return read(files[IMAGES], files[LABELS], TOTAL)
