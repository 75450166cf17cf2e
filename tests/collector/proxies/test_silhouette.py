"""The mean silhouette: a case by hand, the definition by loops, and classes of one."""

import numpy as np
import pytest
from clouds import clouds

from collector.procedures.linear import Floats, Labels
from collector.proxies import silhouette


def by_loops(x: Floats, y: Labels) -> float:
    values = []
    for i, own in enumerate(y):
        to = {c: [np.linalg.norm(x[i] - x[j]) for j in range(len(y)) if j != i and y[j] == c] for c in set(y.tolist())}
        if not to[own]:
            values.append(0.0)
            continue
        a, b = np.mean(to.pop(own)), min(np.mean(distances) for distances in to.values())
        values.append((b - a) / max(a, b))
    return float(np.mean(values))


def test_by_hand() -> None:
    """0, 1 and 5, 6: the outer ones have a = 1, b = 5.5, the inner ones a = 1, b = 4.5."""
    x, y = np.array([[0.0], [1], [5], [6]]), np.array([0, 0, 1, 1])
    assert silhouette.score(x, y, 2) == pytest.approx((4.5 / 5.5 + 3.5 / 4.5) / 2, rel=1e-12)
    assert silhouette.score(x, np.array([0, 1, 0, 1]), 2) < 0


@pytest.mark.parametrize(("n", "d", "k"), [(40, 3, 4), (20, 50, 3)])
def test_equals_loops(n: int, d: int, k: int) -> None:
    x, y = clouds(n, d, k)
    assert silhouette.score(x, y, k) == pytest.approx(by_loops(x, y), rel=1e-12)


def test_an_example_alone_counts_0() -> None:
    x = np.array([[0.0], [1], [5]])
    assert silhouette.score(x, np.array([0, 0, 1]), 2) == pytest.approx((4 / 5 + 3 / 4) / 3, rel=1e-12)
    assert silhouette.score(x, np.array([0, 1, 2]), 3) == 0


def test_what_does_not_matter() -> None:
    x, y = clouds(40, 6, 3)
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    assert silhouette.score(1e3 * x @ rotation - 7, y, 3) == pytest.approx(silhouette.score(x, y, 3), rel=1e-9)
