"""Scores a network's own classification head by the negative conditional entropy of the labels given its predictions.

Paper: Tran, Nguyen and Hassner, "Transferability and Hardness of Supervised Classification Tasks", ICCV 2019, arXiv 1908.08142; with the
source class that the head predicts in place of a source label, as Nguyen et al., arXiv 2002.12462, compare it with LEEP.
"""

import numpy as np
from scipy.special import xlogy

from collector.procedures.linear import Floats, Labels
from collector.proxies.inputs import check_probabilities, renumbered


def score(labels: Labels, classes: int, source_probabilities: Floats) -> float:
    """Return -H(Y | Z) = sum over y, z of P(y, z) log P(y | z): natural logarithm, at most 0.

    labels y [n]: 0 to classes - 1; source_probabilities [n, z]: float32 or float64, of the source classes, rows sum to 1. z is the most
    probable source class, the lowest of several. It is 0 where each of them has examples of one class only, which examples of
    different source classes always do. Raises ValueError for what `inputs` refuses.
    """
    theta = check_probabilities(source_probabilities)
    y, counts = renumbered(labels, len(theta), classes)
    predicted, z = np.unique(theta.argmax(axis=1), return_inverse=True)
    joint = np.zeros((len(counts), len(predicted)))
    np.add.at(joint, (y, z), 1 / len(y))
    return float(xlogy(joint, joint / joint.sum(axis=0)).sum())
