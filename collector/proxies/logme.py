"""Scores a representation by LogME: the evidence that its labels give for a Bayesian linear model.

Paper: You et al., "LogME: Practical Assessment of Pre-trained Models for Transfer Learning", ICML 2021, arXiv 2102.11005,
equation 2 and algorithm 1.
"""

from typing import Any

import numpy as np
from scipy.optimize import minimize_scalar

from collector.procedures.linear import Floats, Labels
from collector.proxies.geometry import spectrum
from collector.proxies.inputs import Doubles, sample

DECADES = 6  # of alpha / beta, below and above the mean eigenvalue
GRID = np.linspace(-DECADES, DECADES, 10 * DECADES + 1) * np.log(10)


def score(representation: Floats, labels: Labels, classes: int) -> float:
    """Return the mean over classes of max log p(y | F, alpha, beta) / n: natural logarithm, no bound on either side.

    representation F [n, d]: float32 or float64; labels [n]: 0 to classes - 1. y: a class's indicator; F w + noise, where w has
    precision alpha and the noise beta, with no intercept. Classes without examples are left out of the mean.
    The paper alternates between alpha and beta to a fixed point, which may be a local maximum. Here beta has its closed form for
    each t = alpha / beta, beta = n / y' (1 + F F' / t)^-1 y, and the best t is found on a grid and refined. t stays within 10^6 of
    the mean eigenvalue of F F', without which an exact fit by fewer dimensions than examples would have no finite evidence.
    Neither a rotation nor a scale of F matters. Raises ValueError for what `inputs` refuses.
    """
    data = sample(representation, labels, classes)
    values, vectors = spectrum(data.x)
    eigenvalues = values / (values.mean() if len(values) else 1)
    explained = (vectors.T @ data.one_hot) ** 2
    unexplained = data.counts - explained.sum(axis=0)
    evidences = [_best_evidence(eigenvalues, *of_class, len(data.x)) for of_class in zip(explained.T, unexplained, strict=True)]
    return float(np.mean(evidences))


def _best_evidence(eigenvalues: Doubles, explained: Doubles, unexplained: float, n: int) -> float:
    """The largest log evidence / n of one class over t.

    eigenvalues [r]: of F F'. explained [r], unexplained: the squares of y along the eigenvectors, and of the rest of y.
    """

    def negative(log_t: Any) -> Any:
        """Minus the log evidence / n, of a number or of an array of any shape."""
        ratios = eigenvalues * np.exp(-log_t)[..., None]
        beta = n / ((explained / (1 + ratios)).sum(axis=-1) + unexplained)
        return -(n * np.log(beta / (2 * np.pi)) - n - np.log1p(ratios).sum(axis=-1)) / (2 * n)

    coarse = negative(GRID)
    best = int(coarse.argmin())
    bounds = GRID[max(best - 1, 0)], GRID[min(best + 1, len(GRID) - 1)]
    fine = minimize_scalar(lambda log_t: negative(np.float64(log_t)), bounds=bounds, method="bounded")
    return -min(float(fine.fun), float(coarse[best]))
