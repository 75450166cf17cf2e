"""The nearest neighbour, by Euclidean distance: a case worked out by hand, ties, and cancellation."""

import numpy as np
import pytest

from collector.procedures.linear import Floats, Labels
from collector.proxies import knn


def score(train_x: Floats, train_y: Labels, validation_x: Floats, validation_y: Labels) -> float:
    return knn.score(train_x, train_y, 100 + len(train_x), validation_x, validation_y, 1, "euclidean")


def nearest_by_loops(train_x: Floats, validation_x: Floats) -> list[int]:
    """In whole numbers, so that a tie is a tie."""
    nearest = []
    for example in validation_x.astype(int).tolist():
        distances = [sum((a - b) ** 2 for a, b in zip(row, example, strict=True)) for row in train_x.astype(int).tolist()]
        nearest.append(distances.index(min(distances)))
    return nearest


def rows(*values: float) -> Floats:
    return np.array([values], np.float32).T


def test_by_hand() -> None:
    """0 and 3 and 10 on a line: 1 is nearest to 0, 2 to 3, 8 to 10, and 7 too; three of the four labels are the neighbour's."""
    assert score(rows(0, 3, 10), np.array([5, 6, 7]), rows(1, 2, 8, 7), np.array([5, 6, 7, 6])) == 0.75


def test_a_tie_goes_to_the_lowest_training_index() -> None:
    assert score(rows(2, 0, 0, 2), np.array([1, 2, 3, 4]), rows(1, 0, 2), np.array([1, 2, 1])) == 1
    assert score(rows(0, 2, 0, 2), np.array([1, 2, 3, 4]), rows(1, 0, 2), np.array([1, 1, 2])) == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dimensions", [1, 3, 7, 100])
def test_equals_two_loops_where_examples_repeat(dimensions: int, dtype: type) -> None:
    """Values 0 to 3, every training example three times: in one dimension everything ties, in a hundred only the copies do."""
    generator = np.random.default_rng(dimensions)
    distinct = generator.integers(0, 4, (71, dimensions)).astype(dtype)
    train_x = generator.permutation(np.concatenate([distinct] * 3))
    validation_x = np.concatenate([distinct, distinct[:, ::-1], generator.integers(0, 4, (60, dimensions))]).astype(dtype)
    nearest = nearest_by_loops(train_x, validation_x)
    index = np.arange(len(train_x))
    assert score(train_x, index, validation_x, np.array(nearest)) == 1
    assert score(train_x, index, validation_x, np.array(nearest) + 1) == 0


def test_a_large_common_offset_changes_nothing() -> None:
    """Steps of 1/16 beside 2^40 (2^19 in float32): representable, but their squares hold nothing of the steps, even in float64."""
    generator = np.random.default_rng(0)
    train_x = generator.integers(0, 16, (50, 4)).astype(np.float64)
    validation_x = generator.integers(0, 16, (200, 4)).astype(np.float64)
    nearest = np.array(nearest_by_loops(train_x, validation_x))
    index = np.arange(50)
    near, far = (train_x / 16, validation_x / 16), (train_x / 16 + 2.0**40, validation_x / 16 + 2.0**40)
    assert score(near[0], index, near[1], nearest) == 1
    assert score(far[0], index, far[1], nearest) == 1
    single = [(x / 16 + 2.0**19).astype(np.float32) for x in (train_x, validation_x)]
    assert score(single[0], index, single[1], nearest) == 1


@pytest.mark.parametrize("examples", [49, 50, 51])
@pytest.mark.parametrize("length", [1, 1e6])
def test_copies_tie_though_the_product_rounds_them_differently(length: float, examples: int) -> None:
    """At the edge of a matrix BLAS sums in another order. Validation examples near the last row and its copies; or beyond it, far
    away, where the rounding error is large beside the training examples' own squares."""
    generator = np.random.default_rng(0)
    distinct = generator.normal(size=(11, 401))
    validation_x = length * (distinct[-1] + 0.1 * generator.normal(size=(examples, 401)))
    train_x = np.concatenate([distinct] * 3)
    assert score(train_x, np.arange(33), validation_x, np.full(examples, 10)) == 1


def test_differences_below_float32_decide() -> None:
    """(1, 0) is nearer to (2^-50, 0) than (0, 1) is, by 2^-49."""
    train_x, validation_x = np.array([[0, 1], [1, 0]], np.float32), np.array([[2.0**-50, 0]], np.float32)
    assert score(train_x, np.array([0, 1]), validation_x, np.array([1])) == 1
