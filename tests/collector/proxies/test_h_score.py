"""H-score and its shrinkage: a case by hand, explicit matrices, and what does not matter to them."""

import numpy as np
import pytest
from clouds import clouds
from sklearn.covariance import ledoit_wolf

from collector.procedures.linear import Floats, Labels
from collector.proxies import h_score, h_score_shrinkage


def covariances(x: Floats, y: Labels) -> tuple[Floats, Floats]:
    """Of the representation and of its classes' means, each over the examples."""
    means = np.array([x[y == own].mean(axis=0) for own in y])
    return np.cov(x.T, bias=True).reshape(x.shape[1], -1), np.cov(means.T, bias=True).reshape(x.shape[1], -1)


def by_matrices(x: Floats, y: Labels) -> float:
    covariance, between = covariances(x, y)
    return float(np.trace(np.linalg.pinv(covariance, rcond=1e-12, hermitian=True) @ between))


def shrunk_by_matrices(x: Floats, y: Labels) -> float:
    """S = (1 - a) cov + a tr(cov) / d is what Ledoit and Wolf's estimate is; the paper weighs the other term by 1 - a, too."""
    shrunk, shrinkage = ledoit_wolf(x)
    return float(np.trace(np.linalg.inv(shrunk) @ ((1 - shrinkage) * covariances(x, y)[1])))


def test_by_hand() -> None:
    """0, 0 and 2, 4: variance 11 / 4, that of the means 0 and 3 is 9 / 4. One dimension leaves nothing to shrink to."""
    x, y = np.array([[0.0], [0], [2], [4]]), np.array([0, 0, 1, 1])
    assert h_score.score(x, y, 2) == pytest.approx(9 / 11, rel=1e-12)
    assert h_score_shrinkage.score(x, y, 2) == pytest.approx(9 / 11, rel=1e-12)


@pytest.mark.parametrize(("n", "d", "k"), [(40, 5, 3), (60, 20, 5), (30, 1, 2)])
def test_equals_explicit_matrices(n: int, d: int, k: int) -> None:
    x, y = clouds(n, d, k)
    assert h_score.score(x, y, k) == pytest.approx(by_matrices(x, y), rel=1e-9)


@pytest.mark.parametrize(("n", "d", "k"), [(40, 5, 3), (60, 20, 5), (20, 60, 4), (12, 500, 3)])
def test_shrinkage_equals_explicit_matrices(n: int, d: int, k: int) -> None:
    x, y = clouds(n, d, k)
    assert h_score_shrinkage.score(x, y, k) == pytest.approx(shrunk_by_matrices(x, y), rel=1e-9)


def test_fewer_dimensions_than_columns() -> None:
    """Ten columns that repeat four: the pseudo-inverse passes over what has no variance."""
    x, y = clouds(50, 4, 3)
    repeated = x @ np.random.default_rng(0).normal(size=(4, 10))
    assert h_score.score(repeated, y, 3) == pytest.approx(by_matrices(x, y), rel=1e-9)
    assert h_score.score(repeated.astype(np.float32), y, 3) == pytest.approx(by_matrices(x, y), rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_as_many_dimensions_as_examples_say_nothing(seed: int) -> None:
    """Exactly k - 1, whatever the representation; shrinkage tells them apart."""
    x, y = clouds(20, 40, 4, seed)
    better = x + 5 * np.eye(40)[y]
    assert h_score.score(x, y, 4) == h_score.score(better, y, 4) == 3
    assert h_score_shrinkage.score(better, y, 4) > h_score_shrinkage.score(x, y, 4)


def test_what_does_not_matter() -> None:
    x, y = clouds(40, 6, 3)
    generator = np.random.default_rng(0)
    anything, rotation = generator.normal(size=(6, 6)), np.linalg.qr(generator.normal(size=(6, 6)))[0]
    assert h_score.score(x @ anything - 7, y, 3) == pytest.approx(h_score.score(x, y, 3), rel=1e-9)
    shrunk = h_score_shrinkage.score(x, y, 3)
    assert h_score_shrinkage.score(1000 * x @ rotation - 7, y, 3) == pytest.approx(shrunk, rel=1e-9)
    assert h_score_shrinkage.score(x @ anything, y, 3) != pytest.approx(shrunk, rel=1e-3)
