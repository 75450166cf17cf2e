"""PARC: a case by hand, ranks by loops, and what does not matter to it."""

import numpy as np
import pytest
from clouds import clouds

from collector.procedures.linear import Floats, Labels
from collector.proxies import parc


def correlation(a: Floats, b: Floats) -> float:
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / np.sqrt(a @ a) / np.sqrt(b @ b))


def ranks(values: list[float]) -> Floats:
    """Ranks from 1, ties their mean; with equality to twelve digits."""
    values = np.round(values, 12).tolist()
    return np.array([sum(v < value for v in values) + (values.count(value) + 1) / 2 for value in values])


def by_loops(x: Floats, y: Labels, components: int) -> float:
    centred = x - x.mean(axis=0)
    scores = centred @ np.linalg.svd(centred, full_matrices=False)[2][:components].T
    scores *= np.sign([column[np.abs(column).argmax()] for column in scores.T])
    scores /= scores.std(axis=0)
    one_hot = np.eye(y.max() + 1)[y]
    pairs = [(i, j) for i in range(len(y)) for j in range(i)]
    distances = [1 - correlation(scores[i], scores[j]) for i, j in pairs]
    label_distances = [1 - correlation(one_hot[i], one_hot[j]) for i, j in pairs]
    return correlation(ranks(distances), ranks(label_distances))


@pytest.mark.parametrize(("n", "d", "k"), [(20, 3, 3), (20, 60, 4), (50, 100, 3)])
def test_equals_loops(n: int, d: int, k: int) -> None:
    """In 32 principal components where there are more; 20 examples span 19."""
    x, y = clouds(n, d, k)
    assert parc.score(x, y, k) == pytest.approx(by_loops(x, y, min(32, d, n - 1)), rel=1e-9)


def test_equal_examples_by_hand() -> None:
    """Four points, two examples each. Of 28 pairs 4 have distance 0, of rank 2.5; the others tie in six groups of four, of ranks 6.5,
    10.5 and so on, if points are classes between classes all of them."""
    x = np.repeat(np.random.default_rng(0).normal(size=(4, 5)), 2, axis=0)
    by_rank = np.repeat([2.5, 6.5, 10.5, 14.5, 18.5, 22.5, 26.5], 4)
    expected = correlation(by_rank, np.repeat([0.0, 1], [4, 24]))
    assert parc.score(x, np.arange(8) // 2, 4) == pytest.approx(expected, rel=1e-12)
    assert parc.score(x, np.array([0, 1, 0, 1, 0, 1, 0, 1]), 2) < 0


def test_what_does_not_matter() -> None:
    x, y = clouds(40, 6, 3)
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    expected = parc.score(x, y, 3)
    assert parc.score(1e3 * x @ rotation - 7, y, 3) == pytest.approx(expected, rel=1e-9)
    assert parc.score(np.hstack([x, np.full((40, 3), 0.1)]), y, 3) == pytest.approx(expected, rel=1e-9)


def test_where_nothing_has_an_order_it_is_0() -> None:
    y = np.array([0, 0, 1, 1])
    assert parc.score(np.full((4, 3), 0.1), y, 2) == 0
    assert parc.score(np.array([[0.0], [1], [2], [7]]), y, 2) == 0
    assert parc.score(np.random.default_rng(0).normal(size=(4, 3)), np.arange(4), 4) == 0
