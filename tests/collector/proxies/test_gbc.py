"""The Gaussian Bhattacharyya coefficient: cases by hand, full covariance matrices, and classes without a variance."""

from math import exp, log

import numpy as np
import pytest
from clouds import clouds

from collector.procedures.linear import Floats, Labels
from collector.proxies import gbc


def by_covariances(x: Floats, y: Labels, components: int) -> float:
    """With matrices as the paper writes them, spherical in the principal components of a singular value decomposition."""
    x = (x - x.mean(axis=0)) @ np.linalg.svd(x - x.mean(axis=0), full_matrices=False)[2][:components].T
    p = x.shape[1]
    classes = [x[y == index] for index in sorted(set(y.tolist()))]
    gaussians = [(c.mean(axis=0), np.eye(p) * ((c - c.mean(axis=0)) ** 2).mean()) for c in classes]
    total = 0.0
    for i, (mean, covariance) in enumerate(gaussians):
        for j, (other_mean, other) in enumerate(gaussians):
            if i != j:
                middle, difference = (covariance + other) / 2, mean - other_mean
                distance = difference @ np.linalg.inv(middle) @ difference / 8
                determinants = [np.linalg.slogdet(matrix)[1] for matrix in (middle, covariance, other)]
                total += exp(-distance - determinants[0] / 2 + (determinants[1] + determinants[2]) / 4)
    return -total


def test_by_hand() -> None:
    """Means 0 and 4, variances 1 and 1, then 1 and 4 (on average 2.5): both orders of the pair count."""
    y = np.array([0, 0, 1, 1])
    assert gbc.score(np.array([[-1.0], [1], [3], [5]]), y, 2) == pytest.approx(-2 * exp(-2), rel=1e-9)
    unequal = 16 / (8 * 2.5) + log(2.5 / 2) / 2
    assert gbc.score(np.array([[-1.0], [1], [2], [6]]), y, 2) == pytest.approx(-2 * exp(-unequal), rel=1e-9)


@pytest.mark.parametrize(("n", "d", "k"), [(40, 3, 4), (60, 200, 3), (150, 100, 5)])
def test_equals_full_matrices(n: int, d: int, k: int) -> None:
    """In 64 principal components where there are more; 60 examples span 59."""
    x, y = clouds(n, d, k, spread=3)
    assert gbc.score(x, y, k) == pytest.approx(by_covariances(x, y, min(64, d, n - 1)), rel=1e-7)


def test_a_class_of_one_has_the_variance_of_the_others() -> None:
    """-1 and 1 around 0, and 4 alone: their squares are 1, 1 and 0, so that it has the variance 2 / 3, on average 5 / 6."""
    x, y = np.array([[-1.0], [1], [4]]), np.array([0, 0, 1])
    distance = 16 / (8 * 5 / 6) + log(5 / 6 / np.sqrt(2 / 3)) / 2
    assert gbc.score(x, y, 2) == pytest.approx(-2 * exp(-distance), rel=1e-9)


def test_points_overlap_where_they_are_equal() -> None:
    x, y = np.array([[0.0, 1], [0, 1], [0.1, 5], [0.1, 5], [0.1, 5]]), np.array([0, 0, 1, 1, 2])
    assert gbc.score(x, y, 3) == pytest.approx(-2, rel=1e-9)
    assert gbc.score(np.full((5, 2), 0.1), y, 3) == pytest.approx(-6, rel=1e-9)


def test_what_does_not_matter() -> None:
    x, y = clouds(40, 6, 3)
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    assert gbc.score(1e3 * x @ rotation - 7, y, 3) == pytest.approx(gbc.score(x, y, 3), rel=1e-9)
