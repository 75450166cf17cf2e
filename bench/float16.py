"""Whether representations could be kept as float16: python -m bench.float16 [DATASET ...]

Scores every proxy of haystack on the representations of the cache, rounded to float16 and back, and compares with the scores of the study:
on how many datasets another network comes first, and how many networks change their place. Needs what `needle collect --study haystack`
leaves in the cache.
"""

import sys
from collections import defaultdict
from dataclasses import replace

import numpy as np

from collector.artifacts.representations import Representation
from collector.execution.scoring import kept_representation, score
from collector.proxies.registry import PROXIES
from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.study import Study
from collector.studies import STUDIES
from warehouse import connect
from warehouse.studies import studies


def main() -> None:
    study = STUDIES["haystack"]
    chosen = [one for one in study.datasets if not sys.argv[1:] or one.dataset in sys.argv[1:]]
    first, moved, infinite = defaultdict[str, int](int), defaultdict[str, int](int), 0
    with connect(studies()["haystack"], question="score") as con:
        for dataset in chosen:
            rounded: dict[str, dict[str, float]] = defaultdict(dict)
            for model in study.models:
                kept = load_representation(study, model, dataset)
                if not np.isfinite(as_float16(kept.train)).all():
                    infinite += 1
                    continue
                half = rounded_representation(kept)
                for name, proxy in PROXIES.items():
                    if not proxy.needs_head or kept.source_logits is not None:
                        rounded[name][model.model] = score(proxy, half, dataset.num_classes)
            for name, scores in rounded.items():
                query = "select model, score from score where proxy = $1 and dataset = $2"
                exact = {
                    model: value for model, value in con.execute(query, [name, dataset.dataset]).fetchall() if model in scores
                }
                places = [sorted(found, key=lambda model: (-found[model], model)) for found in (exact, scores)]
                first[name] += places[0][0] != places[1][0]
                moved[name] += sum(one != other for one, other in zip(*places, strict=True))
    print(f"{len(chosen)} datasets, {len(study.models)} networks; {infinite} representations exceed float16's range")
    for name in PROXIES:
        print(f"{name:20} another first network on {first[name]} datasets, {moved[name]} places changed")


def as_float16(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return x.astype(np.float16).astype(np.float32)


def load_representation(study: Study, model: Model, dataset: Dataset) -> Representation:
    kept = kept_representation(study, model, dataset)
    if kept is None:
        raise SystemExit(f"There is no representation of {model.model} on {dataset.dataset} in the cache.")
    return kept


def rounded_representation(kept: Representation) -> Representation:
    logits = None if kept.source_logits is None else as_float16(kept.source_logits)
    return replace(kept, train=as_float16(kept.train), validation=as_float16(kept.validation), source_logits=logits)


if __name__ == "__main__":
    main()
