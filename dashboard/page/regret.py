"""Page Regret: the regret of each strategy on each dataset, with pools side by side (figures 3, 4)."""

import math
from collections.abc import Mapping, Sequence

import altair as alt
import streamlit as st

from dashboard.chart import regret as chart
from dashboard.chart.cells import MEAN
from dashboard.format import LEVEL, count, listed, percent
from dashboard.page import figure, start, table
from dashboard.page.empty import explain_absence
from dashboard.page.interval import intervals
from dashboard.page.link import links
from dashboard.page.result import at_budget, extremes
from dashboard.session import state
from dashboard.session.query import QueryResult, Row
from dashboard.session.view import View, rows

# Queried for all pools, strategies and small budgets at once, which takes no longer than some; another choice then needs no query.
BY_DATASET = """
    select pool, dataset, vtab_group, strategy, budget, regret.relative_regret, printed.relative_regret as paper
    from regret join dataset using (dataset)
        left join (select strategy, pool, budget, dataset, relative_regret
                   from paper_regret join paper_pool using (pool) join pool_size using (pool, models)) as printed
        using (strategy, pool, budget, dataset)
    where budget <= $shown
    order by pool, vtab_group, dataset, strategy, budget
"""
BY_GROUP = """
    select pool, vtab_group, strategy, budget, datasets, relative_regret
    from group_regret where budget <= $shown
    order by pool, vtab_group, strategy, budget
"""
DATASETS = "select pool, dataset from pool_dataset order by pool, dataset"
_THESE = "list_contains($pools::varchar[], pool) and budget = $budget"
INTERVALS = {
    "regret_interval": f"select strategy, pool, dataset, low, high from regret_interval where {_THESE}",
    "mean_regret_interval": f"select strategy, pool, low, high from mean_regret_interval where {_THESE}",
    "group_regret_interval": f"select strategy, pool, vtab_group, low, high from group_regret_interval where {_THESE}",
}

REST_COLUMNS = {"pool": None, "budget": None, "relative_regret": table.percent_column("regret"), "paper": None}
HEIGHT = 2400  # pixels of a chart of dots, at most

Intervals = Mapping[str, list[Row]] | None


def show(view: View) -> None:
    st.title("Regret by dataset")
    if not view.drawn:
        st.info("Choose a strategy in the sidebar.")
        return
    pools = (
        state.select_many("pools", "Pools side by side", list(view.sizes), [view.pool])
        if view.pool in view.sizes
        else [view.pool]
    )
    found = intervals(view, INTERVALS, {"pools": pools, "budget": view.budget})
    results = {pool: _of_pool(view, pool) for pool in pools}
    drawn = {pool: _drawn(view, pool, result, found) for pool, result in results.items()}
    ends = [row[field] for rows_ in drawn.values() for row in rows_ for field in ("relative_regret", "high", "paper")]
    end = max((value for value in ends if value), default=1.0)
    for column, pool in zip(st.columns(max(len(pools), 1)), pools, strict=False):
        with column:
            _pool(view, pool, results[pool], drawn[pool], found, end)
    links({"datasets": "Look at one dataset"})


def _of_pool(view: View, pool: str) -> QueryResult:
    """Return the regrets to draw at B = 1 and at the chosen budget."""
    return rows(view, BY_DATASET, shown=start.shown(view)).where(pool=[pool], strategy=view.drawn, budget=[1, view.budget])


def _drawn(view: View, pool: str, result: QueryResult, found: Intervals) -> list[Row]:
    """Return the rows with their intervals, in the order in which they are drawn."""
    within = _within(pool, found, "regret_interval", "dataset")
    order = _by_loss if _many(result) else _in_order
    return [
        _with_interval(row, row["budget"] == view.budget, within.get((row["strategy"], row["dataset"])))
        for row in order(view, result, "dataset")
    ]


def _many(result: QueryResult) -> bool:
    return len({row["strategy"] for row in result.rows}) > chart.MANY


def _pool(view: View, pool: str, result: QueryResult, drawn: Sequence[Row], found: Intervals, end: float) -> None:
    if not drawn:
        explain_absence(view, f"no regret of these strategies at B = {view.budget}")
        return
    label = view.pool_label if pool == view.pool else pool
    paper = " A diamond is the paper's value." if any(row["paper"] is not None for row in drawn) else ""
    interval = f" A line is the {LEVEL} interval." if any(row["low"] is not None for row in drawn) else ""
    numbers = _many(result) and not interval and not paper
    datasets, limited = table.first(
        _by_largest_loss(view, pool, result), f"on which {_first(view, result)} loses most", _most(result, numbers)
    )
    left_out = [name for name in _asked(view, pool) if name not in datasets] if limited else []
    drawn = [row for row in drawn if row["dataset"] not in left_out]
    share = "the share of the remaining errors that the best model of the pool would avoid"
    order = f"The dataset on which {_first(view, result)} loses most comes first."
    title = f"{label}, {count(view.sizes.get(pool, view.models), 'model')}: mean over {view.coverage}"
    if numbers:
        drawing = _by_number(view, pool, drawn, title, datasets)
        caption = (
            f"Bright is good: a number is a strategy's relative regret at B = {view.budget} in per cent, {share}. 0 alone: nothing is "
            f"lost; –: missing. The lowest mean comes first. {order}"
        )
    else:
        drawing = chart.by_dataset(drawn, title, _means(view, pool, found), end)
        caption = (
            f"Further left is better: a dot is a strategy's relative regret at B = {view.budget}, {share}. {order}{interval}{paper}"
            if _many(result)
            else f"Shorter is better. Solid: the relative regret at B = {view.budget}, {share}. Pale: the same at B = 1. A tick at "
            f"zero: nothing is lost.{interval}{paper}"
        )
    figure.draw(view, f"regret-{label}", drawing, result, caption + limited, says=_said(view, pool))
    table.rest(result.where(budget=[view.budget]), left_out, REST_COLUMNS, ["relative_regret", "paper"])
    for line in _missing(view, pool, result):
        st.caption(line)
    groups = rows(view, BY_GROUP, shown=start.shown(view)).where(pool=[pool], strategy=view.drawn, budget=[view.budget])
    if len({row["vtab_group"] for row in groups.rows}) > 1:
        within = _within(pool, found, "group_regret_interval", "vtab_group")
        shown = [
            _with_interval(row, True, within.get((row["strategy"], row["vtab_group"])))
            for row in _in_order(view, groups, "vtab_group")
        ]
        interval = f" A line is the {LEVEL} interval." if within else ""
        figure.draw(
            view,
            f"groups-{label}",
            chart.by_group(shown),
            groups,
            f"Shorter is better: the mean over each group of datasets at B = {view.budget}. A strategy that does well on natural "
            f"images may do badly on structured ones.{interval}",
            says=_of_groups(groups.rows),
        )
    elif len({row["vtab_group"] for row in result.rows}) < 2:
        st.caption("No means of groups: the study names no two groups of its datasets.")


def _within(pool: str, found: Intervals, name: str, of: str) -> dict[tuple[str, str], Row]:
    """Return the intervals of a pool, by strategy and dataset or group."""
    return {(row["strategy"], row[of]): row for row in (found or {}).get(name, ()) if row["pool"] == pool}


def _said(view: View, pool: str) -> str:
    """Return which mean regret is the lowest and which the highest."""
    means = start.means(view, pool).where(strategy=view.drawn).rows
    return at_budget(means, "relative_regret", view.budget)


def _of_groups(found: Sequence[Row]) -> str:
    groups = dict.fromkeys(row["vtab_group"] for row in found)
    of = {group: extremes([row for row in found if row["vtab_group"] == group], "relative_regret") for group in groups}
    return " ".join(f"{group}: {said}" for group, said in of.items())


def _most(result: QueryResult, numbers: bool) -> int:
    """Return how many datasets a chart has space for: of many strategies, each has a line of its own in a dataset's row of dots."""
    strategies = len({row["strategy"] for row in result.rows})
    return table.MOST if numbers or not _many(result) else min(table.MOST, HEIGHT // (chart.DOT * strategies))


def _by_largest_loss(view: View, pool: str, result: QueryResult) -> list[str]:
    """Return the datasets of the means, those on which the winner loses most first, those without a regret last."""
    return list(dict.fromkeys([*(row["dataset"] for row in _by_loss(view, result, "dataset")), *_asked(view, pool)]))


def _by_number(view: View, pool: str, drawn: Sequence[Row], title: str, datasets: Sequence[str]) -> alt.LayerChart:
    """Draw the regrets at the chosen budget and their means as numbers, the strategy with the lowest mean first."""
    means = start.means(view, pool).where(strategy=view.drawn, budget=[view.budget]).rows
    regrets = {(row["dataset"], row["strategy"]): row["relative_regret"] for row in drawn if row["solid"]}
    regrets |= {(MEAN, row["strategy"]): row["relative_regret"] for row in means}
    names = sorted(view.drawn, key=lambda name: regrets.get((MEAN, name), math.inf))
    rows_ = [
        {"dataset": dataset, "strategy": name, "budget": view.budget, "relative_regret": regrets.get((dataset, name))}
        for dataset in (MEAN, *datasets)
        for name in names
    ]
    return chart.by_number(rows_, title, datasets, names)


def _asked(view: View, pool: str) -> list[str]:
    """Return the datasets of the pool's means."""
    return [row["dataset"] for row in rows(view, DATASETS).where(pool=[pool]).rows]


def _first(view: View, result: QueryResult) -> str:
    """Return the strategy by whose loss datasets are sorted: the winner, if it has a regret here."""
    there = {row["strategy"] for row in result.rows}
    return next(name for name in (*view.leaders, *view.drawn) if name in there)


def _by_loss(view: View, result: QueryResult, field: str) -> list[Row]:
    """Return the rows grouped by a field, the largest loss of the first strategy first, then by the largest of all."""
    first = _first(view, result)
    losses: dict[str, tuple[float, float]] = {}
    for row in result.rows:
        if row["budget"] == view.budget:
            own, most = losses.get(row[field], (0.0, 0.0))
            lost = row["relative_regret"]
            losses[row[field]] = (lost if row["strategy"] == first else own, max(most, lost))
    values = sorted(losses, key=lambda value: losses[value], reverse=True)
    rows_ = [row for row in _in_order(view, result, field) if row[field] in losses]
    return sorted(rows_, key=lambda row: values.index(row[field]))


def _missing(view: View, pool: str, result: QueryResult) -> list[str]:
    """Return a sentence for each strategy that has no regret on some datasets at the budget, and one for datasets without any."""
    asked = _asked(view, pool)
    there = {(row["strategy"], row["dataset"]) for row in result.rows if row["budget"] == view.budget}
    nobody = [dataset for dataset in asked if not any(dataset == other for _, other in there)]
    lines = [f"Missing: no strategy has a regret on {listed(nobody)}, because runs are missing."] if nobody else []
    for name in view.drawn:
        lacking = [dataset for dataset in asked if dataset not in nobody and (name, dataset) not in there]
        if lacking and len(lacking) == len(asked) - len(nobody):
            lines.append(f"Missing: `{name}` has no regret at B = {view.budget} on any dataset.")
        elif lacking:
            lines.append(f"Missing: `{name}` has no regret at B = {view.budget} on {listed(lacking)}.")
    return lines


def _with_interval(row: Row, solid: bool, interval: Row | None) -> Row:
    """Return the row with its interval, which only the solid bar has."""
    low, high = (interval["low"], interval["high"]) if solid and interval else (None, None)
    return {**row, "solid": solid, "low": low, "high": high}


def _in_order(view: View, answer: QueryResult, field: str) -> list[Row]:
    """Return the rows grouped by a field, with strategies in the order of `View.drawn`."""
    values = list(dict.fromkeys(row[field] for row in answer.rows))
    return sorted(answer.rows, key=lambda row: (values.index(row[field]), view.drawn.index(row["strategy"]), row["budget"]))


def _means(view: View, pool: str, found: Intervals) -> Sequence[str]:
    """Return a line for each strategy, the best first: its mean regret at B = 1 and at the chosen budget."""
    means = start.means(view, pool).where(strategy=view.drawn, budget=[1, view.budget]).rows
    lines: dict[str, list[str]] = {}
    for row in sorted(means, key=lambda row: row["budget"]):
        lines.setdefault(row["strategy"], []).append(percent(row["relative_regret"]))
    best = sorted((row for row in means if row["budget"] == view.budget), key=lambda row: row["relative_regret"])
    intervals_ = {
        row["strategy"]: f" [{percent(row['low'])}, {percent(row['high'])}]"
        for row in (found or {}).get("mean_regret_interval", ())
        if row["pool"] == pool
    }
    return [
        f"{name} {' → '.join(lines[name])}{intervals_.get(name, '')}" for name in dict.fromkeys(row["strategy"] for row in best)
    ]
