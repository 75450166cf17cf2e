"""Page Regret: the regret of each strategy on each dataset, with pools side by side (figures 3, 4)."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.chart import regret as chart
from dashboard.format import count, percent
from dashboard.page import figure, start
from dashboard.page.empty import explain_absence
from dashboard.page.interval import intervals
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
_THESE = "list_contains($pools::varchar[], pool) and budget = $budget"
INTERVALS = {
    "regret_interval": f"select strategy, pool, dataset, low, high from regret_interval where {_THESE}",
    "mean_regret_interval": f"select strategy, pool, low, high from mean_regret_interval where {_THESE}",
}

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
    for column, pool in zip(st.columns(max(len(pools), 1)), pools, strict=False):
        with column:
            _pool(view, pool, found)


def _pool(view: View, pool: str, found: Intervals) -> None:
    result = rows(view, BY_DATASET, shown=start.shown(view))
    result = result.where(pool=[pool], strategy=view.drawn, budget=[1, view.budget])
    if not result.rows:
        explain_absence(view, f"no regret of these strategies at B = {view.budget}")
        return
    within = {(row["strategy"], row["pool"], row["dataset"]): row for row in (found or {}).get("regret_interval", ())}
    drawn = [_with_interval(row, row["budget"] == view.budget, within.get((row["strategy"], pool, row["dataset"])))
             for row in _in_order(view, result, "dataset")]  # fmt: skip
    label = view.pool_label if pool == view.pool else pool
    paper = " A diamond is the paper's value." if any(row["paper"] is not None for row in drawn) else ""
    interval = " A line is the 95 % interval." if within else ""
    figure.draw(
        view,
        f"regret-{label}",
        chart.by_dataset(
            drawn,
            f"{label}, {count(view.sizes.get(pool, view.models), 'model')}: mean over {view.coverage}",
            _means(view, pool, found),
        ),
        result,
        f"Shorter is better. Solid: the relative regret at B = {view.budget}, the share of the remaining errors that the best model "
        f"of the pool would avoid. Pale: the same at B = 1. No bar means no regret.{interval}{paper}",
    )
    groups = rows(view, BY_GROUP, shown=start.shown(view)).where(pool=[pool], strategy=view.drawn, budget=[view.budget])
    if len({row["vtab_group"] for row in groups.rows}) > 1:
        figure.draw(
            view,
            f"groups-{label}",
            chart.by_group(_in_order(view, groups, "vtab_group")),
            groups,
            f"Shorter is better: the mean over each group of datasets at B = {view.budget}. A strategy that does well on natural "
            "images may do badly on structured ones.",
        )


def _with_interval(row: Row, solid: bool, interval: Row | None) -> Row:
    """Return the row with its interval, which only the solid bar has."""
    low, high = (interval["low"], interval["high"]) if solid and interval else (None, None)
    return {**row, "solid": solid, "low": low, "high": high}


def _in_order(view: View, answer: QueryResult, field: str) -> list[Row]:
    """Return the rows grouped by a field, with strategies in the order of `View.drawn`."""
    values = list(dict.fromkeys(row[field] for row in answer.rows))
    return sorted(answer.rows, key=lambda row: (values.index(row[field]), view.drawn.index(row["strategy"]), row["budget"]))


def _means(view: View, pool: str, found: Intervals) -> Sequence[str]:
    """Return a line for each strategy: its mean regret at B = 1 and at the chosen budget."""
    means: dict[str, list[str]] = {}
    for row in _in_order(view, start.means(view, pool).where(strategy=view.drawn, budget=[1, view.budget]), "strategy"):
        means.setdefault(row["strategy"], []).append(percent(row["relative_regret"]))
    intervals_ = {
        row["strategy"]: f" [{percent(row['low'])}, {percent(row['high'])}]"
        for row in (found or {}).get("mean_regret_interval", ())
        if row["pool"] == pool
    }
    return [f"{name} {' → '.join(values)}{intervals_.get(name, '')}" for name, values in means.items()]
