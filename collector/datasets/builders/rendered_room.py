"""Builds rendered_room: what stands there, and is it near? 96 × 96 pixels, color: a game's rooms in first-person view.

Drawn by vizdoom's software renderer, which needs no graphics hardware, in the rooms of its scenario my_way_home, whose walls differ.
The player is put at a random place and one thing of three kinds at another, in sight; three kinds at three distances are nine
classes, about equally frequent. VTAB's DMLab asks the same of other rooms: the tasks are named room-…, never DMLab.

Near-copies: of pictures that differ by less than 3 gray levels (root mean square over means of 2 × 2 pixels, which never differ by more
than the pixels themselves), the first is kept.

The same seed gives the same positions on every machine, and the same pixels wherever vizdoom's build is the same.
"""

import contextlib
import importlib
import importlib.metadata
import math
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from numpy.typing import NDArray

from collector.artifacts.download import PackageError
from collector.datasets.builders import examples
from collector.datasets.builders.split import TOTAL, Pictures, near_copies, without_copies

VERSION = "1.3.2"
SIDE = 96
SEED = 1
SPARE = 100  # drawn beyond the 2,000 that are used, since near-copies are dropped
COPY_LEVELS = 3  # pictures that differ by fewer gray levels are near-copies
KINDS = {"armor": "BlueArmor", "sphere": "Soulsphere", "lamp": "Column"}  # and what vizdoom calls them
# Edges of the distances, in the game's units (a player is 32 wide): nearer than the first a thing fills the picture or is touched.
DISTANCES = (80, 130, 200, 320)
CLASSES = tuple(f"{kind}, {distance}" for kind in KINDS for distance in ("near", "middle", "far"))
_TOP, _LEFT = 12, 32  # of the picture in the screen of 160 × 120
_TURN = 20.0  # degrees that a thing may be away from the middle
_STEP = 16  # the rooms' positions are counted on a grid of this many units
_ROOM = 24  # between a place and the nearest wall
_REACH = 56.0  # about how far ahead the game puts a thing


def engine() -> Any:
    """vizdoom. Raises PackageError where it is missing or another version."""
    try:
        vizdoom = importlib.import_module("vizdoom")
    except ModuleNotFoundError as error:
        raise PackageError(
            f"The room-… tasks are drawn by vizdoom, which is not installed: pip install 'vizdoom=={VERSION}'"
        ) from error
    found = importlib.metadata.version("vizdoom")
    if found != VERSION:
        raise PackageError(
            f"The room-… tasks are drawn by vizdoom {VERSION}, and {found} is installed, whose pixels may differ: "
            f"pip install 'vizdoom=={VERSION}'"
        )
    return vizdoom


def distance_class(distance: float) -> int:
    """0..2 from the distance between the player and the thing; a value on an edge belongs to the class above it."""
    return sum(distance >= edge for edge in DISTANCES[1:-1])


def draw(vizdoom: Any, count: int) -> Pictures:
    """count pictures, each of one thing in sight: its kind and distance are its label."""
    with tempfile.TemporaryDirectory() as folder:
        game = _game(vizdoom, Path(folder))
        try:
            return _draw(game, count)
        finally:
            game.close()


def _game(vizdoom: Any, folder: Path) -> Any:
    game = vizdoom.DoomGame()
    game.load_config(str(Path(vizdoom.scenarios_path) / "my_way_home.cfg"))
    game.set_doom_config_path(str(folder / "vizdoom.ini"))
    game.set_doom_skill(3)  # the hardest level forbids placing things and players freely
    game.set_seed(SEED)
    game.set_episode_timeout(0)
    game.set_window_visible(False)
    game.set_sound_enabled(False)
    game.set_screen_resolution(vizdoom.ScreenResolution.RES_160X120)
    game.set_screen_format(vizdoom.ScreenFormat.RGB24)
    game.set_render_hud(False)
    game.set_render_weapon(False)
    game.set_labels_buffer_enabled(True)
    game.set_sectors_info_enabled(True)
    game.set_available_buttons([vizdoom.Button.TURN_LEFT_RIGHT_DELTA])
    variables = vizdoom.GameVariable
    game.set_available_game_variables([variables.POSITION_X, variables.POSITION_Y, variables.ANGLE])
    with contextlib.chdir(folder):  # it creates a folder in the working directory, whatever the settings are
        game.init()
    return game


def _draw(game: Any, count: int) -> Pictures:
    generator = np.random.RandomState(SEED)  # numpy promises that its stream stays as it is
    positions = _positions(game.get_state().sectors)
    images = np.empty((count, SIDE, SIDE, 3), np.uint8)
    labels = generator.randint(len(CLASSES), size=count)
    for index, label in enumerate(labels.tolist()):
        picture = None
        while picture is None:  # until the thing is in sight: a wall may be between
            picture = _try(game, generator, positions, label)
        images[index] = picture
    return Pictures(images, labels.astype(np.int64))


def _positions(sectors: Any) -> NDArray[np.int64]:
    """Where the player can stand, [n, 2]: points of a grid that are in a room and away from every wall."""
    rooms = [np.array([(line.x1, line.y1, line.x2, line.y2) for line in room.lines]) for room in sectors]
    walls = np.array([(line.x1, line.y1, line.x2, line.y2) for room in sectors for line in room.lines if line.is_blocking])
    corners = np.concatenate([walls[:, :2], walls[:, 2:]]).astype(int)
    (left, bottom), (right, top) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    grid = np.array([(x, y) for x in range(left, right, _STEP) for y in range(bottom, top, _STEP)])
    inside = np.any([_inside(grid, room) for room in rooms], axis=0)
    positions: NDArray[np.int64] = grid[inside & (_clearance(grid, walls) > _ROOM)]
    return positions


def _inside(points: NDArray[np.int64], lines: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points a closed set of lines [n, 4] goes around: a ray to the right meets it an odd number of times."""
    x, y = points[:, :1], points[:, 1:]
    x1, y1, x2, y2 = lines[lines[:, 1] != lines[:, 3]].T
    meets = ((y1 > y) != (y2 > y)) & (x < x1 + (y - y1) * (x2 - x1) / (y2 - y1))
    odd: NDArray[np.bool_] = meets.sum(axis=1) % 2 == 1
    return odd


def _clearance(points: NDArray[np.int64], walls: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each point is from the nearest wall."""
    start, along = walls[:, :2], walls[:, 2:] - walls[:, :2]
    away = points[:, np.newaxis] - start
    share = np.clip((away * along).sum(axis=2) / (along * along).sum(axis=1), 0, 1)
    nearest: NDArray[np.float64] = np.linalg.norm(away - share[..., np.newaxis] * along, axis=2).min(axis=1)
    return nearest


def _try(game: Any, generator: np.random.RandomState, positions: NDArray[np.int64], label: int) -> NDArray[np.uint8] | None:
    """One picture of the class, uint8 [96, 96, 3], or None where the thing drawn isn't wholly in sight."""
    kind, distance = list(KINDS.values())[label // 3], label % 3
    angle = float(game.get_state().game_variables[2])
    ahead = _REACH * np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    first = positions[generator.randint(len(positions))]
    away = np.linalg.norm(positions - (first + ahead), axis=1)
    seen_from = positions[(away > DISTANCES[distance]) & (away < DISTANCES[distance + 1])]
    second = seen_from[generator.randint(len(seen_from))]
    toward = first + ahead - second
    target = math.degrees(math.atan2(toward[1], toward[0])) + generator.uniform(-_TURN, _TURN)
    for name in ("GreenArmor", *KINDS.values()):  # the scenario's own thing, and the one before
        game.send_game_command(f"remove {name}")
    game.send_game_command(f"warp {first[0]} {first[1]}")
    game.send_game_command(f"summon {kind}")
    game.send_game_command(f"warp {second[0]} {second[1]}")
    game.make_action([(angle - target + 180) % 360 - 180], 1)
    state = game.get_state()
    x, y, _ = state.game_variables
    if (x, y) != tuple(second) or [thing.object_name for thing in state.labels] != [kind]:
        return None
    thing = state.labels[0]
    if not (thing.x >= _LEFT and thing.x + thing.width <= _LEFT + SIDE):
        return None
    exact = math.hypot(thing.object_position_x - x, thing.object_position_y - y)
    if not DISTANCES[0] <= exact < DISTANCES[-1] or distance_class(exact) != distance:
        return None
    picture: NDArray[np.uint8] = state.screen_buffer[_TOP : _TOP + SIDE, _LEFT : _LEFT + SIDE].copy()
    return picture


def means(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Of each 2 × 2 pixels their mean, rounded down: [n, 96, 96, 3] → [n, 48, 48, 3]."""
    blocks = images.reshape(len(images), SIDE // 2, 2, SIDE // 2, 2, 3)
    rounded: NDArray[np.uint8] = (blocks.sum(axis=(2, 4), dtype=np.uint16) // 4).astype(np.uint8)
    return rounded


class RenderedRoom(examples.Builder):
    """What stands in the room, and how far away is it?"""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> Any:
        return examples.info(
            self,
            side=SIDE,
            classes=CLASSES,
            description=f"Drawn with vizdoom {VERSION}. Splits: 800, 200 and 1,000 in a fixed random order.",
            homepage="https://vizdoom.farama.org/",
            licence="MIT",
            channels=3,
        )

    def _pictures(self) -> Pictures:
        drawn = draw(engine(), TOTAL + SPARE)
        return drawn.take(without_copies(near_copies(means(drawn.images), COPY_LEVELS)))
