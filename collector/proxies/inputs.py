"""Checks what proxies are given, and brings it into one form: float64, and only the classes that have examples."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from collector.procedures.linear import Floats, Labels, check_labels

Doubles = npt.NDArray[np.float64]
LARGEST = float(np.finfo(np.float32).max)  # its fourth power, which Ledoit-Wolf's estimate takes, is still finite in float64
SUM_TOLERANCE = 1e-3  # of a row of probabilities, which may have been stored as float16


@dataclass(frozen=True)
class Sample:
    """A checked representation x [n, d], and its labels y [n] renumbered 0 to k - 1 over the k classes that have examples.

    counts [k]: examples of each class, all at least 1. Neither the numbers of the classes nor those without examples matter.
    """

    x: Doubles
    y: npt.NDArray[np.intp]
    counts: npt.NDArray[np.intp]

    @property
    def one_hot(self) -> Doubles:
        """The labels as indicators, [n, k]."""
        return np.eye(len(self.counts))[self.y]

    def class_means(self, x: Doubles) -> Doubles:
        """Return the mean of each class's rows of x [n, m]: [k, m]."""
        means: Doubles = (self.one_hot.T @ x) / self.counts[:, None]
        return means


def sample(representation: Floats, labels: Labels, classes: int) -> Sample:
    """Check a representation [n, d] and labels [n] in 0 ... classes - 1. Raises ValueError as check_matrix and renumbered do."""
    x = check_matrix("representation", representation)
    y, counts = renumbered(labels, len(x), classes)
    return Sample(x, y, counts)


def check_matrix(name: str, x: Floats) -> Doubles:
    """Return x as float64.

    Raises ValueError unless it is [n, m] with n, m >= 1, float32 or float64, finite, and within float32's range.
    """
    if x.ndim != 2 or x.size == 0:
        raise ValueError(f"{name} has shape {x.shape}; it takes two dimensions, at least one of each")
    if x.dtype not in (np.float32, np.float64):
        raise ValueError(f"{name} is {x.dtype}; it takes float32 or float64")
    bad = np.flatnonzero(~(np.abs(x) <= LARGEST).all(axis=1))
    if len(bad):
        raise ValueError(
            f"{name} has values that are not finite, or beyond float32's range, in {len(bad)} of {len(x)} examples, "
            f"first in example {bad[0]}"
        )
    return x.astype(np.float64)


def renumbered(labels: Labels, examples: int, classes: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the labels [n] renumbered 0 to k - 1 over the k classes that have examples, and the number of examples of each [k].

    Raises ValueError unless there is one label per example in 0 ... classes - 1, and examples of at least two classes.
    """
    check_labels("labels", labels, examples, classes)
    present, y, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(present) < 2:
        raise ValueError(f"labels has only class {present[0]}; a proxy compares at least two classes")
    return y.astype(np.intp), counts


def check_probabilities(probabilities: Floats) -> Doubles:
    """Return source probabilities [n, z] as float64, with rows that sum to 1.

    Raises ValueError as check_matrix does, for values below 0, and for rows whose sum is not 1 within 0.001.
    """
    theta = check_matrix("source_probabilities", probabilities)
    sums = theta.sum(axis=1)
    bad = np.flatnonzero((theta < 0).any(axis=1) | (np.abs(sums - 1) > SUM_TOLERANCE))
    if len(bad):
        raise ValueError(
            f"source_probabilities has rows that are no distribution, {len(bad)} of {len(theta)}, first in example {bad[0]}, "
            f"whose sum is {sums[bad[0]]:.6g}: probabilities are 0 or more, and sum to 1"
        )
    normalized: Doubles = theta / sums[:, None]
    return normalized


def check_validation(
    x: Doubles, validation_representation: Floats, validation_labels: Labels, classes: int
) -> tuple[Doubles, Labels]:
    """Return a validation half as float64 [m, d] and its labels [m].

    Raises ValueError as check_matrix does, for another number of dimensions than x [n, d], and for labels outside the classes.
    """
    validation_x = check_matrix("validation_representation", validation_representation)
    if validation_x.shape[1] != x.shape[1]:
        raise ValueError(f"representation has {x.shape[1]} dimensions and validation_representation {validation_x.shape[1]}")
    check_labels("validation_labels", validation_labels, len(validation_x), classes)
    return validation_x, validation_labels
