"""Scores a representation by SFDA: discriminant analysis that makes its own examples harder before it judges them.

Paper: Shao et al., "Not All Models Are Equal: Predicting Model Transferability in a Self-challenging Fisher Space", ECCV 2022,
arXiv 2207.03036.
"""

import numpy as np
import scipy.linalg

from collector.procedures.linear import Floats, Labels
from collector.proxies.discriminant import log_posteriors
from collector.proxies.geometry import centred, within
from collector.proxies.inputs import Doubles, Sample, sample

STRENGTH = 5.0  # of the regularization, and its least value: those of the paper's code
LEAST = 1e-10


def score(representation: Floats, labels: Labels, classes: int) -> float:
    """Return the mean log p(y_i | x_i) of the second of two discriminant analyses: natural logarithm, at most 0.

    representation x [n, d]: float32 or float64; labels y [n]: 0 to classes - 1.
    Both have the covariance (1 - l) S_W + l, where S_W is that within classes and l = exp(-5 s), s the largest eigenvalue of the
    first S_W; l is 10^-10 at least. Between them an example becomes p x + (1 - p) o, where p is its own class's posterior and o the
    mean of the other classes' means.
    A rotation or a shift does not matter; a scale does, as in the paper: where s is above 5 and d above n, p is 1 but for rounding,
    and the score 0. A constant representation has minus the entropy of the labels.
    Raises ValueError for what `inputs` refuses.
    """
    data = sample(representation, labels, classes)
    x = centred(data.x)
    residuals = within(data, x)
    strength = max(float(np.exp(-STRENGTH * _largest_eigenvalue(residuals))), LEAST)
    own = np.arange(len(x)), data.y
    confidence = np.exp(log_posteriors(data, x, _covariance(residuals, strength))[own])[:, None]
    mixed = confidence * x + (1 - confidence) * _other_means(data, x)[data.y]
    return float(log_posteriors(data, mixed, _covariance(within(data, mixed), strength))[own].mean())


def _largest_eigenvalue(residuals: Doubles) -> float:
    """The largest eigenvalue of the covariance of residuals [n, d]."""
    n, d = residuals.shape
    gram = residuals @ residuals.T if n <= d else residuals.T @ residuals
    last = len(gram) - 1
    (largest,) = scipy.linalg.eigh(gram, eigvals_only=True, subset_by_index=[last, last])
    return max(float(largest / n), 0.0)


def _covariance(residuals: Doubles, strength: float) -> Doubles:
    covariance: Doubles = (1 - strength) / len(residuals) * (residuals.T @ residuals)
    covariance[np.diag_indices_from(covariance)] += strength
    return covariance


def _other_means(data: Sample, x: Doubles) -> Doubles:
    """For each class the mean of the other classes' means: [k, d]."""
    means = data.class_means(x)
    others: Doubles = (means.sum(axis=0) - means) / (len(means) - 1)
    return others
