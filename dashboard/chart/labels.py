"""Finds places for labels: at the ends of lines, or beside points, where they cover no line and no other label.

At a point a label hangs below, or stands above, at the end of a thin vertical line. Places are found for a plot of a certain width; in
a wider one they stay free, because all moves apart.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LETTER, LINE = 6.4, 14.0  # pixels of a letter of a label and of its line, at 11 pixels
GAP = 5.0  # between a label and the line that it hangs from
STEP = 4.0  # between the places that are tried

Box = tuple[
    float, float, float, float
]  # left, top, right, bottom, in pixels from the top left corner; a line is a box without width


@dataclass(frozen=True)
class Place:
    """Where a label is: its height in pixels, and whether its text begins (left) or ends (right) at its line."""

    index: int
    y: float
    align: str


def places(
    points: Sequence[tuple[float, float]], texts: Sequence[str], taken: Sequence[Box], width: float, height: float
) -> list[Place]:
    """Return the places of those labels that have one; the first labels choose first. taken: boxes that are covered already."""
    found, boxes = [], list(taken)
    for index, ((x, y), text) in enumerate(zip(points, texts, strict=True)):
        for place, label, stem in _tried(index, x, y, LETTER * len(text), height):
            inside = label[0] >= 0 and label[2] <= width
            # Lines may pass behind the thin line of a label, but no other label may.
            if (
                inside
                and not any(_meet(label, box) for box in boxes)
                and not any(_meet(stem, box) for box in boxes[len(taken) :])
            ):
                found.append(place)
                boxes += [label, stem]
                break
    return found


def clear(middles: Sequence[tuple[float, float]], texts: Sequence[str], width: float) -> list[int]:
    """Return which labels have a place around their middles, inside the width and over no other; the first choose first."""
    boxes: dict[int, Box] = {}
    for index, ((x, y), text) in enumerate(zip(middles, texts, strict=True)):
        half = LETTER * len(text) / 2
        box = (x - half, y - LINE / 2, x + half, y + LINE / 2)
        if box[0] >= 0 and box[2] <= width and not any(_meet(box, other) for other in boxes.values()):
            boxes[index] = box
    return list(boxes)


def apart(heights: Sequence[float], height: float) -> list[float]:
    """Return the heights of labels, in the same order, moved as far as no two lie over each other; all fit into a plot of this height."""
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    found = list(heights)
    lowest = height - LINE / 2
    above = LINE / 2 - LINE
    for index in order:
        found[index] = above = max(found[index], above + LINE)
    for index in reversed(order):
        found[index] = lowest = min(found[index], lowest)
        lowest -= LINE
    return found


def _tried(index: int, x: float, y: float, wide: float, height: float) -> Iterator[tuple[Place, Box, Box]]:
    """Yield the places of a label, the nearest first, each with the boxes of its text and of its line."""
    below = [y + LINE / 2 + GAP + STEP * step for step in range(int(height / STEP))]
    for middle in (*(one for one in below if one + LINE / 2 <= height), y - LINE / 2 - GAP):
        for align, left in (("right", x - GAP - wide), ("left", x + GAP)):
            label = (left, middle - LINE / 2, left + wide, middle + LINE / 2)
            yield Place(index, middle, align), label, (x, min(y, middle), x, max(y, middle))


def _meet(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]
