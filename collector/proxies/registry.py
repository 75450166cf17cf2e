"""The proxies by name: what a protocol may list, and what each has to be given. Imports none of them before it is asked for."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from typing import Any

from study_format.suggestions import nearest

TRAINING = ("representation", "labels", "classes")
BOTH_HALVES = (*TRAINING, "validation_representation", "validation_labels")
SOURCE = ("labels", "classes", "source_probabilities")
TRAINED = "linear"  # the proxy that is trained, by procedures.linear
LEARNED = ("learned_ridge", "learned_boosting")  # fitted to other datasets, by proxies.learned


class UnknownProxyError(ValueError):
    """A protocol lists a proxy that does not exist."""


@dataclass(frozen=True)
class Proxy:
    """A proxy: `score(**{name: inputs[name] for name in needs})` is a float, higher is better, without randomness.

    needs: names of arguments. representation [n, d] and labels [n] of the training half, classes of the dataset,
    validation_representation [m, d] and validation_labels [m], source_probabilities [n, z] and source_logits [n, z] of the network's own
    classification head on the training half. Arrays are float32 or float64, labels integers.
    module, function, options: where the function is, in this room, and its further arguments.
    """

    name: str
    module: str
    needs: tuple[str, ...]
    function: str = "score"
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def score(self) -> Callable[..., float]:
        return partial(getattr(import_module(f"collector.proxies.{self.module}"), self.function), **self.options)

    @property
    def needs_head(self) -> bool:
        """Whether only networks with their own classification head have this proxy."""
        return not {"source_probabilities", "source_logits"}.isdisjoint(self.needs)


PROXIES = {
    proxy.name: proxy
    for proxy in (
        Proxy("knn", "knn", BOTH_HALVES, options={"k": 1, "metric": "euclidean"}),
        Proxy("knn_3", "knn", BOTH_HALVES, options={"k": 3, "metric": "euclidean"}),
        Proxy("knn_5", "knn", BOTH_HALVES, options={"k": 5, "metric": "euclidean"}),
        Proxy("knn_cosine", "knn", BOTH_HALVES, options={"k": 1, "metric": "cosine"}),
        Proxy("knn_cosine_3", "knn", BOTH_HALVES, options={"k": 3, "metric": "cosine"}),
        Proxy("knn_cosine_5", "knn", BOTH_HALVES, options={"k": 5, "metric": "cosine"}),
        Proxy("logistic", "logistic", BOTH_HALVES),
        Proxy("ridge", "ridge", BOTH_HALVES),
        Proxy("logme", "logme", TRAINING),
        Proxy("h_score", "h_score", TRAINING),
        Proxy("h_score_shrinkage", "h_score_shrinkage", TRAINING),
        Proxy("nleep", "nleep", TRAINING),
        Proxy("silhouette", "silhouette", TRAINING),
        Proxy("transrate", "transrate", TRAINING),
        Proxy("gbc", "gbc", TRAINING),
        Proxy("parc", "parc", TRAINING),
        Proxy("sfda", "sfda", TRAINING),
        Proxy("ncti_collapse", "ncti", TRAINING, "within_class_collapse"),
        Proxy("ncti_seli", "ncti", TRAINING, "seli_geometry"),
        Proxy("ncti_centre", "ncti", TRAINING, "nearest_centre"),
        Proxy("leep", "leep", SOURCE),
        Proxy("eep", "eep", SOURCE),
        Proxy("nce", "nce", SOURCE),
        Proxy("energy", "energy", ("source_logits",)),
    )
}


def head_proxies(proxies: Iterable[str]) -> tuple[str, ...]:
    """Return those of a protocol's proxies that only networks with a head have. Raises UnknownProxyError for a name that is none."""
    known = (TRAINED, *PROXIES)
    for name in proxies:
        if name not in known:
            raise UnknownProxyError(f"Unknown proxy {name!r}.{nearest(name, known)} There are {', '.join(known)}.")
    return tuple(name for name in proxies if name in PROXIES and PROXIES[name].needs_head)
