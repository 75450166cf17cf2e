"""Scores a representation by its H-score with a covariance that is shrunk, because few examples make a poor one.

Paper: Ibrahim, Ponomareva and Mazumder, "Newer is not always better: Rethinking transferability metrics, their peculiarities, stability
and performance", arXiv 2110.06893; Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance
matrices", 2004, for the share by which it shrinks.
"""

import numpy as np
from sklearn.covariance import ledoit_wolf_shrinkage

from collector.procedures.linear import Floats, Labels
from collector.proxies.geometry import normalized, spectrum
from collector.proxies.inputs import sample


def score(representation: Floats, labels: Labels, classes: int) -> float:
    """Return tr(S^-1 (1 - a) cov(E[f | y])) with S = (1 - a) cov(f) + a tr(cov(f)) / d: 0 to k - 1, where k classes have examples.

    representation f [n, d]: float32 or float64; labels y [n]: 0 to classes - 1. a: Ledoit and Wolf's share, in [0, 1].
    With the eigenvalues s and eigenvectors U of the centred Gram matrix this is the sum over i of (U' Y)_i^2 times
    (1 - a) s_i / ((1 - a) s_i + a mean(s over d dimensions)), where Y is as in h_score.
    Neither a rotation, nor a shift, nor a scale of f matters. A constant representation has 0.
    Raises ValueError for what `inputs` refuses.
    """
    data = sample(representation, labels, classes)
    x, _ = normalized(data.x, data.x)
    values, vectors = spectrum(x)
    if not len(values):
        return 0.0
    shrinkage = float(ledoit_wolf_shrinkage(x, assume_centered=True))
    signal, noise = (1 - shrinkage) * values, shrinkage * values.sum() / x.shape[1]
    explained = ((vectors.T @ (data.one_hot / np.sqrt(data.counts))) ** 2).sum(axis=1)
    return float((explained * signal / (signal + noise)).sum())
