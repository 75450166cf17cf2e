"""Scores a representation by how near it is to neural collapse: the three terms of NCTI.

Paper: Wang et al., "How Far Pre-trained Models Are from Neural Collapse on the Target Dataset Informs their Transferability",
ICCV 2023. NCTI itself is the sum of the three, each scaled to 0 ... 1 over the networks that are compared, which is a
question to a whole pool and no function of one representation.
All work, as the paper's code does, in 64 principal components, with discriminant analysis of the covariance
(1 - l) S_W + l tr(S_W) / p, where l = exp(-v), v the variance of the first 32 components; l is 10^-10 at least.
"""

import numpy as np

from collector.procedures.linear import Floats, Labels
from collector.proxies.discriminant import fisher_space, log_posteriors
from collector.proxies.geometry import principal_components, within
from collector.proxies.inputs import Doubles, Sample, sample

COMPONENTS, OF_VARIANCE = 64, 32
LEAST = 1e-10


def within_class_collapse(representation: Floats, labels: Labels, classes: int) -> float:
    """Return minus the sum over classes of the nuclear norm of its examples' posteriors [n_c, k]: at most 0.

    representation [n, d]: float32 or float64; labels [n]: 0 to classes - 1. The norm is least where a class's posteriors are alike.
    A rotation or a shift does not matter; a scale does, as in the paper. Raises ValueError for what `inputs` refuses.
    """
    data, x, covariance = _reduced(representation, labels, classes)
    posteriors = np.exp(log_posteriors(data, x, covariance))
    norms = [np.linalg.norm(posteriors[data.y == index], "nuc") for index in range(len(data.counts))]
    return -float(sum(norms))


def seli_geometry(representation: Floats, labels: Labels, classes: int) -> float:
    """Return the nuclear norm of the examples in the Fisher space [n, min(k - 1, p)]: 0 or more.

    Arguments, invariances and errors as those of within_class_collapse. The norm stands for the rank that the simplex of encoded
    labels has. A constant representation has 0.
    """
    return float(np.linalg.norm(fisher_space(*_reduced(representation, labels, classes)), "nuc"))


def nearest_centre(representation: Floats, labels: Labels, classes: int) -> float:
    """Return the mean posterior of an example's own class: in [0, 1].

    Arguments, invariances and errors as those of within_class_collapse. A constant representation has the sum of squares of the
    classes' shares.
    """
    data, x, covariance = _reduced(representation, labels, classes)
    return float(np.exp(log_posteriors(data, x, covariance)[np.arange(len(x)), data.y]).mean())


def _reduced(representation: Floats, labels: Labels, classes: int) -> tuple[Sample, Doubles, Doubles]:
    """The checked sample, its principal components [n, p] and the covariance [p, p]; the identity, scaled by l, where no class varies."""
    data = sample(representation, labels, classes)
    x = principal_components(data.x, COMPONENTS)
    strength = max(float(np.exp(-x[:, :OF_VARIANCE].var(axis=0, ddof=1).sum())), LEAST)
    residuals = within(data, x)
    scatter = residuals.T @ residuals / len(x)
    size = np.trace(scatter) / len(scatter) or 1.0
    return data, x, (1 - strength) * scatter + strength * size * np.eye(len(scatter))
