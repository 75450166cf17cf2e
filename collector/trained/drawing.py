"""Draws what a model takes each class for, and the images small."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from collector.trained.counts import Confusion

PIXELS = 900  # of the square of cells, where it has many
LARGEST, NUMBERED, NAMED = 64, 26, 12  # pixels of a cell: at most; with its number inside; with the names of its classes
LETTERS = 18
FONT = 12
THUMBNAIL = 96  # pixels, at most
WHITE, DARK, INK = np.array((255, 255, 255)), np.array((8, 69, 148)), (30, 30, 30)


def draw(counts: Confusion, classes: tuple[str, ...]) -> Image.Image:
    """Draw a square of cells: a row for each class, a column for what its images were taken for, the darker the more of the row."""
    cell = min(LARGEST, max(1, PIXELS // len(classes)))
    margin = 160 if cell >= NAMED else 36
    side = cell * len(classes)
    image = Image.new("RGB", (max(margin + side, 200) + 10, margin + side + 10), "white")
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    colours = WHITE + shares[..., None] * (DARK - WHITE)
    image.paste(Image.fromarray(colours.astype(np.uint8)).resize((side, side), Image.Resampling.NEAREST), (margin, margin))
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(FONT)
    pen.rectangle((margin - 1, margin - 1, margin + side, margin + side), outline=INK)
    if cell >= NUMBERED:
        for (row, column), count in np.ndenumerate(counts):
            at = (margin + (column + 0.5) * cell, margin + (row + 0.5) * cell)
            pen.text(at, str(count), "white" if shares[row, column] > 0.5 else INK, font, anchor="mm")
    if cell >= NAMED:
        _name(image, classes, margin, cell, font)
    pen.text((6, 2), "row: the class\ncolumn: what it was taken for", INK, font)
    return image


def _name(
    image: Image.Image, classes: tuple[str, ...], margin: int, cell: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont
) -> None:
    """Write the names of the classes left of the rows and, turned, above the columns."""
    for number, name in enumerate(classes):
        label = Image.new("RGB", (margin - 40, FONT + 4), "white")
        short = name if len(name) <= LETTERS else name[: LETTERS - 1] + "…"
        ImageDraw.Draw(label).text((label.width - 4, label.height / 2), short, INK, font, anchor="rm")
        at = margin + number * cell + (cell - label.height) // 2
        image.paste(label, (margin - label.width - 2, at))
        turned = label.transpose(Image.Transpose.ROTATE_270)
        image.paste(turned, (at, margin - label.width - 2))


def thumbnail(image: NDArray[np.uint8]) -> bytes:
    """Return an image, uint8 [height, width, 3], reduced, as JPEG."""
    small, file = Image.fromarray(image), io.BytesIO()
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    small.save(file, "JPEG", quality=88, subsampling=0)
    return file.getvalue()
