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

NEUTRAL = "#808080"  # text and rules, on light and dark pages
GROUPS = {"natural": "#009E73", "specialized": "#2C96CF", "structured": "#D55E00"}
FAMILIES = {"imagenet": "#0072B2", "expert": "#D55E00", "vtab": "#009E73", "scratch": "#808080"}
SEQUENTIAL = ["#1B4965", "#2C96CF", "#F2D27A"]  # dark blue to yellow: brightness increases, so it also reads without colour


def colour(strategy: str) -> str:
    """Return the colour of a strategy; that of an added one follows from its name."""
    return FIXED.get(strategy) or OTHERS[crc32(strategy.encode()) % len(OTHERS)]


def dash(strategy: str) -> Sequence[int]:
    """Return the dash pattern of a strategy's line."""
    return DASHES.get(strategy, SOLID)
