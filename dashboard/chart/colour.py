"""Gives each strategy a fixed colour and dash pattern.

The colours follow Okabe and Ito's palette for colour-blind readers, with orange, sky blue and yellow darkened, so that every colour has
a contrast of at least 3 against a white and a dark page. Dash patterns separate lines that colours may not.
"""

from collections.abc import Sequence
from zlib import crc32

FIXED = {
    "task_agnostic": "#D55E00",
    "linear": "#0072B2",
    "hybrid_linear": "#2C96CF",
    "knn": "#009E73",
    "hybrid_knn": "#8A8A00",
    "leave_one_dataset_out": "#B8629A",
    "task_agnostic_oracle": "#B07900",
    "random": "#808080",
}
OTHERS = ("#8E63CE", "#C8553D", "#5B8C5A", "#B5518B", "#4F7CAC", "#9C6B30")  # of added strategies, by a hash of their name

SOLID, DASHED, DOTTED, MIXED = [1, 0], [6, 3], [2, 2], [8, 3, 2, 3]
DASHES = {
    "hybrid_linear": DASHED,
    "hybrid_knn": DASHED,
    "random": DOTTED,
    "task_agnostic_oracle": DOTTED,
    "leave_one_dataset_out": MIXED,
}

NEUTRAL = "#808080"  # rules and dots, on light and dark pages
TEXT = "currentColor"  # that of the text around a chart, light or dark; black in a downloaded image
GROUPS = {"natural": "#009E73", "specialized": "#2C96CF", "structured": "#D55E00"}
FAMILIES = {"imagenet": "#0072B2", "expert": "#D55E00", "vtab": "#009E73", "scratch": "#808080"}
SEQUENTIAL = ["#1B4965", "#2C96CF", "#F2D27A"]  # dark blue to yellow: brightness increases, so it also reads without colour
AHEAD, EVEN, BEHIND = "#2C96CF", "#E4E4E4", "#E08A4F"  # of a difference


def shade(fraction: float) -> str:
    """Return the colour of a loss from 0, bright, to 1, dark. Small losses differ more: most are small."""
    return _between(SEQUENTIAL[::-1], min(max(fraction, 0.0), 1.0) ** 0.5)


def difference_shade(delta: float) -> str:
    """Return the colour of a difference from -1 to 1, grey at 0; small ones differ more."""
    size = min(abs(delta), 1.0) ** 0.5
    return _between((EVEN, AHEAD if delta > 0 else BEHIND), size)


def ink(fill: str) -> str:
    """Return the colour of a text on a filled cell, black or white: that with the higher contrast, which is at least 4.5."""
    return "black" if luminance(fill) > 0.179 else "white"


def luminance(colour_: str) -> float:
    """Return the relative luminance of a colour, as the web's guidelines for contrast define it."""
    parts = [
        value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in (x / 255 for x in _rgb(colour_))
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _between(stops: Sequence[str], share: float) -> str:
    """Return the colour at a share of the way along the stops."""
    place = share * (len(stops) - 1)
    first = min(int(place), len(stops) - 2)
    pairs = zip(_rgb(stops[first]), _rgb(stops[first + 1]), strict=True)
    return "#" + "".join(f"{round(low + (high - low) * (place - first)):02X}" for low, high in pairs)


def _rgb(colour_: str) -> list[int]:
    return [int(colour_[i : i + 2], 16) for i in (1, 3, 5)]


def colour(strategy: str) -> str:
    """Return the colour of a strategy; that of an added one follows from its name."""
    return FIXED.get(strategy) or OTHERS[crc32(strategy.encode()) % len(OTHERS)]


def dash(strategy: str) -> Sequence[int]:
    """Return the dash pattern of a strategy's line."""
    return DASHES.get(strategy, SOLID)
