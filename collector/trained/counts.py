"""Counts right and wrong answers, and says how far the share of right ones can be trusted."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

Confusion = NDArray[np.int64]  # [classes, classes]: images by their class (row) and by the predicted class (column)


def confusion(labels: NDArray[np.integer], predicted: NDArray[np.integer], classes: int) -> Confusion:
    """Count the images of each class, from 0, that were taken for each class. labels, predicted: [n]."""
    cells = labels.astype(np.int64) * classes + predicted
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def right(counts: Confusion) -> int:
    """Return the number of right answers."""
    return int(np.trace(counts))


def accuracy(counts: Confusion) -> float:
    """Return the share of right answers, as `finetune` computes it."""
    return right(counts) / int(counts.sum())


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share. trials: at least 1."""
    found = binomtest(successes, trials).proportion_ci(0.95, "wilson")
    return float(found.low), float(found.high)
