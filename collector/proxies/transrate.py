"""Scores a representation by TransRate: its coding rate, minus that of its classes, an estimate of their mutual information.

Paper: Huang et al., "Frustratingly Easy Transferability Estimation", ICML 2022, arXiv 2106.09362, its listing.
"""

import numpy as np

from collector.procedures.linear import Floats, Labels
from collector.proxies.geometry import centred
from collector.proxies.inputs import Doubles, sample

DISTORTION = 1e-4  # the paper's


def score(representation: Floats, labels: Labels, classes: int) -> float:
    """Return R(Z) - mean over classes of R(Z_c), where R(Z) = log det(1 + Z' Z / (n eps)) / 2: natural logarithm.

    representation Z [n, d], centred: float32 or float64; labels [n]: 0 to classes - 1; eps: 0.0001; Z_c: the n_c rows of a class, also
    minus the mean of all. As in the paper's listing all classes weigh the same, those without examples nothing.
    The smaller Gram matrix has the same determinant. A rotation or a shift does not matter; a scale does, as in the paper.
    A constant representation has 0. Raises ValueError for what `inputs` refuses.
    """
    data = sample(representation, labels, classes)
    z = centred(data.x)
    by_class = [_coding_rate(z[data.y == index]) for index in range(len(data.counts))]
    return _coding_rate(z) - float(np.mean(by_class))


def _coding_rate(z: Doubles) -> float:
    n, d = z.shape
    gram = z @ z.T if n <= d else z.T @ z
    factor = np.linalg.cholesky(np.eye(len(gram)) + gram / (n * DISTORTION))
    return float(np.log(np.diag(factor)).sum())
