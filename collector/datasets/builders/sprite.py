"""Builds sprite: white shapes on black, 64 × 64 pixels, drawn on the factor grid that dSprites publishes.

3 shapes × 6 scales (0.5 to 1) × 40 orientations (0 to 2π) × 32 × 32 positions. Two tasks are those that VTAB takes from
dSprites, with its 16 classes of floor(index / (values / 16)): where is the sprite horizontally, and how is it turned. Two more ask
for its scale (6 classes) and its shape (3). The drawing is our own (dSprites' shapes and margins are not published as numbers), so
the tasks are named sprite-…, never dsprites.

As in dSprites, the last orientation (2π) looks like the first (0). It would put one picture under two labels, so it is left out:
39 values are drawn and class 15 has one of them, the others two or three. Also as there, a square looks the same after a quarter
and an ellipse after half a turn, but the grid's step of 2π/39 hits neither: such pictures differ by a few pixels, and labels far
apart go with pictures that are hard to tell apart.
"""

import math
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from numpy.typing import NDArray

from collector.datasets.builders import examples
from collector.datasets.builders.split import TOTAL, Pictures, permutation

SIDE = 64
SHAPES = ("square", "ellipse", "heart")
SCALES = 6
ORIENTATIONS = 40
POSITIONS = 32
GRID = (len(SHAPES), SCALES, ORIENTATIONS - 1, POSITIONS, POSITIONS)
NUM_CLASSES = 16
CLASSES = {
    "location": tuple(map(str, range(NUM_CLASSES))),
    "orientation": tuple(map(str, range(NUM_CLASSES))),
    "scale": tuple(map(str, range(SCALES))),
    "shape": SHAPES,
}
SEED = 1
SPARE = 100  # drawn beyond the 2,000 that are used, since different factors can give equal pixels

_MARGIN = 16  # pixels between the border and the outermost centres; every shape stays within this radius of its centre
_STEPS = POSITIONS - 1
_TURN = 1 << 20


def _turns() -> NDArray[np.int64]:
    """cos and sin of each orientation, [39, 2], rounded to 2^-20 so that they do not depend on the platform's libm."""
    angles = [2 * math.pi * index / (ORIENTATIONS - 1) for index in range(ORIENTATIONS - 1)]
    return np.array([(round(math.cos(a) * _TURN), round(math.sin(a) * _TURN)) for a in angles], np.int64)


_TURNS = _turns()


def render(shape: int, scale: int, orientation: int, x: int, y: int) -> NDArray[np.uint8]:
    """One sprite from its five factor indices: uint8 [64, 64, 1] of 0 and 255. x grows to the right, y downwards.

    The pixels are the same on every machine: integers up to the division, then single IEEE operations, no power, no libm.
    """
    # From the centre, which moves in equal steps over [16, 48], to the pixel's middle: in units of 1/62 pixel, whole numbers.
    middle = (2 * np.arange(SIDE, dtype=np.int64) + 1) * _STEPS - 2 * _STEPS * _MARGIN
    right = middle[np.newaxis, :] - 2 * (SIDE - 2 * _MARGIN) * x
    down = middle[:, np.newaxis] - 2 * (SIDE - 2 * _MARGIN) * y
    cos, sin = _TURNS[orientation]
    # In the sprite's own frame a radius of 1 is 16 pixels at the largest scale, 8 at the smallest.
    unit = 2 * _STEPS * _TURN * _MARGIN * (SCALES - 1 + scale) / (2 * (SCALES - 1))
    u = (right * cos + down * sin) / unit
    v = (down * cos - right * sin) / unit
    inside = (_square, _ellipse, _heart)[shape](u, v)
    return (inside * np.uint8(255)).astype(np.uint8)[..., np.newaxis]


def _square(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (abs(u) <= 0.6) & (abs(v) <= 0.6)


def _ellipse(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    a, b = u / 0.9, v / 0.45
    return a * a + b * b <= 1


def _heart(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.bool_]:
    """(a² + b² - 1)³ ≤ a² b³, its tip down."""
    a, b = u * 1.5, 0.15 - v * 1.5
    round_part = a * a + b * b - 1
    return round_part * round_part * round_part <= a * a * b * b * b


def location_class(x: int) -> int:
    """0..15 from the index of the horizontal position, 0..31."""
    return x * NUM_CLASSES // POSITIONS


def orientation_class(orientation: int) -> int:
    """0..15 from the index of the orientation, 0..39: floor(index / 2.5), in whole numbers."""
    return orientation * NUM_CLASSES // ORIENTATIONS


def draw(task: str, count: int) -> Pictures:
    """count sprites of factors drawn without replacement, labelled for the task: location, orientation, scale or shape."""
    chosen = permutation(math.prod(GRID), SEED)[:count]
    factors = [tuple(map(int, np.unravel_index(index, GRID))) for index in chosen]
    labels = [_label(task, *values) for values in factors]
    return Pictures(np.stack([render(*values) for values in factors]), np.array(labels, np.int64))


def _label(task: str, shape: int, scale: int, orientation: int, x: int, _: int) -> int:
    return {"location": location_class(x), "orientation": orientation_class(orientation), "scale": scale, "shape": shape}[task]


class Sprite(examples.Builder):
    """Where is the sprite, how is it turned, how large is it, or which one is it?"""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [  # noqa: RUF012 (tensorflow-datasets reads it as it is)
        tfds.core.BuilderConfig(name="location", description="The horizontal position, 16 classes from left to right."),
        tfds.core.BuilderConfig(name="orientation", description="The orientation, 16 classes over a full turn."),
        tfds.core.BuilderConfig(name="scale", description="The scale, 6 classes from small to large."),
        tfds.core.BuilderConfig(name="shape", description="Square, ellipse or heart."),
    ]

    def _info(self) -> Any:
        return examples.info(
            self,
            side=SIDE,
            classes=CLASSES[self.builder_config.name],
            description="Sprites on dSprites' factor grid, drawn here. Splits: 800, 200 and 1,000 in a fixed random order.",
            homepage="https://github.com/google-deepmind/dsprites-dataset",
            licence="Apache-2.0",
        )

    def _pictures(self) -> Pictures:
        return draw(self.builder_config.name, TOTAL + SPARE)
