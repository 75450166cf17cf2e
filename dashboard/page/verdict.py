"""Says in words what may be concluded from a comparison of two strategies, and never more."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.format import LEVEL, count, percent
from warehouse.connection import BUDGETS


@dataclass(frozen=True)
class Verdict:
    """A headline, and a sentence with the numbers behind it."""

    headline: str
    reason: str


@dataclass(frozen=True)
class Comparison:
    """What is compared: two strategies, their mean delta, over how many datasets of how many sources.

    needed: so many sources a ranking needs, as an audit says.
    """

    strategy: str
    baseline: str
    budget: int
    delta: float
    datasets: int
    sources: int
    needed: int


def impossible(compared: Comparison) -> Verdict | None:
    """Return why nothing can be concluded, whatever the resamples say; None where something may be."""
    if compared.datasets == 1:
        return Verdict("No ranking possible: one dataset.", "Another dataset may say the opposite.")
    if compared.sources == 1:
        return Verdict(
            f"No ranking possible: all {compared.datasets} datasets are of one source.",
            "They share their pictures, so they say it once, and another source may say the opposite.",
        )
    if compared.budget > BUDGETS:
        return Verdict("No ranking: there is no interval.", f"Intervals go up to B = {BUDGETS}.")
    return None


def judged(compared: Comparison, interval: Mapping[str, Any] | None) -> Verdict:
    """Return the verdict. interval: a row of mean_delta_dataset_interval, None where there is none."""
    if found := impossible(compared):
        return found
    if interval is None:
        return Verdict("No ranking: there is no interval.", "Some of the datasets or repeats cannot be drawn again.")
    across = f"{count(compared.datasets, 'dataset')} of {count(compared.sources, 'source')}"
    return Verdict(_headline(compared, interval["low"], interval["high"], across), _numbers(compared, interval))


def _headline(compared: Comparison, low: float, high: float, across: str) -> str:
    ahead = compared.strategy if compared.delta > 0 else compared.baseline
    if compared.delta == 0:
        return f"The two tie on average across {across}."
    if low <= 0 <= high:
        return f"`{ahead}` is ahead on average, not separable across {across}."
    if compared.sources < compared.needed:
        few = f"{count(compared.sources, 'source')} of datasets are too few to rank by"
        return f"`{ahead}` is ahead here, but {few}, which takes {compared.needed}."
    return f"`{ahead}` is ahead, whichever datasets are drawn."


def _numbers(compared: Comparison, interval: Mapping[str, Any]) -> str:
    drawn = f"{count(compared.datasets, 'dataset')}, by their {count(compared.sources, 'source')}"
    low, high = percent(interval["low"], signed=True), percent(interval["high"], signed=True)
    over = f"datasets and repeats ({drawn})" if interval["with_repeats"] else f"datasets ({drawn})"
    noise = "" if interval["with_repeats"] else (
        " The noise of fine-tuning is not in it: there is one repeat, or a strategy that cannot be run on other repeats."
    )  # fmt: skip
    return f"Mean delta **{percent(compared.delta, signed=True)}**, {LEVEL} interval over {over}: **{low} … {high}**.{noise}"
