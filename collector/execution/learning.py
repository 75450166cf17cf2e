"""Fits learned proxies to the results of a study, fold by fold, and stores their scores with the digest of what they were fitted on."""

import time
from collections.abc import Callable, Mapping

import pyarrow as pa
from threadpoolctl import threadpool_limits

from collector.execution.worker import without_stderr
from collector.proxies.learned import LEARNERS, Fold, fold, scores
from collector.storage.folder import Folder
from collector.storage.lock import shared_lock
from collector.storage.part import part_name
from collector.storage.store import Store, StoreError, move_replaced, open_store, read_facts, read_metadata, write_metadata
from collector.storage.tables import grown
from study_format.layout import METADATA


def name_learned_proxies(folder: Folder) -> None:
    """Add the learned proxies to the protocol of a study. Raises StoreError where it is damaged, FolderError."""
    models, datasets, protocol = (read_metadata(folder, name) for name in METADATA)
    write_metadata(folder, models, datasets, grown(protocol, pa.table({"learned": [list(LEARNERS)]})))


def learn(folder: Folder, digests: Mapping[str, str], examples: Callable[[str], pa.Table]) -> int:
    """Fit every learned proxy for every dataset whose scores are missing or were fitted on something else; returns how many fits.

    digests: of `fold_digest`, by dataset. examples: the rows of `learning_example` of one. Scores that are replaced are moved aside.
    Raises StoreError where they are in packed files, or a collector packs the study; FolderError.
    """
    with shared_lock(folder):
        store = open_store(folder, read_metadata(folder, "protocol"))
        fitted: dict[tuple[str, str], dict[str, str | None]] = {}
        for row in read_facts(folder, "proxy").to_pylist():
            if row["proxy"] in LEARNERS:
                fitted.setdefault((row["proxy"], row["dataset"]), {})[row["model"]] = row["fold"]
        wrong = {
            (learner, dataset): fitted.get((learner, dataset), {})
            for dataset, digest in digests.items()
            for learner in LEARNERS
            if set(fitted.get((learner, dataset), {"": None}).values()) != {digest}
        }
        replaced = [part_name((learner, model, dataset)) for (learner, dataset), models in wrong.items() for model in models]
        if not all(store.has("proxy", name) for name in replaced):
            raise StoreError(f"Scores of {folder} that have to be fitted again are in packed files: needle unpack it first.")
        move_replaced(folder, "proxy", replaced)
        for dataset in dict.fromkeys(dataset for _, dataset in wrong):
            found = fold(examples(dataset))
            for learner in (learner for learner in LEARNERS if (learner, dataset) in wrong):
                _fit(store, learner, dataset, digests[dataset], found)
    return len(wrong)


def _fit(store: Store, learner: str, dataset: str, digest: str, examples: Fold) -> None:
    with without_stderr():
        from collector.execution.provenance import finished  # loads TensorFlow, only where there is something to fit

        provenance = finished()
    start = time.process_time()
    with threadpool_limits(1):
        found = scores(learner, examples)
    seconds = (time.process_time() - start) / len(found)
    for model, score in found.items():
        row = {
            "proxy": learner,
            "model": model,
            "dataset": dataset,
            "repeat": 0,
            "score": score,
            "seconds": seconds,
            "fold": digest,
        }
        store.add("proxy", part_name((learner, model, dataset)), [row | provenance])
