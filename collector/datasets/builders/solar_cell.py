"""Builds solar_cell: electroluminescence photographs of solar cells, 128 × 128 pixels, gray.

Source: the package elpv-dataset (ELPV: Buerhop-Lutz et al. 2018, Deitsch et al. 2019 and 2021), 2,624 cells of 300 × 300 pixels
cut out of 44 modules. Two tasks: how probable a defect is (0, 1/3, 2/3 or 1, as experts judged), and whether the wafer is mono-
or polycrystalline. The pictures are CC-BY-NC-SA-4.0: they are read from the package and never shipped with a study.

They are stored at 128 pixels, averaged down: no network of a quick study takes more, and reading stays quick.

Near-copies: no two cells are equal, but polycrystalline wafers sawn from one block and built into one module show the same grain,
up to 20 of them, with labels of their own. The grain distinguishes sisters from strangers (see _SISTERS), and one wafer of each
such block is kept, the first in the fixed order: 519 cells are dropped. Monocrystalline wafers have no grain: two clean ones of a
module are alike (1.9 gray levels at the least) because both are clean, and stay. Which module a cell is from isn't recorded, so
the cells of one module are in several splits.
"""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from collector.artifacts import download, packages
from collector.datasets.builders import examples
from collector.datasets.builders.split import Pictures, permutation, without_copies

SIDE = 128
FOLDER = "elpv_dataset/data/"
WAFERS = ("mono", "poly")
DEFECTS = {"0.0": "0", "0.3333333333333333": "1/3", "0.6666666666666666": "2/3", "1.0": "1"}
SEED = 1

# Correlation of the grain above which two wafers are sisters. Strangers have 0.04 ± 0.08, sisters 0.7 to 1; of the 1.2 million
# pairs 1,663 lie above 0.5, fewest around 0.65.
_SISTERS = 0.5
_GRAIN_SIDE = 64
# Rows of the 64 without the three busbars that most modules have (10, 31, 52), and without the border.
_ROWS = [row for row in range(5, 59) if all(abs(row - busbar) > 4 for busbar in (10, 31, 52))]
_COLUMNS = slice(5, 59)


def labels(csv: str) -> list[tuple[str, int, int]]:
    """(file, defect 0..3, wafer 0..1) of each line of labels.csv: file, probability and wafer between blanks."""
    levels = list(DEFECTS)
    rows = (line.split() for line in csv.splitlines() if line.strip())
    return [(file, levels.index(probability), WAFERS.index(wafer)) for file, probability, wafer in rows]


def shrink(png: bytes) -> NDArray[np.uint8]:
    """One cell as uint8 [128, 128]."""
    with Image.open(io.BytesIO(png)) as image:
        return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.HAMMING))


def grain(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What is left of a cell [128, 128] without light and shade, busbars and border: whole numbers of a length of about 4,096.

    Whole numbers, so that sums of their products are exact and the same cells are dropped on every machine.
    """
    small = Image.fromarray(image).reduce(SIDE // _GRAIN_SIDE)
    fine = np.asarray(small, np.int64) - np.asarray(small.filter(ImageFilter.BoxBlur(5)), np.int64)
    fine = fine[_ROWS, _COLUMNS]
    fine = fine * fine.shape[1] - fine.sum(axis=1, keepdims=True)
    length = np.sqrt(float((fine * fine).sum()))
    whole: NDArray[np.float64] = np.round(fine.ravel() * (4096 / max(length, 1.0)))
    return whole


def sisters(images: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which of the polycrystalline wafers [n, 128, 128] are from the same block: symmetric [n, n]."""
    grains = np.stack([grain(image) for image in images])
    products = grains @ grains.T
    lengths = np.sqrt(np.diag(products))
    alike: NDArray[np.bool_] = products > _SISTERS * np.outer(lengths, lengths)
    return alike


def read(archive: zipfile.ZipFile, task: str) -> Pictures:
    """The cells that are no sister of an earlier one, in a fixed random order, labelled for the task: defect or wafer."""
    rows = labels(archive.read(FOLDER + "labels.csv").decode())
    rows = [rows[index] for index in permutation(len(rows), SEED)]
    # The zip file is read by one thread; unpacking the pictures releases Python's lock.
    with ThreadPoolExecutor() as threads:
        images = np.stack(list(threads.map(shrink, (archive.read(FOLDER + file) for file, _, _ in rows))))
    poly = np.flatnonzero([wafer == WAFERS.index("poly") for _, _, wafer in rows])
    kept = np.ones(len(rows), bool)
    kept[poly] = False
    kept[poly[without_copies(sisters(images[poly]))]] = True
    column = 1 if task == "defect" else 2
    return Pictures(images[..., np.newaxis], np.array([row[column] for row in rows], np.int64)).take(np.flatnonzero(kept))


class SolarCell(examples.Builder):
    """Is the cell defective, or what wafer is it?"""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [  # noqa: RUF012 (tensorflow-datasets reads it as it is)
        tfds.core.BuilderConfig(name="defect", description="How probable a defect is: 0, 1/3, 2/3 or 1."),
        tfds.core.BuilderConfig(name="wafer", description="Monocrystalline or polycrystalline."),
    ]

    def _classes(self) -> tuple[str, ...]:
        return tuple(DEFECTS.values()) if self.builder_config.name == "defect" else WAFERS

    def _info(self) -> Any:
        return examples.info(
            self,
            side=SIDE,
            classes=self._classes(),
            description="Solar cells in electroluminescence (ELPV), averaged down to 128 pixels. Splits: 800, 200 and 1,000.",
            homepage="https://github.com/zae-bayern/elpv-dataset",
            licence="CC-BY-NC-SA-4.0: read it, never ship it",
        )

    def _pictures(self) -> Pictures:
        with zipfile.ZipFile(download.fetch(packages.ELPV_DATASET)) as archive:
            return read(archive, self.builder_config.name)
