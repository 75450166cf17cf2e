"""Page Compare: one strategy against another, by dataset (figures 5, 6)."""

from collections.abc import Mapping

import streamlit as st

from dashboard.chart import compare as chart
from dashboard.format import count, percent
from dashboard.page import figure, start
from dashboard.page.empty import explain_absence
from dashboard.page.interval import intervals
from dashboard.session import state
from dashboard.session.query import Row
from dashboard.session.view import View, rows

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
_THESE = "pool = $pool and budget = $budget and strategy = $strategy and baseline = $baseline"
INTERVALS = {
    "delta_interval": f"select dataset, low, high from delta_interval where {_THESE}",
    "mean_delta_interval": f"select low, high, wins / resamples as probability from mean_delta_interval where {_THESE}",
}


def show(view: View) -> None:
    st.title("Two strategies, dataset by dataset")
    left, right = st.columns(2)
    first = "hybrid_linear" if "hybrid_linear" in view.all_strategies else view.all_strategies[0]
    with left:
        strategy = state.select_one("strategy", "Strategy", view.all_strategies, first)
    others = [name for name in view.all_strategies if name != strategy]
    with right:
        baseline = state.select_one("baseline", "Baseline", others, "task_agnostic" if "task_agnostic" in others else others[0])
    result = rows(view, DELTAS, strategy=strategy, baseline=baseline, shown=start.shown(view))
    result = result.where(pool=[view.pool], budget=[view.budget])
    if not result.rows:
        explain_absence(view, f"no dataset on which both have a regret at B = {view.budget}")
        return
    values = {"pool": view.pool, "budget": view.budget, "strategy": strategy, "baseline": baseline}
    found = intervals(view, INTERVALS, values)
    within = {row["dataset"]: row for row in (found or {}).get("delta_interval", ())}
    _summary(view, strategy, baseline, found)
    drawn = [{**row, "low": None, "high": None, **within.get(row["dataset"], {})} for row in result.rows]
    paper = " A diamond is the paper's value." if any(row["paper"] is not None for row in drawn) else ""
    interval = " A line is the 95 % interval." if within else ""
    figure.draw(
        view,
        "compare",
        chart.deltas(drawn, strategy, baseline),
        result,
        f"Bars to the right: {strategy} finds the better model; to the left: {baseline} does. The length is the difference "
        f"as a share of the error that the worse of the two leaves, with {count(view.budget, 'fine-tune')} in the pool "
        f"{view.pool_label}.{interval}{paper}",
    )


def _summary(view: View, strategy: str, baseline: str, found: Mapping[str, list[Row]] | None) -> None:
    found_ = rows(view, MEAN, strategy=strategy, baseline=baseline, shown=start.shown(view))
    means = found_.where(pool=[view.pool], budget=[view.budget]).rows
    intervals_ = (found or {}).get("mean_delta_interval", [])
    if not means:
        return
    mean = means[0]
    with st.container(horizontal=True):
        st.metric(f"{strategy} wins", mean["won"], border=True, width=150)
        st.metric("ties", mean["tied"], border=True, width=110)
        st.metric(f"{baseline} wins", mean["lost"], border=True, width=150)
        st.metric("mean delta", percent(mean["delta"], signed=True), border=True, width=150)
        if intervals_:
            st.metric("better in resamples", percent(intervals_[0]["probability"]), border=True, width=170,
                      help="Paired: both strategies use the same resample of the repeats.")  # fmt: skip
    if intervals_:
        low, high = percent(intervals_[0]["low"], signed=True), percent(intervals_[0]["high"], signed=True)
        st.markdown(f"95 % interval of the mean delta: **{low} … {high}**")
    elif found is not None:
        st.caption("No interval: it needs more than one repeat and a budget up to 10.")
