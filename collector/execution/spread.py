"""Says how far a proxy's score depends on which of the images it saw."""

import numpy as np
from scipy.special import softmax
from threadpoolctl import threadpool_limits

from collector.artifacts import representations
from collector.artifacts.representations import Origin
from collector.networks.zoo import saved_model
from collector.networks.zoo.registry import PREFIX
from collector.proxies.registry import PROXIES
from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.study import Study
from collector.storage.part import digest
from collector.storage.tables import protocol_table

DRAWS = 5


def spread(study: Study, model: Model, dataset: Dataset, proxy: str) -> tuple[float, float] | None:
    """Return the lowest and the highest score of DRAWS random halves of the training images, from the kept representation.

    None for the proxy that is trained, a network that is not of the zoo, and where no representation is kept.
    """
    if proxy not in PROXIES or not model.handle.startswith(PREFIX):
        return None
    origin = Origin(digest(protocol_table(study.protocol)), saved_model(model).name, dataset.version)
    kept = representations.load(model.model, dataset.dataset, origin)
    if kept is None or (PROXIES[proxy].needs_head and kept.source_logits is None):
        return None
    scores = []
    for draw in range(DRAWS):
        rows = np.random.default_rng(draw).permutation(len(kept.train))[: max(len(kept.train) // 2, 2)]
        logits = None if kept.source_logits is None else kept.source_logits[rows]
        given = {
            "representation": kept.train[rows],
            "labels": kept.train_labels[rows],
            "classes": dataset.num_classes,
            "validation_representation": kept.validation,
            "validation_labels": kept.validation_labels,
            "source_logits": logits,
            "source_probabilities": None if logits is None else softmax(logits, axis=1),
        }
        with threadpool_limits(1, user_api="blas"):
            scores.append(PROXIES[proxy].score(**{name: given[name] for name in PROXIES[proxy].needs}))
    return min(scores), max(scores)
