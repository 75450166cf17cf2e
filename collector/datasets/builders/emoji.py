"""Builds emoji: what is drawn? 64 × 64 pixels, color on white, in one of two drawing styles; its category, or its subcategory.

Source: the packages emoji-datasource-google and -twitter, the same 1,906 characters drawn by two companies, in Unicode's nine
categories; the five patches of skin color are left out, and of each character only the plain drawing is taken.

Near-copies: skin tones are not drawn at all. A woman, a man and a person who do the same are drawn alike, and of each such group the
first in the fixed order is kept. So it is of pictures that differ by less than 10 gray levels (root mean square over the pixels), such
as the flags of Chad and Romania. The two styles are two datasets: a character may be trained on in one and tested in the other.

A third asks for Unicode's subcategory, in the first style: which animal, which food, which face. It is finer than the
category, and uses the 54 subcategories with at least 12 drawings.
"""

import io
import json
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from numpy.typing import NDArray
from PIL import Image

from collector.artifacts import download, packages
from collector.datasets.builders import examples
from collector.datasets.builders.split import Pictures, near_copies, permutation, without_copies

SIDE = 64
CLASSES = (
    "Smileys & Emotion",
    "People & Body",
    "Animals & Nature",
    "Food & Drink",
    "Travel & Places",
    "Activities",
    "Objects",
    "Symbols",
    "Flags",
)
SUBCATEGORIES = (
    "emotion",
    "face-concerned",
    "face-neutral-skeptical",
    "face-smiling",
    "face-unwell",
    "heart",
    "body-parts",
    "family",
    "person",
    "person-activity",
    "person-fantasy",
    "person-role",
    "person-sport",
    "animal-bird",
    "animal-bug",
    "animal-mammal",
    "animal-marine",
    "plant-flower",
    "plant-other",
    "drink",
    "food-asian",
    "food-fruit",
    "food-prepared",
    "food-sweet",
    "food-vegetable",
    "place-building",
    "place-other",
    "sky_&_weather",
    "time",
    "transport-air",
    "transport-ground",
    "event",
    "game",
    "sport",
    "book-paper",
    "clothing",
    "computer",
    "household",
    "light_&_video",
    "mail",
    "musical-instrument",
    "office",
    "tool",
    "alphanum",
    "arrow",
    "av-symbol",
    "geometric",
    "keycap",
    "other-symbol",
    "religion",
    "transport-sign",
    "warning",
    "zodiac",
    "country-flag",
)
STYLES = {"google": "google", "twitter": "twitter", "subcategory": "google"}  # of each configuration
SOURCES = {"google": packages.EMOJI_GOOGLE, "twitter": packages.EMOJI_TWITTER}
SEED = 1
COPY_LEVELS = 10  # pictures that differ by fewer gray levels are near-copies

_GENDER = re.compile(r"-200D-264[02](-FE0F)?")
_PERSON = re.compile(r"1F46[89]|1F9D1")


def group(code: str) -> str:
    """What a character's code points say but for a person's gender: 1F468-200D-1F692 (man, fire engine) is 1F9D1-200D-1F692."""
    return _PERSON.sub("1F9D1", _GENDER.sub("", code))


def draw(png: bytes) -> NDArray[np.uint8]:
    """One picture on white: uint8 [64, 64, 3]."""
    with Image.open(io.BytesIO(png)) as image:
        drawing = image.convert("RGBA")
    white = Image.new("RGBA", drawing.size, "white")
    white.alpha_composite(drawing)
    return np.asarray(white.convert("RGB"))


def read(listing: bytes, drawings: Mapping[str, bytes], fine: bool = False) -> Pictures:
    """The pictures that are no near-copy of an earlier one, in a fixed random order, labelled by category, or else by subcategory (fine).

    drawings: by file name.
    """
    rows = characters(listing)
    rows = [rows[index] for index in permutation(len(rows), SEED)]
    first: dict[str, Any] = {}
    for row in rows:
        first.setdefault(group(row["unified"]), row)
    images = np.stack([draw(drawings[row["image"]]) for row in first.values()])
    kept = without_copies(near_copies(images, COPY_LEVELS))
    classes = _classes(fine)
    names = [row["subcategory"].replace(" ", "_") if fine else row["category"] for row in first.values()]
    labels = np.array([classes.index(name) if name in classes else -1 for name in names], np.int64)
    return Pictures(images, labels).take(kept[labels[kept] >= 0])


def _classes(fine: bool) -> tuple[str, ...]:
    return SUBCATEGORIES if fine else CLASSES


def characters(listing: bytes) -> list[Any]:
    """The rows of emoji.json that are drawn here, by code point, so that every release of one list gives one order."""
    rows = [row for row in json.loads(listing) if row["category"] in CLASSES]
    return sorted(rows, key=lambda row: str(row["unified"]))


class Emoji(examples.Builder):
    """What kind of thing is drawn?"""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [  # noqa: RUF012 (tensorflow-datasets reads it as it is)
        tfds.core.BuilderConfig(name="google", description="Unicode's category, as Noto Emoji draws it."),
        tfds.core.BuilderConfig(name="twitter", description="Unicode's category, as Twemoji draws it."),
        tfds.core.BuilderConfig(name="subcategory", description="Unicode's subcategory, as Noto Emoji draws it."),
    ]

    @property
    def _fine(self) -> bool:
        return bool(self.builder_config.name == "subcategory")

    def _info(self) -> Any:
        return examples.info(
            self,
            side=SIDE,
            classes=_classes(self._fine),
            description="Emoji without near-copies, on white. Splits: 800, 200 and the rest, in a fixed random order.",
            homepage="https://github.com/iamcal/emoji-data",
            licence=SOURCES[STYLES[self.builder_config.name]].licence,
            channels=3,
        )

    def _pictures(self) -> Pictures:
        style = STYLES[self.builder_config.name]
        listing, folder = "emoji.json", f"img/{style}/64/"
        # All drawings, and not those of the listing alone: that would be a second pass through the archive.
        files, _ = download.select(SOURCES[style], lambda name: name == listing or name.startswith(folder))
        drawings = {name.removeprefix(folder): content for name, content in files.items()}
        return read(files[listing], drawings, self._fine)
