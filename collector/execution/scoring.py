"""Scores kept representations by proxies, on all training examples or on some. Loads no TensorFlow once networks are converted."""

from types import EllipsisType

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from collector.artifacts import representations
from collector.artifacts.representations import Origin, Representation
from collector.networks.zoo import saved_model
from collector.proxies.registry import Proxy
from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.study import Study
from collector.storage.part import digest
from collector.storage.tables import protocol_table


def kept_representation(study: Study, model: Model, dataset: Dataset) -> Representation | None:
    """Return what the cache keeps of a network of the zoo and a dataset under a study's protocol; None where it keeps nothing."""
    origin = Origin(digest(protocol_table(study.protocol)), saved_model(model).name, dataset.version)
    return representations.load(model.model, dataset.dataset, origin)


def score(proxy: Proxy, kept: Representation, classes: int, rows: NDArray[np.intp] | EllipsisType = ...) -> float:
    """Return the score of a representation of a dataset with so many classes, by one thread. Raises ValueError as the proxy does.

    rows: numbers of the training examples to look at. A proxy that needs a head takes kept.source_logits, which must be there.
    """
    logits = None if kept.source_logits is None else kept.source_logits[rows]
    given = {
        "representation": kept.train[rows],
        "labels": kept.train_labels[rows],
        "classes": classes,
        "validation_representation": kept.validation,
        "validation_labels": kept.validation_labels,
        "source_logits": logits,
    }
    if "source_probabilities" in proxy.needs:
        given["source_probabilities"] = softmax(logits, axis=1)
    with threadpool_limits(1, user_api="blas"):
        return proxy.score(**{name: given[name] for name in proxy.needs})
