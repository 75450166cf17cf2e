"""Scores a representation by its k nearest neighbours, by Euclidean distance or by the cosine.

Paper: Renggli et al., arXiv 2010.06402, supplement (k = 1, Euclidean; k = 3 gave no advantage there); Bolya et al.,
arXiv 2111.06977, judge networks by it, too.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

from collector.procedures.linear import Floats, Labels
from collector.proxies.inputs import Doubles, check_validation, sample


def score(
    representation: Floats,
    labels: Labels,
    classes: int,
    validation_representation: Floats,
    validation_labels: Labels,
    k: int,
    metric: Literal["euclidean", "cosine"],
) -> float:
    """Return the share of validation examples of the class that most of their k nearest examples have.

    representation [n, d], validation_representation [m, d]: float32 or float64; labels [n], validation_labels [m]: 0 to classes - 1.
    Equal distances go to the lowest index, equal votes to the class whose nearest example is nearest. Cosines are
    rounded to 12 digits, so that rows in one direction tie; that of a row of zeros with any other is 0.
    One matrix product selects the candidates, all within its rounding error of the k-th nearest; their distances are then computed
    row by row, so that equal rows tie, whatever the product makes of them.
    Raises ValueError for what `inputs` refuses, and for k outside 1 ... n.
    """
    train = sample(representation, labels, classes).x
    validation, truth = check_validation(train, validation_representation, validation_labels, classes)
    if not 1 <= k <= len(train):
        raise ValueError(f"k is {k}; {len(train)} examples have 1 to {len(train)} neighbours")
    cosine = metric == "cosine"
    if cosine:
        train, validation = _unit(train), _unit(validation)
    products = validation @ train.T
    squares, validation_squares = (train * train).sum(axis=1), (validation * validation).sum(axis=1)
    distances = -products if cosine else squares - 2 * products
    # The largest error of a difference of two distances, from rounding two sums of d products (2 ab is at most |a|^2 + |b|^2).
    rounding = 4 * (train.shape[1] + 4) * np.finfo(np.float64).eps * (squares.max() + validation_squares)
    rounding += 1e-12 if cosine else 0
    limits = np.partition(distances, k - 1, axis=1)[:, k - 1] + rounding
    correct = 0
    for row, limit, example, own in zip(distances, limits, validation, truth, strict=True):
        nearest = _nearest(train, np.flatnonzero(row <= limit), example, k, cosine)
        correct += _majority(labels[nearest]) == own
    return float(correct / len(validation))


def _unit(x: Doubles) -> Doubles:
    """The rows of x, scaled to length 1; rows of zeros stay."""
    lengths = np.sqrt((x * x).sum(axis=1, keepdims=True))
    unit: Doubles = x / np.where(lengths > 0, lengths, 1)
    return unit


def _nearest(train: Doubles, candidates: npt.NDArray[np.intp], example: Doubles, k: int, cosine: bool) -> npt.NDArray[np.intp]:
    """The k candidates (indices of rows of train, ascending) that are nearest to example [d], nearest first."""
    rows = train[candidates]
    distances = -(rows * example).sum(axis=1).round(12) if cosine else ((rows - example) ** 2).sum(axis=1)
    return candidates[np.argsort(distances, kind="stable")[:k]]


def _majority(votes: Labels) -> int:
    """The most frequent of votes [k]; of several, the one that comes first."""
    values, first, counts = np.unique(votes, return_index=True, return_counts=True)
    return int(values[np.lexsort((first, -counts))[0]])
