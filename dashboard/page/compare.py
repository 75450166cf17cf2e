"""Page Compare: one strategy against another, by dataset (figures 5, 6)."""

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.chart import compare as chart
from dashboard.format import LEVEL, count, percent
from dashboard.page import figure, start
from dashboard.page.empty import explain_absence
from dashboard.page.interval import computed
from dashboard.page.verdict import Comparison, Verdict, impossible, judged
from dashboard.session import state
from dashboard.session.query import Row
from dashboard.session.view import View, rows
from warehouse.connection import BUDGETS

# Queried for all pools and small budgets at once, which takes no longer than one; another choice then needs no query.
DELTAS = """
    select pool, budget, dataset, vtab_group, if(delta.delta >= 0, strategy, baseline) as winner, delta.delta, printed.delta as paper
    from delta join dataset using (dataset)
        left join (select strategy, baseline, pool, budget, dataset, delta
                   from paper_delta join paper_pool using (pool) join pool_size using (pool, models)) as printed
        using (strategy, baseline, pool, budget, dataset)
    where budget <= $shown and strategy = $strategy and baseline = $baseline
    order by pool, budget, delta.delta desc, dataset
"""
MEAN = """
    select pool, budget, delta, won, tied, lost, datasets
    from mean_delta where budget <= $shown and strategy = $strategy and baseline = $baseline
    order by pool, budget
"""
SUPPORT = """
    select pool, count(*) as datasets, count(distinct source) as sources,
           (select at_least from audit_rule where rule = 'sources')::integer as needed
    from pool_dataset join dataset_source using (dataset) group by pool
"""
# Of all pools and budgets, too: opening the study with resamples takes most of the time.
INTERVALS = {
    name: f"select pool, budget, {columns} from {name} where strategy = $strategy and baseline = $baseline"
    for name, columns in {
        "mean_delta_dataset_interval": "low, high, with_repeats",
        "mean_delta_interval": "low, high, wins / resamples as probability",
        "delta_interval": "dataset, low, high",
    }.items()
}
REPEATS = "intervals"
HELP = (
    "What other repeats of the same fine-tunes might have said, on these datasets. It shows the noise of fine-tuning, not what "
    "other datasets would say, which the verdict is about."
)

Intervals = Mapping[str, list[Row]]


def show(view: View) -> None:
    st.title("Two strategies, dataset by dataset")
    left, right = st.columns(2)
    with left:
        strategy = state.select_one("strategy", "Strategy", view.all_strategies, [*view.leaders, *view.all_strategies][0])
        st.caption(view.what(strategy))
    others = [name for name in (*view.leaders, *view.all_strategies) if name != strategy]
    with right:
        baseline = state.select_one("baseline", "Baseline", [name for name in view.all_strategies if name in others], others[0])
        st.caption(view.what(baseline))
    result = rows(view, DELTAS, strategy=strategy, baseline=baseline, shown=start.shown(view))
    result = result.where(pool=[view.pool], budget=[view.budget])
    if not result.rows:
        explain_absence(view, f"no dataset on which both have a regret at B = {view.budget}")
        return
    head = st.container()
    mean = _mean(view, strategy, baseline)
    if mean:
        _metrics(strategy, baseline, mean)
        _contradiction(view, strategy, baseline, mean)
    repeats = state.toggle(REPEATS, f"{LEVEL} intervals over repeats", help=HELP)
    found = _verdict(view, head, strategy, baseline, mean, repeats)
    if repeats and found is not None:
        _repeats(found)
    within = {row["dataset"]: row for row in found.get("delta_interval", ())} if repeats and found else {}
    drawn = [{**row, "low": None, "high": None, **_ends(within.get(row["dataset"]))} for row in result.rows]
    paper = " A diamond is the paper's value." if any(row["paper"] is not None for row in drawn) else ""
    interval = f" A line is the {LEVEL} interval over repeats." if within else ""
    figure.draw(
        view,
        "compare",
        chart.deltas(drawn, strategy, baseline),
        result,
        f"Bars to the right: {strategy} finds the better model; to the left: {baseline} does. The length is the difference "
        f"as a share of the error that the worse of the two leaves, with {count(view.budget, 'fine-tune')} in the pool "
        f"{view.pool_label}.{interval}{paper}",
    )


def _ends(interval: Row | None) -> Row:
    return {"low": interval["low"], "high": interval["high"]} if interval else {}


def _mean(view: View, strategy: str, baseline: str) -> Row | None:
    """Return the mean delta and who wins how often; None where a dataset lacks a delta."""
    found = rows(view, MEAN, strategy=strategy, baseline=baseline, shown=start.shown(view))
    means = found.where(pool=[view.pool], budget=[view.budget]).rows
    return means[0] if means else None


def _verdict(
    view: View, place: DeltaGenerator, strategy: str, baseline: str, mean: Row | None, repeats: bool
) -> Intervals | None:
    """Draw what may be concluded; return the intervals of this pool and budget, None while they are not needed or not ready."""
    said = compared = None
    if mean:
        (support,) = rows(view, SUPPORT).where(pool=[view.pool]).rows
        compared = Comparison(
            strategy, baseline, view.budget, mean["delta"], mean["datasets"], support["sources"], support["needed"]
        )
        said = impossible(compared)
    with place:
        answer = st.empty()
        if said:
            answer.markdown(_in_words(said))
            if not repeats:
                return None
        elif compared:
            answer.markdown("#### No verdict yet\nThe interval over datasets and repeats is being computed.")
        every = computed(view, INTERVALS, {"strategy": strategy, "baseline": baseline}, only=[strategy, baseline])
        if every is None:
            return None
        these = {name: _here(view, found) for name, found in every.items()}
        if compared:
            answer.markdown(_in_words(judged(compared, next(iter(these["mean_delta_dataset_interval"]), None))))
    return these


def _in_words(verdict: Verdict) -> str:
    return f"#### {verdict.headline}\n{verdict.reason}"


def _here(view: View, found: list[Row]) -> list[Row]:
    return [row for row in found if (row["pool"], row["budget"]) == (view.pool, view.budget)]


def _contradiction(view: View, strategy: str, baseline: str, mean: Row) -> None:
    """Say so where the mean regret, by which strategies are placed, prefers the other of the two."""
    means = start.means(view).where(strategy=[strategy, baseline], budget=[view.budget]).rows
    regret = {row["strategy"]: row["relative_regret"] for row in means}
    if len(regret) == 2 and (regret[baseline] - regret[strategy]) * mean["delta"] < 0:
        lower, higher = sorted(regret, key=lambda name: regret[name])
        st.markdown(
            f"By mean regret `{lower}` is ahead: {percent(regret[lower])} against {percent(regret[higher])}. Regret is measured against "
            "the best model of the pool, delta against the worse of the two, so few datasets can turn either."
        )


def _metrics(strategy: str, baseline: str, mean: Row) -> None:
    with st.container(horizontal=True):
        st.metric(f"{strategy} wins", mean["won"], border=True, width="content")
        st.metric("ties", mean["tied"], border=True, width="content")
        st.metric(f"{baseline} wins", mean["lost"], border=True, width="content")
        st.metric("mean delta", percent(mean["delta"], signed=True), border=True, width="content")


def _repeats(found: Intervals) -> None:
    """Draw the interval over repeats, under its own name."""
    intervals = found.get("mean_delta_interval")
    if not intervals:
        st.caption(f"No interval over repeats: it needs more than one repeat and a budget up to {BUDGETS}.")
        return
    low, high = percent(intervals[0]["low"], signed=True), percent(intervals[0]["high"], signed=True)
    st.markdown(
        f"Over repeats alone, on these datasets: {LEVEL} interval of the mean delta **{low} … {high}**, positive in "
        f"{percent(intervals[0]['probability'])} of the resamples. Other datasets may say otherwise."
    )
