"""Scores a representation by how little its classes overlap as Gaussians: the Gaussian Bhattacharyya coefficient.

Paper: Pándy et al., "Transferability Estimation using Bhattacharyya Class Separability", CVPR 2022, arXiv 2111.12780 (spherical
covariances, 64 principal components).
"""

import numpy as np
from scipy.spatial.distance import pdist, squareform

from collector.procedures.linear import Floats, Labels
from collector.proxies.geometry import normalized, principal_components, within
from collector.proxies.inputs import sample

COMPONENTS = 64
NO_VARIANCE = 1e-12  # of the whole variance, 1: a class below it has equal examples


def score(representation: Floats, labels: Labels, classes: int) -> float:
    """Return minus the sum over ordered pairs of classes of exp(-D_B): -k (k - 1) to 0, where k classes have examples.

    representation [n, d]: float32 or float64; labels [n]: 0 to classes - 1. D_B = |m_i - m_j|^2 / (8 v) + p log(v / sqrt(v_i v_j)) / 2
    with v = (v_i + v_j) / 2, in the p principal components; v_i: a class's mean variance over them.
    A class whose examples are equal, as those of a class with one are, has the variance of all examples around their classes' means.
    Where no class has a variance, distinct means do not overlap. A constant representation has -k (k - 1).
    Neither a rotation, nor a shift, nor a scale matters. Raises ValueError for what `inputs` refuses.
    """
    data = sample(representation, labels, classes)
    x = principal_components(normalized(data.x, data.x)[0], COMPONENTS)
    components = x.shape[1]
    squares = (within(data, x) ** 2).sum(axis=1)
    variances = np.bincount(data.y, squares) / data.counts / components
    variances = np.where(variances > NO_VARIANCE, variances, max(squares.mean() / components, NO_VARIANCE))
    mean_variances = (variances[:, None] + variances) / 2
    distances = squareform(pdist(data.class_means(x), "sqeuclidean")) / (8 * mean_variances)
    distances += components / 2 * np.log(mean_variances / np.sqrt(variances[:, None] * variances))
    overlaps = np.exp(-distances)
    return -float(overlaps.sum() - np.trace(overlaps))
