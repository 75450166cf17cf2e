"""Fits `needle recommend --minutes` into its time: which models look at all images, and how many fine-tunes there is time for."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from needle.common import Failed, translate_warehouse_errors

if TYPE_CHECKING:
    from collector.spec.study import Study
    from warehouse.recommend import Pick

LOOKING = 0.25  # of the time, for all models to look at all images; where that takes longer, most of them look at few
# An eighth of the images; then a sixth of the models, but at least four. `python -m bench.halving` says how often the first pick is kept.
PART, KEPT, LEAST = 8, 6, 4
# Proxies whose first pick of all images is among those kept, in 96 % of haystack's cells, at a third of the passes; others need more.
STEADY = ("h_score_shrinkage", "logme", "ncti_seli", "silhouette", "transrate")


@dataclass(frozen=True)
class Time:
    """How long it may take. began: of the monotonic clock."""

    minutes: int
    workers: int
    began: float

    @property
    def left(self) -> float:
        """Seconds that are left."""
        return self.minutes * 60 - (time.monotonic() - self.began)


@dataclass(frozen=True)
class Screened:
    """The models that look at all images, and their pool. seconds: of one core, that looking at few took; None unknown."""

    models: Sequence[str]
    pool: str
    seconds: float | None = 0.0


def kept(models: int) -> int:
    """Return how many of so many models look at all images, where not all of them do."""
    return min(models, max(ceil(models / KEPT), LEAST))


def narrow(
    base: Path,
    pool: str,
    members: Sequence[str],
    strategy: str,
    own: "Study",
    out: Path,
    passed: int,
    available: Time,
    look: "Callable[[Study, Path, Sequence[str]], None]",
) -> Screened:
    """Return which models look at all images: all where there is time for it, otherwise the first on few images.

    own: the study of all images. out: its folder, in which that of few images gets its own. passed: images of one of the base study's
    passes. look: measures what some models see of one of the two, in a folder.
    """
    from collector.studies.own import first_images
    from warehouse.combine import connect_both
    from warehouse.pace import PACE, paces
    from warehouse.pool import pool_of
    from warehouse.recommend import PICKS, looked, picks

    few = first_images(own, PART)
    keep = kept(len(members))
    if keep == len(members) or few.protocol.train_examples < 2:
        return Screened(members, pool)
    folder = out / f"first-{few.protocol.train_examples}"
    look(few, folder, members)
    (dataset,) = (one.dataset for one in few.datasets)
    with translate_warehouse_errors(), connect_both(base, folder, pool, strategy, f"{PICKS} {PACE}") as con:
        pace = paces(con, pool, dataset, images_of(few), passed)
        ranked = picks(con, strategy, pool, dataset, len(members))
        spent = looked(con, dataset)
    seconds = sum(one.look or 0.0 for one in pace.values()) * images_of(own) / available.workers
    if seconds <= LOOKING * available.minutes * 60 or len(ranked) <= keep:
        return Screened(members, pool, spent)
    print(
        f"For all {len(members)} models to look at all images would take {seconds / 60:.1f} of the {available.minutes} minutes. On "
        f"{few.protocol.train_examples} of {own.protocol.train_examples} images these lead, and look at all: {_named(ranked[:keep])}. "
        f"Out: {_named(ranked[keep:])}.",
        file=sys.stderr,
    )
    models = [pick.model for pick in ranked[:keep]]
    return Screened(models, pool_of(models), spent)


def images_of(study: "Study") -> int:
    """Return the images of one pass of a network over a study's dataset."""
    return study.protocol.train_examples + study.protocol.validation_examples


def fine_tunes(seconds: Sequence[float | None], available: Time) -> int:
    """Return how many fine-tunes, in their order, end in the time that is left. Raises Failed where the first does not.

    seconds: of one core, for each; None unknown: such a one, and what comes after it, does not fit. Each is run by the worker that is free
    first.
    """
    busy = [0.0] * available.workers
    left = available.left
    for number, each in enumerate(seconds):
        busy[busy.index(min(busy))] += float("inf") if each is None else each
        if max(busy) <= left:
            continue
        if number:
            return number
        needed = "an unknown time" if each is None else f"about {ceil(each / 60)}"
        raise Failed(
            f"No fine-tune fits: of {available.minutes} minutes {max(left, 0) / 60:.1f} are left, and the first takes {needed}. What was "
            "looked at is kept: ask again with more --minutes."
        )
    return len(seconds)


def _named(scored: "Sequence[Pick]") -> str:
    """Name models with their scores, such as "gear (logme 0.512)"; without scores, as of a fixed order, their names alone."""

    def one(pick: "Pick") -> str:
        scores = ", ".join(f"{proxy} {score:.3f}" for proxy, score in pick.scores.items())
        return f"{pick.model} ({scores})" if scores else pick.model

    return ", ".join(map(one, scored))
