"""Rendered rooms: the seed determines pixels and labels. Without vizdoom, the error says how to install it."""

import hashlib
import importlib.util
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from paths import ROOT

from collector.artifacts.download import PackageError
from collector.datasets.builders import rendered_room as rendered

needs_vizdoom = pytest.mark.skipif(
    importlib.util.find_spec("vizdoom") is None, reason="vizdoom is not installed (the extra haystack)"
)
# Of vizdoom 1.3.2's wheel for Linux on x86-64. Another sum needs another builder version.
ROOMS = "a06c99c7ba7d016d04bc17ac1d8631ef4985e1aab02a3f97012edaf6555a99a3"
DRAW = """
import hashlib
from collector.datasets.builders import rendered_room
pictures = rendered_room.draw(rendered_room.engine(), 12)
print(hashlib.sha256(pictures.images.tobytes() + pictures.labels.tobytes()).hexdigest())
"""


def test_without_vizdoom_the_command_that_installs_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "vizdoom", None)
    with pytest.raises(PackageError, match=r"drawn by vizdoom, which is not installed: pip install 'vizdoom==1\.3\.2'"):
        rendered.engine()


@needs_vizdoom
def test_another_version_is_refused(monkeypatch):
    monkeypatch.setattr(rendered, "VERSION", "1.3.3")
    with pytest.raises(PackageError, match=r"drawn by vizdoom 1\.3\.3, and 1\.3\.2 is installed"):
        rendered.engine()


@needs_vizdoom
def test_the_same_seed_draws_the_same_pixels_in_any_process(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pictures = rendered.draw(rendered.engine(), 12)
    assert len({image.tobytes() for image in pictures.images}) == 12
    assert hashlib.sha256(pictures.images.tobytes() + pictures.labels.tobytes()).hexdigest() == ROOMS
    assert not list(tmp_path.iterdir())  # the game would leave a folder and its settings
    root = ROOT
    other = subprocess.run([sys.executable, "-c", DRAW], cwd=root, capture_output=True, text=True, check=True)
    assert other.stdout.split()[-1] == ROOMS


@needs_vizdoom
def test_a_thing_is_larger_where_it_is_near():
    """The sphere is yellow, and little else is: the mean count of yellow pixels at each distance."""
    pictures = rendered.draw(rendered.engine(), 150)
    first = rendered.CLASSES.index("sphere, near")
    yellow = (pictures.images[..., 0] > 180) & (pictures.images[..., 1] > 120) & (pictures.images[..., 2] < 110)
    near, middle, far = (yellow[pictures.labels == first + distance].sum(axis=(1, 2)).mean() for distance in range(3))
    assert near > 1.5 * middle
    assert middle > 1.5 * far


@pytest.mark.parametrize(("distance", "expected"), [(80, 0), (129.9, 0), (130, 1), (199.9, 1), (200, 2), (319, 2)])
def test_a_distance_on_an_edge_belongs_above(distance, expected):
    assert rendered.distance_class(distance) == expected


def test_places_are_in_a_room_and_away_from_its_walls():
    """A room of 96 × 64 and a passage without a wall between: 16-unit points that have more than 24 units to every wall."""

    def line(x1, y1, x2, y2, blocking=True):
        return SimpleNamespace(x1=x1, y1=y1, x2=x2, y2=y2, is_blocking=blocking)

    walls = [line(0, 0, 96, 0), line(96, 64, 0, 64), line(0, 64, 0, 0)]
    room = SimpleNamespace(lines=[*walls, line(96, 0, 96, 64, blocking=False)])
    assert rendered._positions([room]).tolist() == [[32, 32], [48, 32], [64, 32], [80, 32]]


def test_means_of_four_pixels():
    image = np.zeros((1, 96, 96, 3), np.uint8)
    image[0, :2, :2, 0] = [[255, 255], [255, 254]]
    assert rendered.means(image)[0, 0, 0].tolist() == [254, 0, 0]
    assert rendered.means(image).sum() == 254
