"""How often a screen of few images keeps what a full one would pick: python -m bench.halving

For every proxy and dataset of haystack: all networks are scored on the first eighth of the training and validation images, and those that
`needle recommend --minutes` would keep on all. A cell is kept where the first of the full screen is among them. Cost: seconds of the
passes, as a share of those of the full screen. Out of the representations of the cache, which `needle collect --study haystack` leaves
there; a quarter of an hour of one core.
"""

from collections import defaultdict
from dataclasses import replace

import numpy as np

from bench.float16 import load_representation
from collector.execution.scoring import score
from collector.proxies.registry import PROXIES
from collector.studies import STUDIES
from needle.screening import PART, STEADY, kept
from warehouse import connect
from warehouse.studies import studies


def main() -> None:
    study = STUDIES["haystack"]
    train, validation = study.protocol.train_examples // PART, study.protocol.validation_examples // PART
    with connect(studies()["haystack"], question="score representation_cost") as con:
        full = defaultdict[tuple[str, str], dict[str, float]](dict)
        for proxy, model, dataset, value in con.execute("select proxy, model, dataset, score from score").fetchall():
            full[proxy, dataset][model] = value
        rows = con.execute("select model, dataset, seconds from representation_cost").fetchall()
        seconds = {(model, dataset): value for model, dataset, value in rows}
    found, cost = defaultdict[str, list[bool]](list), defaultdict[str, list[float]](list)
    for dataset in study.datasets:
        few = defaultdict[str, dict[str, float]](dict)
        for model in study.models:
            whole = load_representation(study, model, dataset)
            part = replace(
                whole, validation=whole.validation[:validation], validation_labels=whole.validation_labels[:validation]
            )
            for name, proxy in PROXIES.items():
                if not proxy.needs_head or whole.source_logits is not None:
                    few[name][model.model] = score(proxy, part, dataset.num_classes, np.arange(train))
        for name, scores in few.items():
            ranked = sorted(scores, key=lambda model: (-scores[model], model))
            first = min(scores, key=lambda model: (-full[name, dataset.dataset][model], model))
            on = ranked[: kept(len(ranked))]
            found[name].append(first in on)
            every, those = (sum(seconds[model, dataset.dataset] for model in models) for models in (ranked, on))
            cost[name].append(1 / PART + those / every)
    for title, names in (("steady", [name for name in found if name in STEADY]), ("all", list(found))):
        cells = [one for name in names for one in found[name]]
        print(
            f"{title}: kept in {np.mean(cells):.1%} of {len(cells)} cells, at {np.mean([cost[name] for name in names]):.2f} of the passes"
        )
    for name in sorted(found, key=lambda name: -sum(found[name])):
        print(f"{name:20} kept in {sum(found[name])} of {len(found[name])}, at {np.mean(cost[name]):.2f}")


if __name__ == "__main__":
    main()
