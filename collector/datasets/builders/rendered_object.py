"""Builds rendered_object: things of known pose, 64 × 64 pixels, color, on gray. How is it turned, seen from how high, how many, how far?

Drawn by pybullet's software renderer, which needs no graphics hardware, from models that pybullet ships: single objects (a duck, a bear,
a robot, a mug, a quadruped, a bicycle) for azimuth and elevation, in the steps of smallNORB (18 of 20 degrees, 9 of 5 degrees from
30 on, 6 lights); and scenes of 3 to 10 boxes, balls and cylinders on a floor for count and distance, in the manner of CLEVR. The
drawing is our own, so the tasks are named object-…, never smallNORB or CLEVR.

Near-copies: a mug whose handle is hidden looks the same from several sides, under several labels. Of pictures that differ by less
than 5 gray levels (root mean square over the pixels), the first in the fixed order is kept.

The same seed gives the same factors on every machine, and the same pixels wherever pybullet's build is the same.
"""

import importlib
import importlib.metadata
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from numpy.typing import NDArray

from collector.artifacts.download import PackageError
from collector.datasets.builders import examples
from collector.datasets.builders.split import TOTAL, Pictures, near_copies, permutation, without_copies

VERSION = "3.2.7"
SIDE = 64
SEED = 1
SPARE = 900  # drawn beyond the 2,000 that are used, since near-copies are dropped
COPY_LEVELS = 5  # pictures that differ by fewer gray levels are near-copies
OBJECTS = ("duck_vhacd.urdf", "teddy_vhacd.urdf", "r2d2.urdf", "objects/mug.urdf", "laikago/laikago.urdf", "bicycle/bike.urdf")
AZIMUTHS, ELEVATIONS, LIGHTS = 18, 9, 6
COUNTS = range(3, 11)
# The nearest thing's distance from the camera, in thousandths: six classes of about a sixth of the scenes each.
DISTANCES = (4_470, 4_548, 4_631, 4_727, 4_897)
CLASSES = {
    "azimuth": tuple(f"{20 * index} degrees" for index in range(AZIMUTHS)),
    "elevation": tuple(f"{30 + 5 * index} degrees" for index in range(ELEVATIONS)),
    "count": tuple(map(str, COUNTS)),
    "distance": tuple(map(str, range(len(DISTANCES) + 1))),
}
COLORS = (
    (173, 35, 35),
    (42, 75, 215),
    (29, 105, 20),
    (129, 74, 25),
    (129, 38, 192),
    (41, 208, 208),
    (255, 238, 51),
    (87, 87, 87),
)
_FAR, _DOWN = 5.6, 40  # where the camera of a scene is: its distance from the middle of the floor, and degrees down
_EYE = (0.0, -_FAR * math.cos(math.radians(_DOWN)), _FAR * math.sin(math.radians(_DOWN)))
_FLOOR = 3.0  # the width of the square in which things stand


@dataclass(frozen=True)
class Drawing:
    """Pictures, uint8 [n, 64, 64, 3], and for each task their labels, int64 [n]."""

    images: NDArray[np.uint8]
    labels: Mapping[str, NDArray[np.int64]]


def engine() -> Any:
    """pybullet, connected without a window. Raises PackageError where it is missing or another version."""
    try:
        pybullet = importlib.import_module("pybullet")
    except ModuleNotFoundError as error:
        raise PackageError(
            f"The object-… tasks are drawn by pybullet, which is not installed: pip install 'pybullet=={VERSION}'"
        ) from error
    found = importlib.metadata.version("pybullet")
    if found != VERSION:
        raise PackageError(
            f"The object-… tasks are drawn by pybullet {VERSION}, and {found} is installed, whose pixels may differ: "
            f"pip install 'pybullet=={VERSION}'"
        )
    if not pybullet.isConnected():
        pybullet.connect(pybullet.DIRECT)
    return pybullet


def distance_class(thousandths: int) -> int:
    """0..5 from the nearest thing's distance; a value on an edge belongs to the class below it."""
    return sum(thousandths > edge for edge in DISTANCES)


def _picture(pybullet: Any, view: Any, reach: float, light: tuple[float, float, float]) -> NDArray[np.uint8]:
    projection = pybullet.computeProjectionMatrixFOV(40, 1, 0.01 * reach, 10 * reach)
    *_, pixels, _, _ = pybullet.getCameraImage(
        SIDE, SIDE, view, projection, lightDirection=light, shadow=1, renderer=pybullet.ER_TINY_RENDERER
    )
    return np.array(pixels, np.uint8).reshape(SIDE, SIDE, 4)[..., :3]


def draw_objects(pybullet: Any, count: int) -> Drawing:
    """Draw count pictures of single objects; object, azimuth, elevation and light are drawn without replacement."""
    grid = (len(OBJECTS), AZIMUTHS, ELEVATIONS, LIGHTS)
    chosen = permutation(math.prod(grid), SEED)[:count]
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    shapes, azimuths, elevations, lights = np.unravel_index(chosen, grid)
    data = Path(importlib.import_module("pybullet_data").getDataPath())
    for shape, name in enumerate(OBJECTS):  # one object after another: loading one takes longer than drawing it
        pybullet.resetSimulation()
        body = pybullet.loadURDF(str(data / name), useFixedBase=True)
        middle, reach = _extent(pybullet, body)
        for index in np.flatnonzero(shapes == shape):
            azimuth, elevation = 20 * int(azimuths[index]), 30 + 5 * int(elevations[index])
            view = pybullet.computeViewMatrixFromYawPitchRoll(middle, 1.3 * reach, azimuth, -elevation, 0, 2)
            turn = 2 * math.pi * int(lights[index]) / LIGHTS
            images[index] = _picture(pybullet, view, reach, (math.cos(turn), math.sin(turn), 1.5))
    return Drawing(images, {"azimuth": azimuths, "elevation": elevations})


def _extent(pybullet: Any, body: int) -> tuple[list[float], float]:
    """The middle of a body and the length of its diagonal, all its links together."""
    boxes = np.array([pybullet.getAABB(body, link) for link in range(-1, pybullet.getNumJoints(body))])
    low, high = boxes[:, 0].min(axis=0), boxes[:, 1].max(axis=0)
    return ((low + high) / 2).tolist(), float(np.linalg.norm(high - low))


def draw_scenes(pybullet: Any, count: int) -> Drawing:
    """Draw count scenes of 3 to 10 things on a floor, each thing of one of 3 shapes, 2 sizes and 8 colors, none within another."""
    generator = np.random.RandomState(SEED)  # numpy promises that its stream stays as it is
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    counts, distances = np.empty(count, np.int64), np.empty(count, np.int64)
    view = pybullet.computeViewMatrixFromYawPitchRoll((0, 0, 0), _FAR, 0, -_DOWN, 0, 2)
    for index in range(count):
        pybullet.resetSimulation()
        _thing(pybullet, "floor", 0.0, 0.0, 0.0, (200, 200, 200))
        things = _place_things(generator, COUNTS[generator.randint(len(COUNTS))])
        for x, y, radius in things:
            kind = ("box", "ball", "cylinder")[generator.randint(3)]
            _thing(pybullet, kind, x, y, radius, COLORS[generator.randint(len(COLORS))])
        nearest = min(math.dist(_EYE, (x, y, radius)) for x, y, radius in things)
        images[index] = _picture(pybullet, view, 4.0, (1.0, -1.0, 2.0))
        counts[index], distances[index] = COUNTS.index(len(things)), distance_class(round(1000 * nearest))
    return Drawing(images, {"count": counts, "distance": distances})


def draw_distinct(draw: Callable[[Any, int], Drawing]) -> Drawing:
    """Draw enough objects or scenes for all splits, and drop the near-copies. Raises PackageError as engine does."""
    drawn = draw(engine(), TOTAL + SPARE)
    kept = without_copies(near_copies(drawn.images, COPY_LEVELS))
    return Drawing(drawn.images[kept], {task: labels[kept] for task, labels in drawn.labels.items()})


def _place_things(generator: np.random.RandomState, count: int) -> list[tuple[float, float, float]]:
    """(x, y, radius) of things that don't touch, in the order in which they were put down."""
    placed: list[tuple[float, float, float]] = []
    while len(placed) < count:
        x, y = (float(generator.uniform(-_FLOOR / 2, _FLOOR / 2)) for _ in range(2))
        radius = (0.18, 0.3)[generator.randint(2)]
        if all(math.hypot(x - a, y - b) > 1.2 * (radius + other) for a, b, other in placed):
            placed.append((x, y, radius))
    return placed


def _thing(pybullet: Any, kind: str, x: float, y: float, radius: float, color: tuple[int, int, int]) -> None:
    rgba = [level / 255 for level in color] + [1.0]
    if kind == "floor":
        shape = pybullet.createVisualShape(pybullet.GEOM_BOX, halfExtents=[4, 4, 0.01], rgbaColor=rgba)
    elif kind == "box":
        shape = pybullet.createVisualShape(pybullet.GEOM_BOX, halfExtents=[0.8 * radius, 0.8 * radius, radius], rgbaColor=rgba)
    elif kind == "ball":
        shape = pybullet.createVisualShape(pybullet.GEOM_SPHERE, radius=radius, rgbaColor=rgba)
    else:
        shape = pybullet.createVisualShape(pybullet.GEOM_CYLINDER, radius=0.9 * radius, length=2 * radius, rgbaColor=rgba)
    pybullet.createMultiBody(baseVisualShapeIndex=shape, basePosition=[x, y, radius])


class RenderedObject(examples.Builder):
    """How is the object turned, from how high is it seen, how many are there, how far is the nearest?"""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [  # noqa: RUF012 (tensorflow-datasets reads it as it is)
        tfds.core.BuilderConfig(name="azimuth", description="The direction from which one object is seen, 18 classes."),
        tfds.core.BuilderConfig(name="elevation", description="The height from which one object is seen, 9 classes."),
        tfds.core.BuilderConfig(name="count", description="How many things there are, 3 to 10."),
        tfds.core.BuilderConfig(name="distance", description="How far the nearest thing is, 6 classes."),
    ]

    def _info(self) -> Any:
        return examples.info(
            self,
            side=SIDE,
            classes=CLASSES[self.builder_config.name],
            description=f"Drawn with pybullet {VERSION}. Splits: 800, 200 and 1,000 in a fixed random order.",
            homepage="https://pybullet.org/",
            licence="zlib",
            channels=3,
        )

    def _pictures(self) -> Pictures:
        task = self.builder_config.name
        drawn = draw_distinct(draw_objects if task in ("azimuth", "elevation") else draw_scenes)
        return Pictures(drawn.images, drawn.labels[task])
