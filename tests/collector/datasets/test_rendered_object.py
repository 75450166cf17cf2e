"""Rendered objects: the seed determines pixels and labels. Without pybullet, the error says how to install it."""

import hashlib
import importlib.util
import sys

import numpy as np
import pytest

from collector.artifacts.download import PackageError
from collector.datasets.builders import rendered_object as rendered
from collector.datasets.builders.split import permutation

needs_pybullet = pytest.mark.skipif(
    importlib.util.find_spec("pybullet") is None, reason="pybullet is not installed (the extra haystack)"
)
# Of pybullet 3.2.7's wheel for Linux on x86-64. Another sum needs another builder version.
OBJECTS = "92f0b7372bdc5cec0b55999ada7da6a5ae6a7bf16890c59cc755ce277db90bfa"
SCENES = "ece4115307edd8cb4ecd8a540d1218993eff79f3e39b92a6266f57e954118d25"


def digest(images, labels):
    return hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()


def test_without_pybullet_the_command_that_installs_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "pybullet", None)
    with pytest.raises(PackageError, match=r"drawn by pybullet, which is not installed: pip install 'pybullet==3\.2\.7'"):
        rendered.engine()


@needs_pybullet
def test_another_version_is_refused(monkeypatch):
    monkeypatch.setattr(rendered, "VERSION", "3.2.8")
    with pytest.raises(PackageError, match=r"drawn by pybullet 3\.2\.8, and 3\.2\.7 is installed"):
        rendered.engine()


@needs_pybullet
@pytest.mark.parametrize(
    ("draw", "tasks", "expected"),
    [(rendered.draw_objects, ("azimuth", "elevation"), OBJECTS), (rendered.draw_scenes, ("count", "distance"), SCENES)],
)
def test_the_same_seed_draws_the_same_pixels(draw, tasks, expected):
    one, other = (draw(rendered.engine(), 12) for _ in range(2))
    np.testing.assert_array_equal(one.images, other.images)
    assert tuple(one.labels) == tasks
    assert (one.labels[tasks[0]] != one.labels[tasks[1]]).any()
    assert len({image.tobytes() for image in one.images}) == 12
    assert digest(one.images, one.labels[tasks[0]]) == expected


@needs_pybullet
def test_an_object_is_labelled_by_its_factors():
    index = permutation(6 * 18 * 9 * 6, 1)[:5]
    _, azimuths, elevations, _ = np.unravel_index(index, (6, 18, 9, 6))
    labels = rendered.draw_objects(rendered.engine(), 5).labels
    assert labels["azimuth"].tolist() == azimuths.tolist()
    assert labels["elevation"].tolist() == elevations.tolist()


def test_things_stand_apart_and_as_many_as_asked_for():
    generator = np.random.RandomState(0)
    for count in rendered.COUNTS:
        things = rendered._place_things(generator, count)
        assert len(things) == count
        for place, (x, y, radius) in enumerate(things):
            for a, b, other in things[:place]:
                assert np.hypot(x - a, y - b) > radius + other


@pytest.mark.parametrize(("thousandths", "expected"), [(4000, 0), (4470, 0), (4471, 1), (4897, 4), (4898, 5), (9000, 5)])
def test_a_distance_on_an_edge_belongs_below(thousandths, expected):
    assert rendered.distance_class(thousandths) == expected
