"""Scores a representation by N-LEEP: LEEP with the components of a Gaussian mixture in place of source classes.

Paper: Li et al., "Ranking Neural Checkpoints", CVPR 2021, arXiv 2011.11200 (principal components with 80 % of the variance,
five components of the mixture for each class).
"""

import numpy as np
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from collector.procedures.linear import Floats, Labels
from collector.proxies.geometry import normalized, principal_components
from collector.proxies.inputs import sample
from collector.proxies.leep import expected_prediction

VARIANCE = 0.8
COMPONENTS_PER_CLASS = 5


def score(representation: Floats, labels: Labels, classes: int) -> float:
    """Return LEEP of the mixture's posteriors: natural logarithm, at most 0.

    representation [n, d]: float32 or float64; labels [n]: 0 to classes - 1. Covariances are diagonal, in the basis of principal
    components: of a few examples a component, full ones would be singular. The mixture has at most n / 2 components, without which
    many classes would give each example its own and every network the same score, and no more than there are distinct examples.
    It starts from k-means with a fixed seed. Neither a shift nor a scale of the representation matters.
    A constant representation has one component, and minus the entropy of the labels. Raises ValueError for what `inputs` refuses.
    """
    data = sample(representation, labels, classes)
    x, _ = normalized(data.x, data.x)
    reduced = principal_components(x, share=VARIANCE).round(9)  # equal rows are equal, and one thread gives what two give
    distinct = len(np.unique(reduced, axis=0))
    components = min(COMPONENTS_PER_CLASS * len(data.counts), max(len(x) // 2, 1), distinct)
    mixture = GaussianMixture(components, covariance_type="diag", max_iter=1000, random_state=0)
    with threadpool_limits(1):  # the steps of k-means and of the mixture depend on the last bit
        posteriors = mixture.fit(reduced).predict_proba(reduced)
    return float(np.log(expected_prediction(posteriors, data.y)).mean())
