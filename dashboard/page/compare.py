"""Page Compare: one strategy against another, by dataset (figures 5, 6)."""

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.chart import cells
from dashboard.chart import compare as chart
from dashboard.format import LEVEL, as_markdown, count, percent
from dashboard.page import figure, start, table
from dashboard.page.empty import explain_absence
from dashboard.page.interval import computed
from dashboard.page.link import links
from dashboard.page.verdict import Comparison, Verdict, impossible, judged
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
PAIRS = """
    select pool, budget, strategy, baseline, delta, won, tied, lost
    from mean_delta where budget <= $shown and list_contains($drawn, strategy::varchar) and list_contains($drawn, baseline::varchar)
    order by pool, budget, strategy, baseline
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
REST_COLUMNS = {"pool": None, "budget": None, "paper": None, "delta": table.percent_column("delta")}
MOST = 20  # strategies in the table of pairs

Intervals = Mapping[str, list[Row]]


def show(view: View) -> None:
    st.title("Two strategies, dataset by dataset")
    left, right = st.columns(2)
    with left:
        strategy = state.select_one("strategy", "Strategy", view.all_strategies, [*view.leaders, *view.all_strategies][0])
        st.caption(as_markdown(view.what(strategy)))
    others = [name for name in (*view.leaders, *view.all_strategies) if name != strategy]
    with right:
        baseline = state.select_one("baseline", "Baseline", [name for name in view.all_strategies if name in others], others[0])
        st.caption(as_markdown(view.what(baseline)))
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
    found = _verdict(view, head, strategy, baseline, mean)
    _repeats(found)
    by_size = sorted(result.rows, key=lambda row: -abs(row["delta"]))
    datasets, limited = table.first([row["dataset"] for row in by_size], "with the largest difference")
    drawn = _with_intervals([row for row in result.rows if row["dataset"] in datasets], mean, strategy, baseline, found)
    paper = " A diamond is the paper's value." if any(row["paper"] is not None for row in drawn) else ""
    interval = f" A line is the {LEVEL} interval: of the mean over datasets, too, of a dataset over repeats."
    figure.draw(
        view,
        "compare",
        chart.deltas(drawn, strategy, baseline),
        result,
        f"Bars to the right: {strategy} finds the better model; to the left: {baseline} does; a dot on the line is a tie. The length is "
        f"the difference as a share of the error that the worse of the two leaves, with {count(view.budget, 'fine-tune')} in the pool "
        f"{view.pool_label}.{interval if any(row['low'] is not None for row in drawn) else ''}{paper}{limited}",
        says=_said(strategy, baseline, mean),
    )
    table.rest(result, [row["dataset"] for row in by_size[len(datasets) :]], REST_COLUMNS, ["delta"])
    _pairs(view)
    links({"datasets": "Look at one dataset"})


def _with_intervals(found: list[Row], mean: Row | None, strategy: str, baseline: str, intervals: Intervals) -> list[Row]:
    """Return the rows to draw, the mean first, with the intervals that there are."""
    within = {row["dataset"]: row for row in intervals.get("delta_interval", ())}
    for row in intervals.get("mean_delta_dataset_interval", ()):
        within[cells.MEAN] = row
    if mean:
        winner = strategy if mean["delta"] >= 0 else baseline
        found = [{"dataset": cells.MEAN, "vtab_group": None, "winner": winner, "delta": mean["delta"], "paper": None}, *found]
    return [{**row, "low": None, "high": None, **_ends(within.get(row["dataset"]))} for row in found]


def _pairs(view: View) -> None:
    """Draw the mean delta of all pairs of the drawn strategies, that with the lowest mean regret first."""
    result = rows(view, PAIRS, drawn=sorted(view.drawn), shown=start.shown(view)).where(pool=[view.pool], budget=[view.budget])
    if not result.rows:
        return
    st.subheader("All pairs")
    there = {row["strategy"] for row in result.rows}
    means = start.means(view).where(strategy=sorted(there), budget=[view.budget]).rows
    names = [row["strategy"] for row in sorted(means, key=lambda row: row["relative_regret"])]
    limited = f" The {MOST} with the lowest mean regret of {len(names)}." if len(names) > MOST else ""
    names = names[:MOST]
    result = result.where(strategy=names, baseline=names)
    figure.draw(
        view,
        "pairs",
        chart.pairs(result.rows, names),
        result,
        f"Blue: the strategy of the row is ahead of that of the column by this mean delta, in per cent, with "
        f"{count(view.budget, 'fine-tune')}; orange: it is behind. 0 alone is a tie.{limited}",
        says=f"{names[0]} has the lowest mean regret, {names[-1]} the highest.",
    )


def _ends(interval: Row | None) -> Row:
    return {"low": interval["low"], "high": interval["high"]} if interval else {}


def _mean(view: View, strategy: str, baseline: str) -> Row | None:
    """Return the mean delta and who wins how often; None where a dataset lacks a delta."""
    found = rows(view, MEAN, strategy=strategy, baseline=baseline, shown=start.shown(view))
    means = found.where(pool=[view.pool], budget=[view.budget]).rows
    return means[0] if means else None


def _verdict(view: View, place: DeltaGenerator, strategy: str, baseline: str, mean: Row | None) -> Intervals:
    """Draw what may be concluded; return the intervals of this pool and budget, none while they are not ready."""
    compared = said = None
    with place:
        answer = st.empty()
        if mean:
            (support,) = rows(view, SUPPORT).where(pool=[view.pool]).rows
            compared = Comparison(
                strategy, baseline, view.budget, mean["delta"], mean["datasets"], support["sources"], support["needed"]
            )
            said = impossible(compared)
            if said:
                _say(answer, said)
            else:
                answer.markdown("#### No verdict yet\nThe interval over datasets and repeats is being computed.")
        every = computed(view, INTERVALS, {"strategy": strategy, "baseline": baseline}, only=[strategy, baseline])
        if every is None:
            return {}
        these = {name: _here(view, found) for name, found in every.items()}
        if compared and not said:
            _say(answer, judged(compared, next(iter(these["mean_delta_dataset_interval"]), None)))
    return these


def _say(place: DeltaGenerator, verdict: Verdict) -> None:
    said = f"#### {verdict.headline}\n{verdict.reason}"
    place.markdown(said)
    figure.keep_words(said)


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
        st.metric(f"{as_markdown(strategy)} wins", mean["won"], border=True, width="content")
        st.metric("ties", mean["tied"], border=True, width="content")
        st.metric(f"{as_markdown(baseline)} wins", mean["lost"], border=True, width="content")
        st.metric("mean delta", percent(mean["delta"], signed=True), border=True, width="content")


def _said(strategy: str, baseline: str, mean: Row | None) -> str:
    if mean is None:
        return ""
    won = f"{strategy} wins on {count(mean['won'], 'dataset')}, {baseline} on {mean['lost']}, {mean['tied']} tie"
    return f"{won}; the mean delta is {percent(mean['delta'], signed=True)}."


def _repeats(found: Intervals) -> None:
    """Write the interval over repeats, under its own name."""
    for interval in found.get("mean_delta_interval", ()):
        low, high = percent(interval["low"], signed=True), percent(interval["high"], signed=True)
        st.markdown(
            f"Over repeats alone, on these datasets: {LEVEL} interval of the mean delta **{low} … {high}**, positive in "
            f"{percent(interval['probability'])} of the resamples. Other datasets may say otherwise."
        )
