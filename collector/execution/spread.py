"""Says how far a proxy's score depends on which of the images it saw."""

import numpy as np

from collector.execution.scoring import kept_representation, score
from collector.networks.zoo.registry import PREFIX
from collector.proxies.registry import PROXIES
from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.study import Study

DRAWS = 5


def spread(study: Study, model: Model, dataset: Dataset, proxy: str) -> tuple[float, float] | None:
    """Return the lowest and the highest score of DRAWS random halves of the training images, from the kept representation.

    None for the proxy that is trained, a network that is not of the zoo, where no representation is kept, and where a half cannot be
    scored, as one whose images are all of one class.
    """
    if proxy not in PROXIES or not model.handle.startswith(PREFIX):
        return None
    kept = kept_representation(study, model, dataset)
    if kept is None or (PROXIES[proxy].needs_head and kept.source_logits is None):
        return None
    scores = []
    for draw in range(DRAWS):
        rows = np.random.default_rng(draw).permutation(len(kept.train))[: max(len(kept.train) // 2, 2)]
        try:
            scores.append(score(PROXIES[proxy], kept, dataset.num_classes, rows))
        except ValueError:
            return None
    return min(scores), max(scores)
