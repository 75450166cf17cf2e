"""The proxies of a network's own classification head: LEEP, EEP, NCE and energy, by hand, by loops, and their bounds."""

from math import log

import numpy as np
import pytest

from collector.procedures.linear import Floats, Labels
from collector.proxies import eep, energy, leep, nce

# Three source classes, of which the last has no probability at all; the last example is undecided.
THETA = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0.5, 0.5, 0]])
Y = np.array([0, 1, 1, 0])


def predictions_by_loops(theta: list[list[float]], y: list[int]) -> list[float]:
    n, z = len(y), len(theta[0])
    joint = {(c, s): sum(theta[i][s] for i in range(n) if y[i] == c) / n for c in set(y) for s in range(z)}
    marginal = [sum(joint[c, s] for c in set(y)) for s in range(z)]
    return [sum(joint[y[i], s] / marginal[s] * theta[i][s] for s in range(z)) for i in range(n)]


def softmax(logits: Floats) -> Floats:
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def random_head(seed: int, n: int = 40, z: int = 7, k: int = 3) -> tuple[Floats, Labels]:
    generator = np.random.default_rng(seed)
    return softmax(2 * generator.normal(size=(n, z))), np.concatenate([np.arange(k), generator.integers(0, k, n - k)])


def test_leep_and_eep_by_hand() -> None:
    """P(y | z = 0) is 1.5 : 1, P(y | z = 1) 0.5 : 1; so the own classes have 3/5, 2/5, 2/3 and (3/5 + 1/3) / 2."""
    predictions = [3 / 5, 2 / 5, 2 / 3, 7 / 15]
    assert leep.score(Y, 2, THETA) == pytest.approx(sum(map(log, predictions)) / 4, rel=1e-12)
    assert eep.score(Y, 2, THETA) == pytest.approx(sum(predictions) / 4, rel=1e-12)


def test_nce_by_hand() -> None:
    """The undecided example goes to source class 0, which then has labels 0, 1, 0: entropy of 2 : 1, in 3 of 4 examples."""
    assert nce.score(Y, 2, THETA) == pytest.approx((2 * log(2 / 3) + log(1 / 3)) / 4, rel=1e-12)


def test_energy_by_hand() -> None:
    """log(e^log 1 + e^log 3) = log 4, and two equal logits of 1000 make 1000 + log 2 without overflow."""
    assert energy.score(np.array([[0, log(3)], [1000, 1000]])) == pytest.approx((log(4) + 1000 + log(2)) / 2, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_equal_loops(seed: int) -> None:
    theta, y = random_head(seed)
    predictions = predictions_by_loops(theta.tolist(), y.tolist())
    assert leep.score(y, 3, theta) == pytest.approx(np.mean(np.log(predictions)), rel=1e-12)
    assert eep.score(y, 3, theta) == pytest.approx(np.mean(predictions), rel=1e-12)
    z = [row.index(max(row)) for row in theta.tolist()]
    pairs = list(zip(y.tolist(), z, strict=True))
    entropy = -sum(log(pairs.count(pair) / z.count(pair[1])) for pair in pairs) / len(pairs)
    assert nce.score(y, 3, theta) == pytest.approx(-entropy, rel=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_leep_exceeds_nce_plus_what_the_head_is_sure_of(seed: int) -> None:
    """Property 1 of LEEP's paper: at least NCE of z plus the mean log theta of z, for any z."""
    theta, y = random_head(seed)
    assert leep.score(y, 3, theta) >= nce.score(y, 3, theta) + np.log(theta.max(axis=1)).mean()


def test_a_head_that_looks_at_nothing() -> None:
    y = np.array([0, 0, 0, 1])
    theta = np.tile([0.25, 0.75], (4, 1))
    entropy = -(0.75 * log(0.75) + 0.25 * log(0.25))
    assert leep.score(y, 2, theta) == pytest.approx(-entropy, rel=1e-12)
    assert nce.score(y, 2, theta) == pytest.approx(-entropy, rel=1e-12)
    assert eep.score(y, 2, theta) == pytest.approx(0.75**2 + 0.25**2, rel=1e-12)


def test_a_head_that_knows_the_classes() -> None:
    y = np.array([0, 1, 2, 2, 1])
    theta = np.eye(9)[y + 4]
    assert leep.score(y, 3, theta) == nce.score(y, 3, theta) == 0
    assert eep.score(y, 3, theta) == 1


def test_the_order_of_the_source_classes_does_not_matter() -> None:
    theta, y = random_head(0)
    shuffled = theta[:, np.random.default_rng(0).permutation(7)]
    for proxy in (leep, eep, nce):
        assert proxy.score(y, 3, shuffled) == pytest.approx(proxy.score(y, 3, theta), rel=1e-12)


@pytest.mark.parametrize(
    ("theta", "message"),
    [
        (THETA * 2, "4 of 4, first in example 0, whose sum is 2"),
        (np.array([[1, 0], [1, 0], [-0.5, 1.5], [1, 0]]), "1 of 4, first in example 2, whose sum is 1"),
        (THETA[:3], r"labels has shape \(4,\); 3 examples need \(3,\)"),
        (np.full((4, 3), np.nan), "source_probabilities has values that are not finite"),
    ],
)
def test_refuses_what_is_no_distribution(theta: Floats, message: str) -> None:
    for proxy in (leep, eep, nce):
        with pytest.raises(ValueError, match=message):
            proxy.score(Y, 2, theta)


def test_rows_stored_in_float16_are_scaled_to_1() -> None:
    theta, y = random_head(0)
    rounded = theta.astype(np.float16).astype(np.float32)
    assert np.abs(rounded.sum(axis=1) - 1).max() > 1e-6
    exact = rounded.astype(np.float64) / rounded.astype(np.float64).sum(axis=1, keepdims=True)
    assert leep.score(y, 3, rounded) == pytest.approx(leep.score(y, 3, exact), rel=1e-12)
    with pytest.raises(ValueError, match="source_logits has values that are not finite"):
        energy.score(np.array([[0, np.inf]]))
