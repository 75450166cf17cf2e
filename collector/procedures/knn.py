"""Scores a representation by its nearest neighbours: k = 1, squared Euclidean distance.

Paper: Renggli et al., arXiv 2010.06402, supplement.
"""

import numpy as np
import numpy.typing as npt

from collector.procedures.linear import Floats, Labels, check_labels, check_representations


def score(train_x: Floats, train_y: Labels, validation_x: Floats, validation_y: Labels) -> float:
    """Return the share of validation examples whose nearest training example has their class; ties go to the lowest training index.

    train_x [n, d], validation_x [m, d]: representations, both float32 or both float64; train_y [n], validation_y [m]: classes.
    One matrix product, |a - b|^2 = |a|^2 - 2 ab + |b|^2 (|b|^2 is the same for every a), selects the candidates: all training examples
    within its rounding error of the smallest distance. That is usually one, but many where a large common offset hides the
    differences. Their distances are computed from the differences, because the product may round equal rows differently, which would
    break ties at random. All in float64. Raises ValueError for shapes or types that do not fit and for values that are not finite.
    """
    check_representations(train_x, validation_x)
    check_labels("train_y", train_y, len(train_x))
    check_labels("validation_y", validation_y, len(validation_x))
    train, validation = train_x.astype(np.float64), validation_x.astype(np.float64)
    train_squares, validation_squares = (train * train).sum(axis=1), (validation * validation).sum(axis=1)
    distances = train_squares - 2 * validation @ train.T
    # The largest error of a difference of two distances, from rounding two sums of d products (2 ab is at most |a|^2 + |b|^2).
    rounding = 4 * (train.shape[1] + 4) * np.finfo(np.float64).eps * (train_squares.max() + validation_squares)
    candidates = distances <= (distances.min(axis=1) + rounding)[:, None]
    nearest = [_nearest(train, np.flatnonzero(row), example) for row, example in zip(candidates, validation, strict=True)]
    return float((train_y[nearest] == validation_y).mean())


def _nearest(train: Floats, candidates: npt.NDArray[np.intp], example: Floats) -> int:
    """The candidate (indices of rows of train, ascending) that is nearest to example [d]; the first where several tie."""
    differences = train[candidates] - example
    return int(candidates[(differences * differences).sum(axis=1).argmin()])
