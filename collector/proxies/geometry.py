"""Centres representations and takes their principal components: the linear algebra that several proxies share."""

import numpy as np
import scipy.linalg

from collector.proxies.inputs import Doubles, Sample

# Of the largest eigenvalue: singular values under a millionth of the largest are taken for the rounding of float32.
RANK_TOLERANCE = 1e-12


def centred(x: Doubles) -> Doubles:
    """Return x [n, d] minus its mean: exactly zero where a column is constant."""
    shifted = x - x[0]  # so that a constant has no rounding error of a mean
    difference: Doubles = shifted - shifted.mean(axis=0)
    return difference


def normalized(x: Doubles, validation: Doubles) -> tuple[Doubles, Doubles]:
    """Return x [n, d] minus its mean and divided by its root mean square length, and validation [m, d] with the same two."""
    shifted = x - x[0]
    mean = shifted.mean(axis=0)
    length = np.sqrt(((shifted - mean) ** 2).sum(axis=1).mean()) or 1.0
    return (shifted - mean) / length, (validation - x[0] - mean) / length


def within(sample: Sample, x: Doubles) -> Doubles:
    """Return x [n, d] minus the mean of each row's class: exactly zero where all rows of a class are equal."""
    _, first = np.unique(sample.y, return_index=True)
    shifted = x - x[first[sample.y]]
    difference: Doubles = shifted - sample.class_means(shifted)[sample.y]
    return difference


def spectrum(x: Doubles, most: int | None = None) -> tuple[Doubles, Doubles]:
    """Return the r eigenvalues of x x' above rounding, descending [r], and their orthonormal eigenvectors [n, r]; r may be 0.

    most: only the largest, which takes two thirds of the time.

    They are the squares of x's singular values, and its left singular vectors, by the smaller of the two Gram matrices, which takes
    a quarter of the time of a singular value decomposition.
    """
    wide = x.shape[0] <= x.shape[1]
    gram = x @ x.T if wide else x.T @ x
    wanted = None if most is None else [max(len(gram) - most, 0), len(gram) - 1]
    values, vectors = scipy.linalg.eigh(gram, subset_by_index=wanted)
    kept = np.flatnonzero((values > 0) & (values > RANK_TOLERANCE * values[-1]))[::-1]
    values, vectors = values[kept], vectors[:, kept]
    return values, vectors if wide else x @ vectors / np.sqrt(values)


def principal_components(x: Doubles, most: int | None = None, share: float = 1.0) -> Doubles:
    """Return the scores of x [n, d] on its first principal components: [n, p], centred, orthogonal, by descending variance.

    most: of components. share: of their variance, with as few components as hold it. A constant x has one component, of zeros.
    The sign of a component makes its largest score positive, so that a rotation of x changes nothing.
    """
    values, vectors = spectrum(centred(x), most)
    if not len(values):
        return np.zeros((len(x), 1))
    count = int(np.searchsorted(np.cumsum(values) / values.sum(), share * (1 - 1e-12))) + 1
    vectors = vectors[:, :count]
    sizes = np.abs(vectors)
    largest = (sizes >= sizes.max(axis=0) * (1 - 1e-9)).argmax(axis=0)  # the first of those that tie but for rounding
    signs = np.sign(vectors[largest, np.arange(count)])
    scores: Doubles = vectors * signs * np.sqrt(values[:count])
    return scores
