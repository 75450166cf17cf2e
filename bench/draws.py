"""How often another draw of the images changes what a proxy picks first: python -m bench.draws [DATASET ...]

Scores every proxy of haystack on draws of half of the 800 training images, without replacement, out of the representations of the cache
(`needle collect --study haystack` leaves them there), and compares each draw's first network with that of all images. Validation
images stay. Of the proxies that ask a head, among the networks that have one.
"""

import sys
from collections import defaultdict

import numpy as np

from bench.float16 import load_representation
from collector.execution.scoring import score
from collector.proxies.registry import PROXIES
from collector.studies import STUDIES
from warehouse import connect
from warehouse.studies import studies

DRAWS = 3


def main() -> None:
    study = STUDIES["haystack"]
    chosen = [one for one in study.datasets if not sys.argv[1:] or one.dataset in sys.argv[1:]]
    kept, lost = defaultdict[str, int](int), defaultdict[str, list[float]](list)
    with connect(studies()["haystack"], question="score accuracy") as con:
        for dataset in chosen:
            accuracy = dict(con.execute("select model, accuracy from accuracy where dataset = ?", [dataset.dataset]).fetchall())
            drawn: dict[str, list[dict[str, float]]] = defaultdict(lambda: [{} for _ in range(DRAWS)])
            for model in study.models:
                whole = load_representation(study, model, dataset)
                for draw in range(DRAWS):
                    rows = np.random.default_rng(draw).permutation(len(whole.train))[: len(whole.train) // 2]
                    for name, proxy in PROXIES.items():
                        if not proxy.needs_head or whole.source_logits is not None:
                            drawn[name][draw][model.model] = score(proxy, whole, dataset.num_classes, rows)
            for name, draws in drawn.items():
                query = "select model, score from score where proxy = $1 and dataset = $2"
                full = dict(con.execute(query, [name, dataset.dataset]).fetchall())
                first = min(draws[0], key=lambda model: (-full[model], model))
                for scores in draws:
                    pick = min(scores, key=lambda model: (-scores[model], model))
                    kept[name] += pick == first
                    lost[name].append(abs(accuracy[pick] - accuracy[first]))
    print(f"{len(chosen)} datasets, {len(study.models)} networks, {DRAWS} draws of half of the training images")
    for name in sorted(kept, key=lambda name: -kept[name]):
        print(
            f"{name:20} same first pick in {kept[name] / len(lost[name]):.0%}, accuracy of the pick changed by {np.mean(lost[name]):.3f}"
        )


if __name__ == "__main__":
    main()
