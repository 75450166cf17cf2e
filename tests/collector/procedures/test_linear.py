"""The linear probe against arithmetic by hand, a plain loop and Keras; and the independence of its heads."""

import math
import os
from collections.abc import Sequence

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from collector.procedures import linear
from collector.procedures.linear import Floats, Head, Labels, train, train_logits
from collector.procedures.seed import batch_order

FULL = Head(learning_rate=1.0, repeat=0, seed=0)


def data(
    dimensions: int, examples: int = 60, classes: int = 5, dtype: type = np.float32
) -> tuple[Floats, Labels, Floats, Labels]:
    """Like a pooled representation: nothing below zero, and of a length near 1, so that rounding is not amplified."""
    generator = np.random.default_rng(dimensions)
    labels = generator.integers(0, classes, 2 * examples)
    centres = generator.normal(size=(classes, dimensions))
    x = np.maximum(centres[labels] + generator.normal(size=(2 * examples, dimensions)), 0) / math.sqrt(dimensions)
    return x[:examples].astype(dtype), labels[:examples], x[examples:].astype(dtype), labels[examples:]


def plain(x: Floats, y: Labels, to: Floats, classes: int, rate: float, momentum: float, batches: Sequence[Labels]) -> Floats:
    """The logits of `to` after plain SGD on weights and bias, in float64, a row as often as the batch holds it."""
    weights, bias = np.zeros((x.shape[1], classes)), np.zeros(classes)
    weight_velocity, bias_velocity = np.zeros_like(weights), np.zeros_like(bias)
    for batch in batches:
        inputs = x[batch].astype(np.float64)
        odds = np.exp(inputs @ weights + bias)
        gradient = (odds / odds.sum(axis=1, keepdims=True) - np.eye(classes)[y[batch]]) / len(batch)
        weight_velocity = momentum * weight_velocity + inputs.T @ gradient
        bias_velocity = momentum * bias_velocity + gradient.sum(axis=0)
        weights = weights - rate * weight_velocity
        bias = bias - rate * bias_velocity
    return to.astype(np.float64) @ weights + bias


@pytest.mark.parametrize("padding", [0, 3])
def test_two_steps_by_hand(padding: int) -> None:
    """x = 1 of class 0 and x = 3 of class 1; rate 1, momentum 0.9, both in every batch. With dimensions of zeros added it is the
    dual form (2 < 2 * 4) that must say the same.

    Step 1: both softmaxes are 1/2, so the gradients of the first logit are -1/4 and 1/4: weight 1 * -1/4 + 3 * 1/4 = 1/2, bias 0.
    Step 2: the first logits are -1/2 and -3/2 (and the second their opposites): the softmaxes are s(-1) and s(-3).
    """
    x = np.pad(np.array([[1.0], [3.0]]), ((0, 0), (0, padding)))
    at_two = np.pad(np.array([[2.0]]), ((0, 0), (0, padding)))
    y = np.array([0, 1])

    (once,) = train_logits(x, y, at_two, 2, [FULL], steps=1, batch_size=2, momentum=0.9)
    np.testing.assert_allclose(once, [[-1, 1]], rtol=1e-14)

    first, second = (1 / (1 + math.exp(1)) - 1) / 2, 1 / (1 + math.exp(3)) / 2
    weight = -0.5 - (0.9 * 0.5 + first + 3 * second)
    logit = 2 * weight - (first + second)
    (twice,) = train_logits(x, y, at_two, 2, [FULL], steps=2, batch_size=2, momentum=0.9)
    np.testing.assert_allclose(twice, [[logit, -logit]], rtol=1e-14)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-4), (np.float64, 1e-9)])
@pytest.mark.parametrize("dimensions", [20, 100])
def test_equals_a_plain_loop(dimensions: int, dtype: type, tolerance: float) -> None:
    """100 dimensions and 60 examples take the dual form, 20 dimensions the primal one."""
    x, y, to, _ = data(dimensions, dtype=dtype)
    batches = batch_order(7, 60, 250, 32)
    assert any(len(set(batch.tolist())) < 32 for batch in batches)  # a batch that spans two epochs holds some rows twice
    rates = (1.0, 0.1)
    logits = train_logits(x, y, to, 5, [Head(rate, 0, 7) for rate in rates], steps=250, batch_size=32, momentum=0.9)
    for rate, of_head in zip(rates, logits, strict=True):
        expected = plain(x, y, to, 5, rate, 0.9, list(batches))
        assert abs(expected).max() > 1
        assert of_head.dtype == dtype
        np.testing.assert_allclose(of_head, expected, rtol=0, atol=tolerance)


def test_logits_that_exp_cannot_hold() -> None:
    """Long representations and a large rate: float32's exp overflows at 89, float64's at 710."""
    x, y, to, _ = data(100)
    (logits,) = train_logits(40 * x, y, 40 * to, 5, [FULL], steps=3, batch_size=60, momentum=0.9)
    expected = plain(40 * x, y, 40 * to, 5, 1.0, 0.9, [np.arange(60)] * 3)
    assert 200 < abs(expected).max() < 700
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-2)


def test_the_form_changes_where_a_product_with_k_is_as_long_as_two_with_x(monkeypatch: pytest.MonkeyPatch) -> None:
    """40 dimensions: 79 examples are dual, 80 primal. A batch larger than the examples is all of them."""
    forms = []

    def watched(train_x: Floats, validation_x: Floats, dual: bool) -> tuple[Floats, Floats]:
        forms.append(dual)
        return features(train_x, validation_x, dual)

    features = linear._features
    monkeypatch.setattr(linear, "_features", watched)
    x, y, to, _ = data(40, examples=80, dtype=np.float64)
    for examples in (79, 80):
        (logits,) = train_logits(x[:examples], y[:examples], to, 5, [FULL], steps=50, batch_size=100, momentum=0.9)
        expected = plain(x, y, to, 5, 1.0, 0.9, [np.arange(examples)] * 50)
        np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-11)
    assert forms == [True, False]


def test_equals_keras() -> None:
    """Keras writes momentum as v = m v - lr g, w = w + v: the same while the learning rate is constant."""
    keras = pytest.importorskip("keras")
    x, y, to, _ = data(100)
    network = keras.Sequential([keras.Input((100,)), keras.layers.Dense(5, kernel_initializer="zeros")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.SGD(0.5, momentum=0.9), loss)
    network.fit(x, y, batch_size=60, epochs=6, verbose=0)
    (logits,) = train_logits(x, y, to, 5, [Head(0.5, 0, 0)], steps=6, batch_size=60, momentum=0.9)
    assert abs(logits).max() > 0.3
    np.testing.assert_allclose(logits, network.predict_on_batch(to), rtol=0, atol=1e-5)


def test_a_learning_problem_is_learned() -> None:
    x, y, to, labels = data(400, examples=200)
    heads = [Head(1.0, 0, 0), Head(1e-9, 0, 0)]
    learned, barely = train(x, y, to, labels, 5, heads, steps=100, batch_size=64, momentum=0.9)
    assert learned > 0.95
    logits = train_logits(x, y, to, 5, heads, steps=100, batch_size=64, momentum=0.9)
    assert [learned, barely] == [(of_head.argmax(axis=1) == labels).mean() for of_head in logits]


def test_equal_logits_predict_the_lowest_class() -> None:
    """Two equal examples of classes 1 and 2: their logits stay equal, above those of classes 0 and 3."""
    x = np.ones((2, 3), np.float32)
    accuracies = train(x, np.array([2, 1]), np.ones((4, 3), np.float32), np.array([1, 1, 2, 1]), 4, [FULL], 5, 2, 0.9)
    assert accuracies == [0.75]


@pytest.mark.parametrize("dimensions", [20, 100])
def test_a_head_has_the_same_bits_whatever_is_trained_beside_it(dimensions: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone or not, in any order, on any number of cores, next to a head that overflows."""
    x, y, to, labels = data(dimensions, examples=61, classes=7)
    heads = [Head(0.1, 1, 11), Head(3e38, 0, 5), Head(1.0, 0, 5), Head(0.1, 0, 5), Head(1.0, 1, 11)]

    def run(chosen: list[Head]) -> list[Floats]:
        return train_logits(x, y, to, 7, chosen, steps=40, batch_size=32, momentum=0.9)

    alone = [run([head])[0] for head in heads]
    for cores in (1, 2, 3, 16):
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        assert [of_head.tobytes() for of_head in run(heads)] == [of_head.tobytes() for of_head in alone]
    assert [of_head.tobytes() for of_head in run(heads[::-1])] == [of_head.tobytes() for of_head in alone[::-1]]
    assert len({of_head.tobytes() for of_head in alone}) == len(heads)

    assert not np.isfinite(alone[1]).any()
    accuracies = train(x, y, to, labels, 7, heads, steps=40, batch_size=32, momentum=0.9)
    assert accuracies[1] == 0
    assert min(accuracies[:1] + accuracies[2:]) > 0.3


def test_an_example_with_a_logit_that_is_not_finite_is_wrong() -> None:
    """Finite representations whose products are not: every logit of the second example is NaN, and argmax would say class 0."""
    x = np.array([[1.0], [0.0]], np.float32)
    to = np.array([[1.0], [3e38]], np.float32)
    (logits,) = train_logits(x, np.array([0, 1]), to, 2, [Head(100.0, 0, 0)], 3, 2, 0.9)
    assert np.isfinite(logits).all(axis=1).tolist() == [True, False]
    assert logits[1].argmax() == 0
    assert train(x, np.array([0, 1]), to, np.array([0, 0]), 2, [Head(100.0, 0, 0)], 3, 2, 0.9) == [0.5]
    dual = np.array([[1e30, 0], [0, 1e30]], np.float32)
    assert train(dual, np.array([0, 1]), dual, np.array([0, 0]), 2, [FULL], 3, 2, 0.9) == [0]


def test_blas_computes_on_one_thread_and_has_its_threads_back_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y, to, _ = data(100)
    seen = []

    def watched(train_x: Floats, validation_x: Floats, dual: bool) -> tuple[Floats, Floats]:
        seen.append(blas_threads())
        return features(train_x, validation_x, dual)

    features = linear._features
    monkeypatch.setattr(linear, "_features", watched)
    with threadpool_limits(2, user_api="blas"):
        train_logits(x, y, to, 5, [FULL], 20, 32, 0.9)
        assert seen == [{1}]
        assert blas_threads() == {2}


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train_x": np.zeros(6, np.float32)}, r"train_x has shape \(6,\)"),
        ({"train_x": np.zeros((6, 3), np.float32)}, "train_x has 3 dimensions and validation_x 2"),
        ({"train_x": np.zeros((6, 2), np.float16)}, "train_x is float16"),
        ({"train_x": np.zeros((6, 2))}, "train_x is float64 and validation_x float32"),
        ({"train_x": np.full((6, 2), np.inf, np.float32)}, "train_x has values that are not finite in 6 of 6 examples"),
        ({"validation_x": np.zeros((0, 2), np.float32), "validation_y": np.zeros(0, int)}, r"validation_x has shape \(0, 2\)"),
        ({"validation_x": np.full((6, 2), np.nan, np.float32)}, "validation_x has values that are not finite"),
        ({"train_y": np.zeros(5, int)}, r"train_y has shape \(5,\); 6 examples need \(6,\)"),
        ({"train_y": np.array([0, 1, 2, 0, 1, 3])}, "train_y goes from 0 to 3; 3 classes are 0 to 2"),
        ({"validation_y": np.array([0, 1, 2, 0, 1, -1])}, "validation_y goes from -1 to 2"),
        ({"validation_y": np.zeros(6)}, "validation_y is float64"),
        ({"heads": [Head(0.0, 0, 0)]}, "a learning rate is positive and finite"),
        ({"heads": [Head(math.nan, 0, 0)]}, "a learning rate is positive and finite"),
        ({"heads": [Head(0.1, 0, -1)]}, "a seed is 0 or more"),
        ({"steps": 0}, "steps 0"),
        ({"batch_size": 0}, "batch_size 0"),
        ({"momentum": 1.0}, "momentum 1.0"),
    ],
)
def test_refuses_what_does_not_fit(change: dict[str, object], message: str) -> None:
    fits = {
        "train_x": np.zeros((6, 2), np.float32),
        "train_y": np.array([0, 1, 2, 0, 1, 2]),
        "validation_x": np.zeros((6, 2), np.float32),
        "validation_y": np.array([0, 1, 2, 0, 1, 2]),
        "num_classes": 3,
        "heads": [FULL],
        "steps": 1,
        "batch_size": 4,
        "momentum": 0.9,
    }
    assert train(**fits) == [1 / 3]
    with pytest.raises(ValueError, match=message):
        train(**{**fits, **change})
