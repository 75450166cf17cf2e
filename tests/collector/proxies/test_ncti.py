"""NCTI's three terms: scikit-learn's posteriors, generalised eigenvectors, and cases by hand."""

import numpy as np
import pytest
import scipy.linalg
from clouds import clouds
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from collector.procedures.linear import Floats, Labels
from collector.proxies import ncti

TERMS = (ncti.within_class_collapse, ncti.seli_geometry, ncti.nearest_centre)


def nuclear(x: Floats) -> float:
    return float(np.sqrt(np.maximum(np.linalg.eigvalsh(x.T @ x), 0)).sum())


def by_parts(x: Floats, y: Labels) -> tuple[float, float, float]:
    components = PCA(min(64, len(x) - 1, x.shape[1]), svd_solver="full")
    reduced = components.fit_transform(x)
    shrinkage = max(np.exp(-components.explained_variance_[:32].sum()), 1e-10)
    analysis = LinearDiscriminantAnalysis(solver="eigen", shrinkage=float(shrinkage)).fit(reduced, y)
    posteriors = analysis.predict_proba(reduced)
    means = np.array([reduced[y == own].mean(axis=0) for own in y])
    within, between = (np.cov(part.T, bias=True).reshape(reduced.shape[1], -1) for part in (reduced - means, means))
    covariance = (1 - shrinkage) * within + shrinkage * np.trace(within) / len(within) * np.eye(len(within))
    values, vectors = scipy.linalg.eigh(between, covariance)
    return (
        -sum(nuclear(posteriors[y == index]) for index in range(y.max() + 1)),
        nuclear(reduced @ vectors[:, np.argsort(-values)[: y.max()]]),
        float(posteriors[np.arange(len(y)), y].mean()),
    )


@pytest.mark.parametrize(
    ("n", "d", "k", "scale"), [(60, 5, 3, 0.3), (150, 100, 4, 0.02), (60, 6, 4, 5), (80, 3, 2, 0.1), (40, 200, 3, 0.02)]
)
def test_equal_their_parts(n: int, d: int, k: int, scale: float) -> None:
    x, y = clouds(n, d, k, spread=2)
    expected = by_parts(scale * x, y)
    assert [term(scale * x, y, k) for term in TERMS] == pytest.approx(expected, rel=1e-6)


def test_collapse_is_best_where_classes_are_points() -> None:
    """Three points, ten examples each, all sure of their class: a norm of sqrt(10) for each class, and a mean posterior of 1."""
    y = np.arange(30) % 3
    x = np.array([[5.0, 0], [0, 5], [-5, -5]])[y]
    assert ncti.within_class_collapse(x, y, 3) == pytest.approx(-3 * np.sqrt(10), rel=1e-9)
    assert ncti.nearest_centre(x, y, 3) == pytest.approx(1, rel=1e-9)
    blurred = x + 3 * np.random.default_rng(0).normal(size=x.shape)
    assert ncti.within_class_collapse(blurred, y, 3) < ncti.within_class_collapse(x, y, 3)
    assert ncti.nearest_centre(blurred, y, 3) < 1


def test_means_on_a_line_have_one_direction() -> None:
    """Means -1, 0 and 1, and in every class -1 and 1 across them. The sample variances 4/5 and 6/5 give l = e^-2; S_W is 1 across and
    0 along, so that the covariance along is l / 2. The six examples have the length 2 there."""
    x = np.array([[-1.0, -1], [-1, 1], [0, -1], [0, 1], [1, -1], [1, 1]])
    assert ncti.seli_geometry(x, np.array([0, 0, 1, 1, 2, 2]), 3) == pytest.approx(2 / np.sqrt(np.exp(-2) / 2), rel=1e-9)


def test_a_constant() -> None:
    """All posteriors are the shares 3/4 and 1/4, of length sqrt(10) / 4; classes of 3 and of 1 have norms sqrt(3) and 1 times that."""
    x, y = np.full((4, 3), 0.1), np.array([0, 0, 0, 1])
    expected = [-(np.sqrt(3) + 1) * np.sqrt(10) / 4, 0, 10 / 16]
    assert [term(x, y, 2) for term in TERMS] == pytest.approx(expected, rel=1e-9)


def test_a_rotation_and_a_shift_do_not_matter() -> None:
    x, y = clouds(40, 6, 3)
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    for term in TERMS:
        assert term(0.2 * x @ rotation - 7, y, 3) == pytest.approx(term(0.2 * x, y, 3), rel=1e-8)
