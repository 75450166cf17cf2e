"""The linear classifiers: L-BFGS against a plain minimizer, and ridge against leaving every example out in turn."""

from types import ModuleType

import numpy as np
import pytest
from clouds import clouds
from scipy.optimize import minimize
from scipy.special import logsumexp

from collector.procedures.linear import Floats, Labels
from collector.proxies import logistic, ridge


def scaled(x: Floats, validation: Floats) -> tuple[Floats, Floats]:
    mean = x.mean(axis=0)
    length = np.sqrt(np.mean([row @ row for row in x - mean]))
    return (x - mean) / length, (validation - mean) / length


def plain_logistic(x: Floats, y: Labels, validation: Floats, validation_y: Labels, k: int) -> float:
    """The best of three penalties; each minimum to ten digits, from the objective alone."""
    x, validation = scaled(x, validation)
    ones, target = np.ones((len(x), 1)), np.eye(k)[y]

    def objective(flat: Floats, strength: float) -> tuple[float, Floats]:
        weights = flat.reshape(-1, k)
        logits = np.hstack([x, ones]) @ weights
        loss = (logsumexp(logits, axis=1) - logits[np.arange(len(y)), y]).sum()
        slope = np.hstack([x, ones]).T @ (np.exp(logits - logsumexp(logits, axis=1, keepdims=True)) - target)
        penalized = np.vstack([weights[:-1], np.zeros((1, k))])
        return strength * loss + (penalized**2).sum() / 2, (strength * slope + penalized).ravel()

    accuracies = []
    for strength in (1, 10, 100):
        options = {"maxiter": 10_000, "gtol": 1e-10, "ftol": 1e-15}
        found = minimize(objective, np.zeros((x.shape[1] + 1) * k), (strength,), "L-BFGS-B", jac=True, options=options)
        predicted = (np.hstack([validation, np.ones((len(validation), 1))]) @ found.x.reshape(-1, k)).argmax(axis=1)
        accuracies.append(float((predicted == validation_y).mean()))
    return max(accuracies)


def plain_ridge(x: Floats, y: Labels, validation: Floats, validation_y: Labels, k: int) -> float:
    x, validation = scaled(x, validation)
    targets = 2 * np.eye(k)[y] - 1

    def fitted(x: Floats, targets: Floats, penalty: float, at: Floats) -> Floats:
        mean, level = x.mean(axis=0), targets.mean(axis=0)
        weights = np.linalg.solve((x - mean).T @ (x - mean) + penalty * np.eye(x.shape[1]), (x - mean).T @ (targets - level))
        return (at - mean) @ weights + level

    def left_out(penalty: float) -> float:
        others = [np.arange(len(x)) != index for index in range(len(x))]
        return sum(((fitted(x[o], targets[o], penalty, x[~o]) - targets[~o]) ** 2).sum() for o in others)

    best = min((10.0**exponent for exponent in range(-3, 4)), key=left_out)
    return float((fitted(x, targets, best, validation).argmax(axis=1) == validation_y).mean())


@pytest.mark.parametrize(("n", "d", "k"), [(60, 5, 3), (60, 5, 4), (40, 70, 3)])
def test_logistic_equals_a_plain_minimizer(n: int, d: int, k: int) -> None:
    x, y = clouds(n + 200, d, k, spread=2)
    halves = x[:n], y[:n], x[n:], y[n:]
    expected = plain_logistic(*halves, k)
    assert 1 / k < expected < 1
    assert logistic.score(x[:n], y[:n], k, x[n:], y[n:]) == pytest.approx(expected, abs=1 / 200)  # an example between two classes


@pytest.mark.parametrize(("n", "d", "k"), [(40, 5, 3), (30, 50, 4), (30, 6, 3)])
def test_ridge_equals_leaving_each_example_out(n: int, d: int, k: int) -> None:
    x, y = clouds(n + 200, d, k, spread=2)
    expected = plain_ridge(x[:n], y[:n], x[n:], y[n:], k)
    assert 1 / k < expected < 1
    assert ridge.score(x[:n], y[:n], k, x[n:], y[n:]) == expected


def test_ridge_takes_the_penalty_that_generalizes() -> None:
    """Fifty dimensions of noise around one that says everything: the least penalty would follow the noise."""
    generator = np.random.default_rng(0)
    y = np.arange(240) % 2
    x = np.column_stack([4.0 * y + generator.normal(size=240), generator.normal(size=(240, 50))])
    assert ridge.score(x[:60], y[:60], 2, x[60:], y[60:]) > 0.93


@pytest.mark.parametrize("proxy", [logistic, ridge])
def test_two_classes_on_a_line(proxy: ModuleType) -> None:
    """Symmetric, so that the border is 0 whatever the penalty: 3 of 4 are on their side."""
    x, y = np.array([[-2.0], [-1], [1], [2]]), np.array([0, 0, 1, 1])
    validation, truth = np.array([[-0.5], [0.5], [9], [-9]]), np.array([0, 1, 1, 1])
    assert proxy.score(x, y, 2, validation, truth) == 0.75


@pytest.mark.parametrize("proxy", [logistic, ridge])
def test_a_shift_and_a_scale_do_not_matter(proxy: ModuleType) -> None:
    x, y = clouds(200, 6, 3, spread=2)
    expected = proxy.score(x[:80], y[:80], 3, x[80:], y[80:])
    assert proxy.score(1024 * x[:80], y[:80], 3, 1024 * x[80:], y[80:]) == expected
    assert proxy.score(x[:80] - 50, y[:80], 3, x[80:] - 50, y[80:]) == expected


@pytest.mark.parametrize("proxy", [logistic, ridge])
def test_a_constant_predicts_the_most_frequent_class(proxy: ModuleType) -> None:
    x, y = np.full((5, 3), 0.1), np.array([0, 1, 1, 1, 2])
    assert proxy.score(x, y, 3, x, y) == 0.6
