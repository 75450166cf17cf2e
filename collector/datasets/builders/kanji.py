"""Builds kanji: how many strokes does the character have? 64 × 64 pixels, black on white, from KanjiVG's stroke paths.

Source: the package kanjivg, one SVG a character, one path a stroke. Only the 6,413 unified ideographs (U+4E00 to U+9FFF) are
drawn, each in its base form: no kana, no letters, and no variant such as -Kaisho, which is the same character drawn slightly
differently. The classes are up to 6 strokes, each of 7 to 15, 16 or 17, and 18 and more: 12 classes of 5 to 13 % of the
characters each. No two of those drawn are equal.
"""

import re
import zipfile
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tensorflow_datasets as tfds
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from collector.artifacts import download, packages
from collector.datasets.builders import examples
from collector.datasets.builders.split import TOTAL, Pictures, permutation

SIDE = 64
CLASSES = ("1-6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16-17", "18+")
SEED = 1
SPARE = 100  # drawn beyond the 2,000 that are used, in case two characters are drawn alike

_MEMBER = re.compile(r"kanji/0([4-9][0-9a-f]{3})\.svg")
_PATH = "{http://www.w3.org/2000/svg}path"
_TOKEN = re.compile(r"([A-Za-z])|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_LARGEST = 65_536  # bytes; the largest drawing has under 8,000
_VIEW = 109  # width and height of KanjiVG's drawings
_PEN = 3  # its stroke width in the same units
_OVER = 4  # drawn this many times larger, then averaged
_LINES = 6  # that a curve becomes
_CURVE = np.linspace(0.0, 1.0, _LINES + 1)[1:, np.newaxis]
_WEIGHTS = np.concatenate([(1 - _CURVE) ** 3, 3 * _CURVE * (1 - _CURVE) ** 2, 3 * _CURVE**2 * (1 - _CURVE), _CURVE**3], axis=1)


def strokes(svg: bytes) -> list[NDArray[np.float64]]:
    """The strokes of one drawing in writing order, each a polyline [points, 2] in units of 1/109 of the side.

    Raises ValueError for a file that isn't such a drawing.
    """
    # ElementTree fetches nothing from outside, but it expands what a file declares itself.
    if len(svg) > _LARGEST or b"<!ENTITY" in svg:
        raise ValueError("This is not a drawing of KanjiVG: it is too large or declares entities.")
    paths = [element.get("d", "") for element in ElementTree.fromstring(svg).iter(_PATH)]
    if not paths:
        raise ValueError("The drawing has no stroke.")
    return [_polyline(path) for path in paths]


def _polyline(path: str) -> NDArray[np.float64]:
    """One SVG path of a move and cubic curves (M, C, S, in large or small letters), flattened."""
    tokens = _TOKEN.findall(path)
    starts = [index for index, (letter, _) in enumerate(tokens) if letter]
    if starts[:1] != [0]:
        raise ValueError(f"Not a stroke of one move and cubic curves: {path!r}")
    points: list[NDArray[np.float64]] = []
    control = here = np.zeros(2)
    for start, end in zip(starts, [*starts[1:], len(tokens)], strict=True):
        letter = tokens[start][0]
        numbers = np.array([float(number) for _, number in tokens[start + 1 : end]])
        size = {"M": 2, "S": 4, "C": 6}.get(letter.upper(), 0)
        if not size or not len(numbers) or len(numbers) % size or (start == 0) != (letter in "Mm"):
            raise ValueError(f"Not a stroke of one move and cubic curves: {path!r}")
        for piece in numbers.reshape(-1, size // 2, 2):
            ends = piece + here if letter.islower() else piece
            if letter in "Mm":
                points.append(ends)
            else:
                # S leaves the first control point out: it mirrors the last one of the curve before.
                bezier = np.concatenate([[here], ends if len(ends) == 3 else [2 * here - control, *ends]])
                points.append(_WEIGHTS @ bezier)
                control = bezier[2]
            here = ends[-1]
            control = here if letter in "Mm" else control
    return np.concatenate(points)


def draw(lines: list[NDArray[np.float64]]) -> NDArray[np.uint8]:
    """The strokes with a round pen, black on white: uint8 [64, 64, 1]."""
    scale = SIDE * _OVER / _VIEW
    pen = round(_PEN * scale)
    canvas = Image.new("L", (SIDE * _OVER, SIDE * _OVER), 255)
    ink = ImageDraw.Draw(canvas)
    for line in lines:
        dots = [(float(x), float(y)) for x, y in line * scale]
        ink.line(dots, fill=0, width=pen)
        # A line's own ends are flat: round off both ends of the stroke and where its curves meet. Pillow counts the middle pixel
        # of a circle on top of its diameter.
        for dot in dots[::_LINES]:
            ink.circle(dot, (pen - 1) / 2, fill=0)
    return np.asarray(canvas.reduce(_OVER))[..., np.newaxis]


def stroke_class(count: int) -> int:
    """0..11 from the number of strokes."""
    if count >= 16:
        return 10 if count <= 17 else 11
    return max(count, 6) - 6


def members(archive: zipfile.ZipFile) -> list[str]:
    """The drawings of unified ideographs in their base form, by code point."""
    return sorted(name for name in archive.namelist() if (found := _MEMBER.fullmatch(name)) and found[1] >= "4e00")


def read(archive: zipfile.ZipFile, count: int) -> Pictures:
    """count characters in a fixed random order."""
    names = members(archive)
    chosen = [strokes(archive.read(names[index])) for index in permutation(len(names), SEED)[:count]]
    labels = [stroke_class(len(lines)) for lines in chosen]
    return Pictures(np.stack([draw(lines) for lines in chosen]), np.array(labels, np.int64))


class Kanji(examples.Builder):
    """How many strokes does the character have?"""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [  # noqa: RUF012 (tensorflow-datasets reads it as it is)
        tfds.core.BuilderConfig(name="strokes", description="The number of strokes: up to 6, 7, 8, …, 15, 16-17, 18 and more."),
    ]

    def _info(self) -> Any:
        return examples.info(
            self,
            side=SIDE,
            classes=CLASSES,
            description="Kanji drawn stroke by stroke from KanjiVG. Splits: 800, 200 and 1,000 in a fixed random order.",
            homepage="https://kanjivg.tagaini.net/",
            licence="CC-BY-SA-3.0",
        )

    def _pictures(self) -> Pictures:
        with zipfile.ZipFile(download.fetch(packages.KANJIVG)) as archive:
            return read(archive, TOTAL + SPARE)
