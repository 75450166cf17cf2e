"""Scores a network's own classification head by LEEP: how well its source classes, used as a code, predict the labels.

Paper: Nguyen et al., "LEEP: A New Measure to Evaluate Transferability of Learned Representations", ICML 2020, arXiv 2002.12462,
equations 1 and 2.
"""

import numpy as np
import numpy.typing as npt

from collector.procedures.linear import Floats, Labels
from collector.proxies.inputs import Doubles, check_probabilities, renumbered


def score(labels: Labels, classes: int, source_probabilities: Floats) -> float:
    """Return the mean of log sum over z of P(y_i | z) theta(x_i)_z: natural logarithm, at most 0.

    labels y [n]: 0 to classes - 1; source_probabilities theta [n, z]: float32 or float64, of the source classes, rows sum to 1.
    P(y | z) is the empirical one, with every example counted into z by theta. Source classes without any probability do not matter.
    Where theta does not depend on the example, this is minus the entropy of the labels.
    Raises ValueError for what `inputs` refuses.
    """
    theta = check_probabilities(source_probabilities)
    y, _ = renumbered(labels, len(theta), classes)
    return float(np.log(expected_prediction(theta, y)).mean())


def expected_prediction(theta: Doubles, y: npt.NDArray[np.intp]) -> Doubles:
    """Return the expected empirical prediction of each example's own class, sum over z of P(y_i | z) theta(x_i)_z: above 0, [n].

    theta [n, z]: rows sum to 1; y [n].
    """
    joint = np.eye(y.max() + 1)[y].T @ theta
    marginal = joint.sum(axis=0)
    conditional = joint / np.where(marginal > 0, marginal, 1)
    prediction: Doubles = (conditional[y] * theta).sum(axis=1)
    return prediction
