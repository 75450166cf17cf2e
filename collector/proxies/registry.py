"""The proxies by name: what a protocol may list, and what each has to be given."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from collector.proxies import (
    eep,
    energy,
    gbc,
    h_score,
    h_score_shrinkage,
    knn,
    leep,
    logistic,
    logme,
    nce,
    ncti,
    nleep,
    parc,
    ridge,
    sfda,
    silhouette,
    transrate,
)

TRAINING = ("representation", "labels", "classes")
BOTH_HALVES = (*TRAINING, "validation_representation", "validation_labels")
SOURCE = ("labels", "classes", "source_probabilities")


@dataclass(frozen=True)
class Proxy:
    """A proxy: `score(**{name: inputs[name] for name in needs})` is a float, higher is better, without randomness.

    needs: names of arguments. representation [n, d] and labels [n] of the training half, classes of the dataset,
    validation_representation [m, d] and validation_labels [m], source_probabilities [n, z] and source_logits [n, z] of the network's own
    classification head on the training half. Arrays are float32 or float64, labels integers.
    """

    name: str
    score: Callable[..., float]
    needs: tuple[str, ...]

    @property
    def needs_head(self) -> bool:
        """Whether only networks with their own classification head have this proxy."""
        return not {"source_probabilities", "source_logits"}.isdisjoint(self.needs)


PROXIES = {
    proxy.name: proxy
    for proxy in (
        Proxy("knn", partial(knn.score, k=1, metric="euclidean"), BOTH_HALVES),
        Proxy("knn_3", partial(knn.score, k=3, metric="euclidean"), BOTH_HALVES),
        Proxy("knn_5", partial(knn.score, k=5, metric="euclidean"), BOTH_HALVES),
        Proxy("knn_cosine", partial(knn.score, k=1, metric="cosine"), BOTH_HALVES),
        Proxy("knn_cosine_3", partial(knn.score, k=3, metric="cosine"), BOTH_HALVES),
        Proxy("knn_cosine_5", partial(knn.score, k=5, metric="cosine"), BOTH_HALVES),
        Proxy("logistic", logistic.score, BOTH_HALVES),
        Proxy("ridge", ridge.score, BOTH_HALVES),
        Proxy("logme", logme.score, TRAINING),
        Proxy("h_score", h_score.score, TRAINING),
        Proxy("h_score_shrinkage", h_score_shrinkage.score, TRAINING),
        Proxy("nleep", nleep.score, TRAINING),
        Proxy("silhouette", silhouette.score, TRAINING),
        Proxy("transrate", transrate.score, TRAINING),
        Proxy("gbc", gbc.score, TRAINING),
        Proxy("parc", parc.score, TRAINING),
        Proxy("sfda", sfda.score, TRAINING),
        Proxy("ncti_collapse", ncti.within_class_collapse, TRAINING),
        Proxy("ncti_seli", ncti.seli_geometry, TRAINING),
        Proxy("ncti_centre", ncti.nearest_centre, TRAINING),
        Proxy("leep", leep.score, SOURCE),
        Proxy("eep", eep.score, SOURCE),
        Proxy("nce", nce.score, SOURCE),
        Proxy("energy", energy.score, ("source_logits",)),
    )
}
