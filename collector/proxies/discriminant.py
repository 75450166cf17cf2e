"""Classifies by Gaussian classes that share one covariance: linear discriminant analysis, for SFDA and NCTI."""

import numpy as np
import scipy.linalg
from scipy.special import log_softmax

from collector.proxies.inputs import Doubles, Sample


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
    """Return the rows of x [n, d], centred, in the at most k - 1 directions that part the classes' means: [n, min(k - 1, d)].

    covariance as in log_posteriors. The directions are the generalised eigenvectors U of the covariance between classes, scaled to
    U' covariance U = 1: found by whitening with the Cholesky factor, after which they are singular vectors of the classes' means.
    """
    factor = np.linalg.cholesky(covariance)
    between = np.sqrt(sample.counts)[:, None] * sample.class_means(x)
    whitened = scipy.linalg.solve_triangular(factor, between.T, lower=True)
    left = np.linalg.svd(whitened, full_matrices=False)[0][:, : min(len(sample.counts) - 1, x.shape[1])]
    projected: Doubles = x @ scipy.linalg.solve_triangular(factor, left, lower=True, trans=1)
    return projected
