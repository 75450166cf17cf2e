"""Page Start: the answer in a sentence, the league of all strategies at the chosen budget, and their means over the budgets."""

import streamlit as st

from dashboard.chart import budget as budget_chart
from dashboard.format import LEVEL, MOST, as_markdown, count, listed, percent
from dashboard.page import action, figure, league
from dashboard.page.empty import explain_absence, show_commands
from dashboard.page.interval import computed
from dashboard.page.link import links
from dashboard.page.result import at_budget
from dashboard.session import state
from dashboard.session.own_study import is_own
from dashboard.session.query import QueryResult, Row
from dashboard.session.view import COMPLETE, SHOWN, View, rows

MANY = 12  # strategies; of more, only those that matter are lines
BANDS = "bands"
MEASURES = "A study measures the regret of each strategy: how far its picks stay behind the best model of a pool."
NEXT = {
    "regret": "Regret: each dataset",
    "budget": "Budget: what it costs",
    "datasets": "Datasets: one of them",
    "simulate": "Simulate: a strategy of your own",
}

NUMBERS = """
    select (select count(*) from model) as models, (select count(*) from dataset) as datasets, (select count(*) from finetune) as finetunes
"""
SOURCES = """
    select pool, count(distinct source) as sources from pool_dataset join dataset_source using (dataset) group by pool order by pool
"""
MEANS = """
    select pool, strategy, budget, relative_regret, datasets,
           realistic and rank() over (partition by pool, budget, realistic order by relative_regret) = 1 as lowest
    from (select *, list_contains($realistic, strategy) as realistic from mean_regret where budget <= $shown)
    order by pool, strategy, budget
"""
INTERVALS = {
    "league": "select strategy, low, high, beats_hybrid_linear, stability from league where pool = $pool and budget = $budget",
    "bands": "select strategy, budget, low, high from mean_regret_dataset_interval where pool = $pool and budget <= $shown",
}


def show(view: View) -> None:
    st.title("Which pretrained models should I fine-tune?")
    result = means(view)
    if not result.rows:
        st.markdown(MEASURES)
        _numbers(view)
        explain_absence(view, "no mean regret")
        return
    here = [row for row in result.rows if row["budget"] == view.budget]
    answer = st.empty()
    answer.markdown(_answer(view, here, {}))  # at once, and again when the intervals are known
    _numbers(view)
    action.show(view)
    st.subheader(f"Every way of choosing, with {count(view.budget, 'fine-tune')}")
    found = _intervals(view)
    drawn = {row["strategy"]: row for row in found.get("league", ())}
    said = _answer(view, here, drawn)
    answer.markdown(said)
    figure.keep_words(said)
    league.show(view, drawn)
    st.subheader("With more fine-tunes")
    _by_budget(view, result, found.get("bands", []))
    st.markdown("**Next:**")
    links(NEXT)
    st.markdown("In the terminal:")
    show_commands(
        [
            f"needle report --study {view.study.name}",
            f'needle query "from mean_regret where budget = {view.budget}" --study {view.study.name}',
        ]
    )


def means(view: View, pool: str | None = None) -> QueryResult:
    """Return the mean regret of every strategy at each budget, and which one has the lowest of those that are realistic.

    One query serves all pools and all budgets up to ten. pool: the view's by default.
    """
    return rows(view, MEANS, shown=shown(view)).where(pool=[pool or view.pool])


def shown(view: View) -> int:
    """Return the largest budget to query, the same for all small budgets, so that they share one query."""
    return max(SHOWN, view.budget)


def chosen_first(view: View, result: QueryResult) -> list[Row]:
    """Return the rows in the order of a legend: the chosen strategies, then the others."""
    return sorted(result.rows, key=lambda row: row["strategy"] not in view.strategies)


def _intervals(view: View) -> dict[str, list[Row]]:
    """Draw the toggle; return the rows of the intervals, none while they are off or not ready."""
    help_ = (
        "Of other datasets, tasks of one source drawn together, and of other repeats where there are any. They take some seconds."
    )
    if not state.toggle(BANDS, f"{LEVEL} intervals", True, help=help_):
        return {}
    values = {"pool": view.pool, "budget": view.budget, "shown": shown(view)}
    return dict(computed(view, INTERVALS, values, stop=lambda: state.set_value(BANDS, False)) or {})


def _answer(view: View, here: list[Row], drawn: dict[str, Row]) -> str:
    winners = [row for row in here if row["lowest"]]
    if not winners:
        return MEASURES
    if view.models == 1:
        return "#### There is one model, so every way of choosing takes it."
    regret, datasets = winners[0]["relative_regret"], winners[0]["datasets"]
    by = (
        _named(view, winners)
        if len(winners) > 1
        else f"*{as_markdown(view.title(winners[0]['strategy']))}* (`{winners[0]['strategy']}`)"
    )
    blind = next((row["relative_regret"] for row in here if row["strategy"] == "random"), None)
    blindly = "" if blind is None else f"; chosen blindly, **{percent(blind)}** fewer"
    lost = f"on average, the best of them all would make **{percent(regret)}** fewer errors"
    lost = lost if regret else "on no dataset would another of them make **fewer errors**"
    answer = f"#### Fine-tune {view.budget} of the {count(view.models, 'model')}, chosen by {by}: {lost}{blindly}."
    interval = drawn.get(winners[0]["strategy"])
    width = (
        f", {LEVEL} interval {percent(interval['low'])} to {percent(interval['high'])}"
        if interval and interval["low"] is not None
        else ""
    )
    sources = next((row["sources"] for row in rows(view, SOURCES).rows if row["pool"] == view.pool), None)
    of = "" if sources in (None, datasets) else f" of {count(sources, 'source')}"
    rests = f"It rests on {count(datasets, 'dataset')}{of}."
    return f"{answer}\n\nThis is the mean relative regret in the pool {as_markdown(view.pool_label)}{width}. {rests}"


def _named(view: View, winners: list[Row]) -> str:
    """Name strategies that tie, the chosen ones first; of more than four three, and how many more there are."""
    names = sorted((row["strategy"] for row in winners), key=lambda name: (name not in view.strategies, name))
    return listed(names) if len(names) <= 4 else f"{', '.join(f'`{name}`' for name in names[:3])} and {len(names) - 3} more"


def _by_budget(view: View, result: QueryResult, bands: list[Row]) -> None:
    others = [name for name in view.all_strategies if name not in view.drawn]
    faint = others if len(view.all_strategies) <= MANY else []
    result = result.where(strategy=[*view.drawn, *faint])
    ends = {(row["strategy"], row["budget"]): row for row in bands}
    lines = [
        {**row, **{end: ends.get((row["strategy"], row["budget"]), {}).get(end) for end in ("low", "high")}}
        for row in chosen_first(view, result)
    ]
    band = f" A band is the {LEVEL} interval." if ends else ""
    figure.draw(
        view,
        "strategy-by-budget",
        budget_chart.by_budget(lines, "relative_regret", "mean relative regret", view.budget, faint),
        result,
        "Lower is better: after B fine-tunes, by how much fewer errors the best model of the pool would make, averaged over the datasets; "
        f"{percent(0.0)} means the best model was found. The dashed line is your budget.{band}"
        + (" Strategies that you have not chosen are pale, except the two best." if faint else ""),
        says=at_budget(lines, "relative_regret", view.budget),
    )


def _numbers(view: View) -> None:
    numbers = rows(view, NUMBERS).rows[0]
    complete = rows(view, COMPLETE).rows
    parts = [count(numbers["models"], "model"), count(numbers["datasets"], "dataset"), count(numbers["finetunes"], "fine-tune")]
    own = is_own(view.study.folder)  # of which most runs are left out on purpose
    lacking = [row for row in complete if row["done"] < row["asked"] and not own]
    proxies = sum(row["procedure"] != "finetune" for row in complete)
    whole = " Some runs are missing:" if lacking else "" if own else " Complete."
    st.markdown(
        f"**{as_markdown(view.study.name)}**: {', '.join(parts)}, {proxies} {'proxy' if proxies == 1 else 'proxies'}.{whole}"
    )
    for row in lacking[:MOST]:
        st.progress(row["share"], f"{as_markdown(row['procedure'])}: {row['done']:,} of {count(row['asked'], 'run')}")
    if len(lacking) > MOST:
        st.caption(f"So do {count(len(lacking) - MOST, 'procedure')} more: `needle check --study {view.study.name}` has all.")
