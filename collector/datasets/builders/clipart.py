"""Builds clipart: what is drawn? 64 × 64 pixels, color on white, by many hands.

Source: Debian's package openclipart-png, drawings in the public domain, in folders by subject. The folders that
name what is shown make 14 classes; a drawing's author chose its folder, so labels are noisy (an anchor is under
transportation). Left out are folders of signs, icons, patterns and playing cards, which show no subject.

Near-copies: a drawing in two folders is left out altogether, and so is one in black and white (bw in its name), of which there is
a colored one, too. Of pictures that differ by less than 20 gray levels (root mean square over the pixels), such as two
smileys with different mouths, the first is kept.
"""

import io
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from numpy.typing import NDArray
from PIL import Image, ImageChops

from collector.artifacts import download, packages
from collector.datasets.builders import examples
from collector.datasets.builders.split import Pictures, near_copies, permutation, without_copies

SIDE = 64
SEED = 1
COPY_LEVELS = 20  # pictures that differ by fewer gray levels are near-copies
FOLDER = "usr/share/openclipart/png/"
FOLDERS = {
    "animals": "animals",
    "buildings": "building",
    "computer/hardware": "computer",
    "food": "food",
    "office": "office",
    "people": "people",
    "people/clothing": "clothing",
    "people/smilies": "smiley",
    "plants": "plant",
    "recreation/music": "music",
    "recreation/sports": "sport",
    "signs_and_symbols/flags": "flag",
    "tools": "tool",
    "transportation": "transport",
}
# Below a folder that is taken: signs, diagrams of sailing, and figures that differ by the bend of an arm.
LEFT_OUT = ("people/stickmen", "transportation/aiga-symbols", "transportation/boating", "transportation/roadsigns")
CLASSES = tuple(FOLDERS.values())

_COLORLESS = re.compile(r"_bw(_|\.)")
_LARGEST = 2_000_000  # pixels: 1 drawing in 50 has more, one has 231 million
_HEAD = 24  # bytes of a PNG file, to the end of its width and height


def subject(name: str) -> str | None:
    """The class of a drawing by its path below png/: that of the nearest folder above it which has one."""
    above = [str(folder) for folder in PurePosixPath(name).parents]
    if any(folder in LEFT_OUT for folder in above):
        return None
    return next((FOLDERS[folder] for folder in above if folder in FOLDERS), None)


def choose(names: list[str]) -> dict[str, str]:
    """The class of each drawing that is taken, by its path below png/, sorted. names: of all files and links."""
    tops: dict[str, set[str]] = defaultdict(set)
    for name in names:
        tops[PurePosixPath(name).name].add(name.split("/")[0])
    classes = {name: subject(name) for name in sorted(names) if name.endswith(".png")}
    # A drawing in two folders has one name in both: the second is a link to the first.
    single = {name: kind for name, kind in classes.items() if kind is not None and len(tops[PurePosixPath(name).name]) == 1}
    return {name: kind for name, kind in single.items() if not _COLORLESS.search(name)}


def draw(png: bytes) -> NDArray[np.uint8] | None:
    """A drawing without its blank margin in the middle of white, uint8 [64, 64, 3]; None where it is blank or has too many pixels."""
    width, height = (int.from_bytes(png[end - 4 : end], "big") for end in (_HEAD - 4, _HEAD))
    if width * height > _LARGEST:
        return None
    with Image.open(io.BytesIO(png)) as image:
        drawing = image.convert("RGBA")
    white = Image.new("RGBA", drawing.size, "white")
    white.alpha_composite(drawing)
    flat = white.convert("RGB")
    inked = ImageChops.invert(flat).getbbox()
    if inked is None:
        return None
    longer = max(inked[2] - inked[0], inked[3] - inked[1])
    size = tuple(max(1, round(SIDE * (inked[axis + 2] - inked[axis]) / longer)) for axis in (0, 1))
    small = flat.crop(inked).resize((size[0], size[1]), Image.Resampling.HAMMING)
    square = Image.new("RGB", (SIDE, SIDE), "white")
    square.paste(small, ((SIDE - size[0]) // 2, (SIDE - size[1]) // 2))
    return np.asarray(square)


def read(drawings: Mapping[str, bytes], classes: Mapping[str, str]) -> Pictures:
    """The drawings that are no near-copy of an earlier one, in a fixed random order. Both by path below png/."""
    names = sorted(drawings)
    drawn = [(draw(drawings[names[index]]), classes[names[index]]) for index in permutation(len(names), SEED)]
    kept = [(image, CLASSES.index(kind)) for image, kind in drawn if image is not None]
    images = np.stack([image for image, _ in kept])
    return Pictures(images, np.array([label for _, label in kept], np.int64)).take(
        without_copies(near_copies(images, COPY_LEVELS))
    )


class Clipart(examples.Builder):
    """What is drawn?"""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> Any:
        return examples.info(
            self,
            side=SIDE,
            classes=CLASSES,
            description="Open Clip Art without near-copies, on white. Splits: 800, 200 and the rest, in a fixed random order.",
            homepage="https://openclipart.org/",
            licence=packages.OPENCLIPART.licence,
            channels=3,
        )

    def _pictures(self) -> Pictures:
        def wanted(name: str) -> bool:
            return name.startswith(FOLDER) and subject(name.removeprefix(FOLDER)) is not None

        files, names = download.select(packages.OPENCLIPART, wanted)
        classes = choose([name.removeprefix(FOLDER) for name in names if name.startswith(FOLDER)])
        drawings = {name: files[FOLDER + name] for name in classes if FOLDER + name in files}  # a link has no content of its own
        return read(drawings, classes)
