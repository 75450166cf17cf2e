"""TransRate: cases by hand, explicit determinants, and what does not matter to it."""

from math import log

import numpy as np
import pytest
from clouds import clouds

from collector.procedures.linear import Floats, Labels
from collector.proxies import transrate


def rate(z: Floats) -> float:
    n, d = z.shape
    return float(np.linalg.slogdet(np.eye(d) + z.T @ z / (n * 1e-4))[1] / 2)


def by_determinants(x: Floats, y: Labels) -> float:
    z = x - x.mean(axis=0)
    return rate(z) - float(np.mean([rate(z[y == index]) for index in sorted(set(y.tolist()))]))


def test_by_hand() -> None:
    """A class on each axis, at -1 and 1: all have 1 + 5000 in both directions, a class 1 + 10,000 in its own."""
    x, y = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]]), np.array([0, 0, 1, 1])
    assert transrate.score(x, y, 2) == pytest.approx(log(5001) - log(10001) / 2, rel=1e-12)
    assert transrate.score(x + 7, y, 2) == pytest.approx(log(5001) - log(10001) / 2, rel=1e-9)


def test_classes_weigh_the_same_whatever_their_size() -> None:
    """-3, 3 and four of 0: of 1 + 3 / 0.0001 in all, classes have 1 + 90,000 and nothing."""
    x, y = np.array([[-3.0], [3], [0], [0], [0], [0]]), np.array([0, 0, 1, 1, 1, 1])
    assert transrate.score(x, y, 2) == pytest.approx(log(30001) / 2 - log(90001) / 4, rel=1e-12)


@pytest.mark.parametrize(("n", "d", "k"), [(40, 3, 4), (20, 50, 3), (60, 10, 20)])
def test_equals_explicit_determinants(n: int, d: int, k: int) -> None:
    x, y = clouds(n, d, k)
    assert transrate.score(x, y, k) == pytest.approx(by_determinants(x, y), rel=1e-9)


def test_a_rotation_does_not_matter_a_scale_does() -> None:
    x, y = clouds(40, 6, 3)
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    assert transrate.score(x @ rotation, y, 3) == pytest.approx(transrate.score(x, y, 3), rel=1e-9)
    assert transrate.score(0.01 * x, y, 3) < 0.9 * transrate.score(x, y, 3)


def test_a_constant_has_0() -> None:
    assert transrate.score(np.full((4, 3), 0.1), np.array([0, 0, 0, 1]), 2) == 0
