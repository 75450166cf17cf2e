"""The nearest-neighbour proxy: k = 1, squared Euclidean distance, on a frozen representation (paper, supplement)."""

import numpy as np
import numpy.typing as npt

from collector.procedures.linear import Floats, Labels, check_labels, check_representations


def score(train_x: Floats, train_y: Labels, validation_x: Floats, validation_y: Labels) -> float:
    """The share of validation examples whose nearest training example has their class; a tie goes to the lowest training index.

    train_x [n, d], validation_x [m, d]: representations, both float32 or both float64; train_y [n], validation_y [m]: classes.
    One matrix product, |a - b|^2 = |a|^2 - 2 ab + |b|^2 where |b|^2 is the same for every a, leaves the training examples that can
    be nearest: all within its rounding error of the smallest, one as a rule, many where a common offset drowns the differences.
    Between those the distance is computed from the differences, as the product rounds two equal rows differently and a tie would
    go to either. All in float64. ValueError: shapes or types that do not fit, values that are not finite.
    """
    check_representations(train_x, validation_x)
    check_labels("train_y", train_y, len(train_x))
    check_labels("validation_y", validation_y, len(validation_x))
    train, validation = train_x.astype(np.float64), validation_x.astype(np.float64)
    train_squares, validation_squares = (train * train).sum(axis=1), (validation * validation).sum(axis=1)
    distances = train_squares - 2 * validation @ train.T
    # What the rounding of two sums of d products can put between two distances at most (2 ab is at most |a|^2 + |b|^2).
    rounding = 4 * (train.shape[1] + 4) * np.finfo(np.float64).eps * (train_squares.max() + validation_squares)
    near = distances <= (distances.min(axis=1) + rounding)[:, None]
    nearest = [_nearest(train, np.flatnonzero(row), example) for row, example in zip(near, validation, strict=True)]
    return float((train_y[nearest] == validation_y).mean())


def _nearest(train: Floats, candidates: npt.NDArray[np.intp], example: Floats) -> int:
    """The candidate (ascending rows of train) nearest to example [d], the first of several that tie."""
    differences = train[candidates] - example
    return int(candidates[(differences * differences).sum(axis=1).argmin()])
