"""Scores a representation by its H-score: how much of it, whitened, its classes' means hold.

Paper: Bao et al., "An Information-Theoretic Approach to Transferability in Task Transfer Learning", ICIP 2019.
"""

import numpy as np

from collector.procedures.linear import Floats, Labels
from collector.proxies.geometry import centred, spectrum
from collector.proxies.inputs import sample


def score(representation: Floats, labels: Labels, classes: int) -> float:
    """Return tr(cov(f)^+ cov(E[f | y])): 0 to k - 1, where k classes have examples.

    representation f [n, d]: float32 or float64; labels y [n]: 0 to classes - 1. ^+ is the pseudo-inverse, of singular values above a
    millionth of the largest. With the left singular vectors U of the centred f this is the sum of squares of U' Y, where Y [n, k]
    has a class's indicator divided by the root of its count.
    No invertible linear map of f matters. So where n examples span n - 1 dimensions, as they do when d >= n - 1 and none is the
    mean of others, every representation has k - 1: see h_score_shrinkage. A constant representation has 0.
    Raises ValueError for what `inputs` refuses.
    """
    data = sample(representation, labels, classes)
    _, vectors = spectrum(centred(data.x))
    if vectors.shape[1] == len(data.x) - 1:
        return float(len(data.counts) - 1)  # without the rounding by which models would be ordered
    return float(np.sum((vectors.T @ (data.one_hot / np.sqrt(data.counts))) ** 2))
