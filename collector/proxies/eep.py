"""Scores a network's own classification head by the expected empirical prediction: LEEP without its logarithm.

Paper: Nguyen et al., arXiv 2002.12462, equation 1, defines the predictor; Shao et al., arXiv 2207.03036, take its mean for LEEP in their
published code, because a single unlikely label does not outweigh the others in it.
"""

from collector.procedures.linear import Floats, Labels
from collector.proxies.inputs import check_probabilities, renumbered
from collector.proxies.leep import expected_prediction


def score(labels: Labels, classes: int, source_probabilities: Floats) -> float:
    """Return the mean of sum over z of P(y_i | z) theta(x_i)_z, the predicted probability of an example's own class: in (0, 1].

    Arguments and errors as those of leep. Where theta does not depend on the example, this is the sum of squares of the classes' shares.
    """
    theta = check_probabilities(source_probabilities)
    y, _ = renumbered(labels, len(theta), classes)
    return float(expected_prediction(theta, y).mean())
