"""The k nearest neighbours: votes worked out by hand, ties, both metrics by loops."""

import itertools

import numpy as np
import pytest

from collector.procedures.linear import Floats, Labels
from collector.proxies import knn


def column(*values: float) -> Floats:
    return np.array([values], np.float32).T


def by_loops(train_x: Floats, train_y: Labels, x: Floats, y: Labels, k: int, metric: str) -> float:
    correct = 0
    for example, own in zip(x.tolist(), y.tolist(), strict=True):
        if metric == "euclidean":
            distances = [sum((a - b) ** 2 for a, b in zip(row, example, strict=True)) for row in train_x.tolist()]
        else:
            distances = [
                -sum(a * b for a, b in zip(row, example, strict=True)) / np.linalg.norm(row) / np.linalg.norm(example)
                for row in train_x.tolist()
            ]
        votes = [int(train_y[index]) for index in sorted(range(len(distances)), key=lambda index: (distances[index], index))[:k]]
        correct += max(votes, key=lambda vote: (votes.count(vote), -votes.index(vote))) == own
    return correct / len(y)


def test_votes_by_hand() -> None:
    """Beside 0: 1 (class 0), 2 and 3 (class 1), then 10 and 11 (class 2): one neighbour says 0, three say 1, five tie and say 1."""
    train_x, train_y = column(1, 2, 3, 10, 11), np.array([0, 1, 1, 2, 2])
    for k, says in ((1, 0), (3, 1), (5, 1)):
        assert knn.score(train_x, train_y, 3, column(0), np.array([says]), k, "euclidean") == 1
        assert knn.score(train_x, train_y, 3, column(0), np.array([2]), k, "euclidean") == 0


def test_equal_votes_go_to_the_nearest_and_equal_distances_to_the_first() -> None:
    x, y = column(2, 1, -1, 7), np.array([1, 0, 2, 1])
    assert knn.score(x, y, 3, column(0), np.array([0]), 3, "euclidean") == 1
    assert knn.score(x[[0, 2, 1, 3]], y[[0, 2, 1, 3]], 3, column(0), np.array([2]), 3, "euclidean") == 1


def test_the_cosine_sees_the_angle_alone() -> None:
    """(9, 9) has the direction of (1, 1), though (8, 0) is nearer; zeros have no direction, and are right-angled to everything."""
    train_x, train_y = np.array([[8.0, 0], [1, 1], [0, 0]]), np.array([0, 1, 2])
    x, y = np.array([[9.0, 9], [9, -1], [-1, -2]]), np.array([1, 0, 2])
    assert knn.score(train_x, train_y, 3, x, y, 1, "cosine") == 1
    assert knn.score(train_x, train_y, 3, x[:1], y[:1], 1, "euclidean") == 0
    assert knn.score(train_x * 7, train_y, 3, x / 3, y, 1, "cosine") == 1


@pytest.mark.parametrize(("dimensions", "k"), list(itertools.product([1, 2, 7, 60], [1, 3, 5, 30])))
def test_equals_loops_where_examples_repeat(dimensions: int, k: int) -> None:
    """Whole numbers, every training example three times with other labels: distances tie all the time."""
    generator = np.random.default_rng(dimensions)
    train_x = generator.permutation(np.concatenate([generator.integers(0, 4, (20, dimensions))] * 3)).astype(np.float64)
    train_y, y = generator.integers(0, 4, 60), generator.integers(0, 4, 40)
    x = generator.integers(0, 4, (40, dimensions)).astype(np.float64)
    assert knn.score(train_x, train_y, 4, x, y, k, "euclidean") == by_loops(train_x, train_y, x, y, k, "euclidean")


@pytest.mark.parametrize(("dimensions", "k"), list(itertools.product([2, 7, 60], [1, 3, 5, 30])))
def test_the_cosine_equals_loops_where_directions_repeat(dimensions: int, k: int) -> None:
    """Every training example three times with other lengths and labels, which loops get as they are."""
    generator = np.random.default_rng(dimensions)
    train_x = np.concatenate([generator.normal(size=(20, dimensions))] * 3)
    train_y, y = generator.integers(0, 4, 60), generator.integers(0, 4, 40)
    x = generator.normal(size=(40, dimensions))
    expected = by_loops(train_x, train_y, x, y, k, "cosine")
    assert knn.score(train_x * generator.uniform(0.1, 9, (60, 1)), train_y, 4, x, y, k, "cosine") == expected


def test_a_line_has_two_directions() -> None:
    train_x, train_y = column(3, -0.7, 0.1, -5, 11), np.array([2, 0, 0, 1, 1])
    assert knn.score(train_x, train_y, 3, column(7, -9), np.array([2, 0]), 1, "cosine") == 1


def test_refuses_more_neighbours_than_examples() -> None:
    with pytest.raises(ValueError, match=r"k is 3; 2 examples have 1 to 2 neighbours"):
        knn.score(column(0, 1), np.array([0, 1]), 2, column(0), np.array([0]), 3, "euclidean")
