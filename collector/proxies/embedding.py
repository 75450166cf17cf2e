"""Describes a dataset by what a probe network sees in it, so that near datasets can be found (schema.sql, dataset_distance)."""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from collector.procedures.linear import Floats, Labels
from collector.proxies.geometry import normalized
from collector.proxies.inputs import Doubles, sample


@dataclass(frozen=True)
class Embedding:
    """Vectors [d] of one probe and dataset, where d is the length of the probe's representation.

    mean, variance: of the representation over the training examples. fisher: the diagonal Fisher information of a linear head's
    weights, averaged over its classes.
    """

    mean: Doubles
    variance: Doubles
    fisher: Doubles


def embedding(representation: Floats, labels: Labels, classes: int) -> Embedding:
    """Describe the training half of a dataset, given a probe's representation [n, d] of it and labels [n] in 0 ... classes - 1.

    fisher: after Task2Vec (Achille et al. 2019, arXiv 1902.03545, section 3.1), of a multinomial logistic regression, C = 1, in place of
    the probe's own filters: of the weight of feature j and class k it is the mean over examples of x_j^2 p_k (1 - p_k).
    Raises ValueError for what `inputs` refuses.
    """
    data = sample(representation, labels, classes)
    x, _ = normalized(data.x, data.x)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The number of unique classes")
        p = LogisticRegression(max_iter=10_000).fit(x, data.y).predict_proba(x)
    uncertainty = (p * (1 - p)).mean(axis=1)
    return Embedding(data.x.mean(axis=0), data.x.var(axis=0), uncertainty @ np.square(data.x) / len(x))
