"""LogME: a maximum worked out by hand, the paper's alternation with explicit matrices, and what does not matter to it."""

import numpy as np
import pytest
from clouds import clouds

from collector.procedures.linear import Floats
from collector.proxies import logme


def log_evidence(f: Floats, y: Floats, alpha: float, beta: float) -> float:
    """Equation 2, over n."""
    n, d = f.shape
    a = alpha * np.eye(d) + beta * f.T @ f
    m = beta * np.linalg.solve(a, f.T @ y)
    return float(
        n * np.log(beta) + d * np.log(alpha) - n * np.log(2 * np.pi)
        - beta * ((f @ m - y) ** 2).sum() - alpha * m @ m - np.linalg.slogdet(a)[1]
    ) / (2 * n)  # fmt: skip


def by_alternation(f: Floats, y: Floats) -> float:
    """Algorithm 1, to convergence."""
    n, d = f.shape
    alpha, beta = 1.0, 1.0
    for _ in range(1000):
        a = alpha * np.eye(d) + beta * f.T @ f
        m = beta * np.linalg.solve(a, f.T @ y)
        gamma = sum(beta * s / (alpha + beta * s) for s in np.linalg.eigvalsh(f.T @ f))
        alpha, beta = gamma / (m @ m), (n - gamma) / ((f @ m - y) ** 2).sum()
    return log_evidence(f, y, alpha, beta)


@pytest.mark.parametrize(("n", "d", "k"), [(40, 5, 3), (30, 1, 2), (60, 40, 3)])
def test_equals_the_papers_alternation(n: int, d: int, k: int) -> None:
    x, y = clouds(n, d, k)
    expected = np.mean([by_alternation(x, np.where(y == index, 1.0, 0.0)) for index in range(k)])
    assert logme.score(x, y, k) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("n", "d", "k"), [(20, 50, 4), (25, 25, 2), (30, 4, 3)])
def test_equals_the_normal_density_of_the_labels(n: int, d: int, k: int) -> None:
    """y has covariance 1 / beta + F F' / alpha. As d >= n the paper's alternation has no end: noise is nothing, t as small as it may."""
    x, y = clouds(n, d, k)
    eigenvalue = np.trace(x @ x.T) / min(n, d)
    best = []
    for index in range(k):
        indicator = (y == index).astype(float)
        found = []
        for t in eigenvalue * 10 ** np.linspace(-6, 6, 2401):
            covariance = np.eye(n) + x @ x.T / t
            variance = indicator @ np.linalg.solve(covariance, indicator) / n  # 1 / beta
            found.append(-(n * np.log(2 * np.pi * variance) + np.linalg.slogdet(covariance)[1] + n) / (2 * n))
        best.append(max(found))
    assert logme.score(x, y, k) == pytest.approx(np.mean(best), rel=1e-5)


def test_no_alpha_and_beta_give_more() -> None:
    x, y = clouds(30, 8, 3, seed=1)
    for index in range(3):
        indicator = (y == index).astype(float)
        rest = np.where(y == index, 0, 1)
        best = logme.score(x, rest, 2) * 2 - by_alternation(x, 1 - indicator)  # two classes: an indicator and its complement
        assert best == pytest.approx(by_alternation(x, indicator), rel=1e-7)
        assert all(log_evidence(x, indicator, 10.0**a, 10.0**b) <= best + 1e-9 for a in range(-4, 5) for b in range(-4, 5))


def test_by_hand() -> None:
    """F = (1, -1)', y = (1, 0)': of |y|^2 half lies along F, as chance has it. Then no signal is best, beta = n / |y|^2 = 2, and the
    evidence over n is (log(2 / 2 pi) - 1) / 2."""
    assert logme.score(np.array([[1.0], [-1]]), np.array([0, 1]), 2) == pytest.approx(-(np.log(np.pi) + 1) / 2, abs=1e-9)


def test_a_constant_explains_each_class_by_its_share() -> None:
    """One eigenvalue: of |y|^2 = c, c^2 / n lies along it, the rest r beside it. Explained in full it costs log(1 + s) / 2, at
    s = e (n - 1) / r - 1 signal over noise."""
    expected = []
    for count, n in ((2, 6), (4, 6)):
        explained = count**2 / n
        rest = count - explained
        signal = explained * (n - 1) / rest - 1
        beta = n / (rest + explained / (1 + signal))
        expected.append((np.log(beta / (2 * np.pi)) - 1 - np.log1p(signal) / n) / 2)
    x = np.full((6, 4), 0.1)
    assert logme.score(x, np.array([0, 0, 1, 1, 1, 1]), 2) == pytest.approx(np.mean(expected), rel=1e-9)


def test_a_rotation_and_a_scale_do_not_matter_a_shift_does() -> None:
    x, y = clouds(30, 6, 3)
    rotation = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    expected = logme.score(x, y, 3)
    assert logme.score(1e6 * x @ rotation, y, 3) == pytest.approx(expected, rel=1e-9)
    assert logme.score(np.hstack([x, np.zeros((30, 9))]), y, 3) == pytest.approx(expected, rel=1e-9)
    assert logme.score(x + 1, y, 3) != pytest.approx(expected, rel=1e-3)


def test_an_exact_fit_is_better_than_any_other_and_finite() -> None:
    """The classes' indicators as the representation; twenty examples in two dimensions would have infinite evidence."""
    y = np.arange(20) % 2
    exact = logme.score(np.eye(2)[y], y, 2)
    noisy = logme.score(np.eye(2)[y] + 1e-3 * np.random.default_rng(0).normal(size=(20, 2)), y, 2)
    assert np.isfinite(exact)
    assert exact > noisy > logme.score(np.eye(2)[y] + 0.1 * np.random.default_rng(0).normal(size=(20, 2)), y, 2)
