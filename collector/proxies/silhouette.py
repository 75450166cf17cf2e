"""Scores a representation by the mean silhouette coefficient of its classes.

Paper: Rousseeuw, "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", 1987, section 2; Meiseles and
Rokach, "Source Model Selection for Deep Learning in the Time Series Domain", IEEE Access 2020, choose networks by it.
"""

from scipy.spatial.distance import pdist, squareform
from sklearn.metrics import silhouette_score

from collector.procedures.linear import Floats, Labels
from collector.proxies.inputs import sample


def score(representation: Floats, labels: Labels, classes: int) -> float:
    """Return the mean of (b - a) / max(a, b), Euclidean: in [-1, 1].

    representation [n, d]: float32 or float64; labels [n]: 0 to classes - 1. a: mean distance to the other examples of its class; b: the
    least mean distance to those of another class. An example that is alone in its class counts 0, and so does one with a = b = 0:
    a constant representation has 0. Neither a rotation, nor a shift, nor a scale matters.
    Raises ValueError for what `inputs` refuses.
    """
    data = sample(representation, labels, classes)
    if (data.counts == 1).all():
        return 0.0
    return float(silhouette_score(squareform(pdist(data.x)), data.y, metric="precomputed"))
