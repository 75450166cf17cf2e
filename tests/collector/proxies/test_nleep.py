"""N-LEEP: the same mixture put together from scikit-learn's parts, clusters that are pure and mixed, and its limits."""

from math import log

import numpy as np
import pytest
from clouds import clouds
from sklearn.decomposition import PCA
from sklearn.mixture import GaussianMixture

from collector.procedures.linear import Floats, Labels
from collector.proxies import nleep


def by_parts(x: Floats, y: Labels, components: int) -> float:
    reduced = PCA(0.8, svd_solver="full").fit_transform((x - x.mean(axis=0)) / np.sqrt(x.var(axis=0).sum()))
    mixture = GaussianMixture(components, covariance_type="diag", max_iter=1000, random_state=0).fit(reduced)
    theta = mixture.predict_proba(reduced)
    logs = []
    for row, own in zip(theta, y, strict=True):
        given = [theta[y == own, z].sum() / theta[:, z].sum() for z in range(components)]  # P(own | z)
        logs.append(log(sum(p * q for p, q in zip(given, row, strict=True))))
    return float(np.mean(logs))


@pytest.mark.parametrize(("n", "d", "k", "components"), [(200, 4, 3, 15), (100, 150, 4, 20), (40, 6, 6, 20)])
def test_equals_its_parts(n: int, d: int, k: int, components: int) -> None:
    """The last has 30 components by the paper's rule, and 20 by half of its examples."""
    x, y = clouds(n, d, k)
    assert nleep.score(x, y, k) == pytest.approx(by_parts(x, y, components), rel=1e-6)


def test_pure_clusters_and_mixed_ones() -> None:
    """Ten far points, each three times: a component for each. Pure they predict every label; two labels to a point, 2 : 1 each."""
    x = np.repeat(100.0 * np.eye(10), 3, axis=0)
    pure, mixed = np.repeat(np.arange(10) % 2, 3), np.tile([0, 0, 1], 10)
    assert nleep.score(x, pure, 2) == pytest.approx(0, abs=1e-6)
    assert nleep.score(x, mixed, 2) == pytest.approx((2 * log(2 / 3) + log(1 / 3)) / 3, abs=1e-6)


def test_a_constant_says_how_often_the_classes_are() -> None:
    assert nleep.score(np.full((4, 3), 0.1), np.array([0, 0, 0, 1]), 2) == pytest.approx(0.75 * log(0.75) + 0.25 * log(0.25))


def test_a_shift_and_a_scale_do_not_matter() -> None:
    x, y = clouds(100, 5, 3)
    expected = nleep.score(x, y, 3)
    assert nleep.score(1e4 * x - 7, y, 3) == pytest.approx(expected, rel=1e-6)
    assert nleep.score(1e-4 * x, y, 3) == pytest.approx(expected, rel=1e-6)
