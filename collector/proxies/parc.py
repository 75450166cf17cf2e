"""Scores a representation by PARC: whether examples of one class are alike in it, and those of two are not.

Paper: Bolya, Mittapalli and Hoffman, "Scalable Diverse Model Selection for Accessible Transfer Learning", NeurIPS 2021,
arXiv 2111.06977 (with 32 principal components, standardized, as in its table 4 and published code).
"""

import numpy as np
from scipy.stats import spearmanr

from collector.procedures.linear import Floats, Labels
from collector.proxies.geometry import normalized, principal_components
from collector.proxies.inputs import Doubles, sample

COMPONENTS = 32


def score(representation: Floats, labels: Labels, classes: int) -> float:
    """Return Spearman's correlation, over pairs of examples, of their distance and of their labels' distance: in [-1, 1].

    representation [n, d]: float32 or float64; labels [n]: 0 to classes - 1. The distance of two examples is 1 minus the Pearson
    correlation of their rows of the reduced representation, each column of which has variance 1; that of their labels the same of
    their indicators, which is 0 in one class and one larger number in two, so that 0 and 1 have the same ranks.
    Distances are rounded to 12 digits, so that equal examples tie. A row that does not vary has correlation 0 with all others.
    The score is 0 where all distances are equal, as in one dimension, and where every class has one example.
    Neither a rotation, nor a shift, nor a scale matters. Raises ValueError for what `inputs` refuses.
    """
    data = sample(representation, labels, classes)
    reduced = principal_components(normalized(data.x, data.x)[0], COMPONENTS)
    deviations = reduced.std(axis=0)
    pairs = np.tril_indices(len(reduced), -1)
    distances = (1 - _correlations(reduced / np.where(deviations > 0, deviations, 1))[pairs]).round(12)
    differ = (data.y[:, None] != data.y)[pairs]
    if differ.all() or np.ptp(distances) == 0:
        return 0.0
    return float(spearmanr(distances, differ).statistic)


def _correlations(x: Doubles) -> Doubles:
    """Pearson's correlations of the rows of x [n, p]: [n, n], 0 for a row that does not vary."""
    rows = x - x.mean(axis=1, keepdims=True)
    lengths = np.sqrt((rows * rows).sum(axis=1, keepdims=True))
    varies = lengths > 1e-12 * np.abs(x).max()
    rows = np.where(varies, rows / np.where(varies, lengths, 1), 0)
    correlations: Doubles = rows @ rows.T
    return correlations
