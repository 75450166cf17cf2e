"""Classifies by Gaussian classes that share one covariance: linear discriminant analysis, for SFDA and NCTI."""

import numpy as np
import scipy.linalg
from scipy.special import log_softmax

from collector.proxies.inputs import Doubles, Sample

PARTING_TOLERANCE = 1e-6  # of the longest: a direction in which means part by less is rounding


def log_posteriors(sample: Sample, x: Doubles, covariance: Doubles) -> Doubles:
    """Return log p(class | example) of every row of x [n, d]: [n, k].

    covariance [d, d]: positive definite, of every class around its mean; the prior of a class is its share of the examples.
    These are also the posteriors in the Fisher space of that covariance, x U with U' covariance U = 1: the classes' means differ in
    no direction outside it.
    """
    means = sample.class_means(x)
    weights = scipy.linalg.cho_solve(scipy.linalg.cho_factor(covariance, lower=True), means.T)
    scores = x @ weights - (means.T * weights).sum(axis=0) / 2 + np.log(sample.counts / len(x))
    posteriors: Doubles = log_softmax(scores, axis=1)
    return posteriors


def fisher_space(sample: Sample, x: Doubles, covariance: Doubles) -> Doubles:
    """Return the rows of x [n, d], centred, in the directions that part the classes' means: [n, r], r at most k - 1 and d.

    covariance as in log_posteriors. Up to a rotation, which no norm sees, the directions are the generalised eigenvectors U of the
    covariance between classes, scaled to U' covariance U = 1: whitened by the Cholesky factor they span the classes' means. Where those
    lie on a line, there is one; other eigenvectors, of eigenvalue 0, would be any.
    """
    factor = np.linalg.cholesky(covariance)
    whitened = scipy.linalg.solve_triangular(factor, sample.class_means(x).T, lower=True)
    left, sizes, _ = np.linalg.svd(whitened, full_matrices=False)
    left = left[:, (sizes > 0) & (sizes > PARTING_TOLERANCE * sizes[0])]
    projected: Doubles = x @ scipy.linalg.solve_triangular(factor, left, lower=True, trans=1)
    return projected
