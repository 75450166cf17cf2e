"""SFDA: both analyses with generalised eigenvectors and loops, and the ends of its scale."""

from math import log

import numpy as np
import pytest
import scipy.linalg
from clouds import clouds

from collector.procedures.linear import Floats, Labels
from collector.proxies import sfda


def posteriors(x: Floats, y: Labels, strength: float | None) -> tuple[Floats, float]:
    """As the paper writes it: scatter matrices, eigenvectors of the pair, Bayes' rule in the space of the first k - 1."""
    n, d = x.shape
    k = y.max() + 1
    means = [x[y == index].mean(axis=0) for index in range(k)]
    shares = [(y == index).mean() for index in range(k)]
    within = sum(np.outer(row - means[own], row - means[own]) for row, own in zip(x, y, strict=True)) / n
    if strength is None:
        strength = max(np.exp(-5 * np.linalg.eigvalsh(within)[-1]), 1e-10)
    between = sum(q * np.outer(m - x.mean(axis=0), m - x.mean(axis=0)) for q, m in zip(shares, means, strict=True))
    values, vectors = scipy.linalg.eigh(between, (1 - strength) * within + strength * np.eye(d))
    u = vectors[:, np.argsort(-values)[: k - 1]]
    scores = np.array(
        [[row @ u @ u.T @ m - m @ u @ u.T @ m / 2 + log(q) for m, q in zip(means, shares, strict=True)] for row in x]
    )
    scores -= scores.max(axis=1, keepdims=True)
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), strength


def by_eigenvectors(x: Floats, y: Labels) -> float:
    k = y.max() + 1
    first, strength = posteriors(x, y, None)
    mixed = np.empty_like(x)
    for i, own in enumerate(y):
        others = np.mean([x[y == index].mean(axis=0) for index in range(k) if index != own], axis=0)
        mixed[i] = first[i, own] * x[i] + (1 - first[i, own]) * others
    second, _ = posteriors(mixed, y, strength)
    return float(np.log(second[np.arange(len(y)), y]).mean())


@pytest.mark.parametrize(("n", "d", "k", "scale"), [(60, 5, 3, 0.2), (60, 5, 4, 1), (30, 50, 3, 0.02), (40, 3, 2, 0.5)])
def test_equals_eigenvectors_and_loops(n: int, d: int, k: int, scale: float) -> None:
    x, y = clouds(n, d, k, spread=2)
    assert sfda.score(scale * x, y, k) == pytest.approx(by_eigenvectors(scale * x, y), rel=1e-6)


def test_better_parted_classes_score_higher() -> None:
    """The deviation within classes stays."""
    scores = []
    for spread in (4, 2, 1, 0.5):
        x, y = clouds(90, 8, 3, spread=spread)
        scores.append(sfda.score(0.5 / spread * x, y, 3))
    assert scores == sorted(scores)
    assert scores[0] < scores[-1] <= 0


def test_the_ends_of_the_scale() -> None:
    """A constant knows how often the classes are; more dimensions than examples of a large scale part anything."""
    y = np.array([0, 0, 0, 1])
    assert sfda.score(np.full((4, 3), 0.1), y, 2) == pytest.approx(0.75 * log(0.75) + 0.25 * log(0.25), rel=1e-9)
    assert sfda.score(100 * np.random.default_rng(0).normal(size=(20, 50)), np.arange(20) % 2, 2) == pytest.approx(0, abs=1e-9)


def test_a_rotation_and_a_shift_do_not_matter_a_scale_does() -> None:
    x, y = clouds(40, 6, 3)
    x = 0.2 * x
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    assert sfda.score(x @ rotation - 7, y, 3) == pytest.approx(sfda.score(x, y, 3), rel=1e-8)
    assert sfda.score(5 * x, y, 3) != pytest.approx(sfda.score(x, y, 3), rel=0.01)
