"""Figures 3 and 4: what each strategy loses on each dataset, pools side by side."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard import panel, state
from dashboard.ask import Row
from dashboard.chart import regret as chart
from dashboard.interval import intervals
from dashboard.page.empty import nothing
from dashboard.view import View, rows
from dashboard.word import count, percent

BY_DATASET = """
    select dataset, vtab_group, strategy, budget, regret.relative_regret, budget = $budget as solid, printed.relative_regret as paper
    from regret join dataset using (dataset)
        left join (select strategy, pool, budget, dataset, relative_regret
                   from paper_regret join paper_pool using (pool) join pool_size using (pool, models)) as printed
        using (strategy, pool, budget, dataset)
    where pool = $pool and list_contains($strategies, strategy) and budget in (1, $budget)
    order by vtab_group, dataset, list_position($strategies, strategy), budget
"""
MEANS = """
    select strategy, budget, relative_regret, datasets
    from mean_regret where pool = $pool and list_contains($strategies, strategy) and budget in (1, $budget)
    order by list_position($strategies, strategy), budget
"""
BY_GROUP = """
    select vtab_group, strategy, budget, datasets, relative_regret
    from group_regret where pool = $pool and list_contains($strategies, strategy) and budget = $budget
    order by vtab_group, list_position($strategies, strategy)
"""
_THESE = "list_contains($pools::varchar[], pool) and budget = $budget"
INTERVALS = {
    "regret_interval": f"select strategy, pool, dataset, low, high from regret_interval where {_THESE}",
    "mean_regret_interval": f"select strategy, pool, low, high from mean_regret_interval where {_THESE}",
}

Found = Mapping[str, list[Row]] | None


def show(view: View) -> None:
    st.title("Regret by dataset")
    if not view.strategies:
        st.info("Choose a strategy in the sidebar.")
        return
    pools = (
        state.several("pools", "Pools side by side", list(view.sizes), [view.pool]) if view.pool in view.sizes else [view.pool]
    )
    found = intervals(view, INTERVALS, {"pools": pools, "budget": view.budget})
    for column, pool in zip(st.columns(max(len(pools), 1)), pools, strict=False):
        with column:
            _pool(view, pool, found)


def _pool(view: View, pool: str, found: Found) -> None:
    answer = rows(view, BY_DATASET, pool=pool)
    if not answer.rows:
        nothing(view, f"no regret of these strategies at B = {view.budget}")
        return
    within = {(row["strategy"], row["pool"], row["dataset"]): row for row in (found or {}).get("regret_interval", ())}
    drawn = [_with(row, within.get((row["strategy"], pool, row["dataset"])) if row["solid"] else None) for row in answer.rows]
    label = view.label if pool == view.pool else pool
    paper = " A diamond is the bar that the paper prints." if any(row["paper"] is not None for row in drawn) else ""
    noise = " A line is the 95 % interval." if within else ""
    panel.figure(
        view,
        f"regret-{label}",
        chart.by_dataset(
            drawn,
            f"{label}, {count(view.sizes.get(pool, view.models), 'model')}: mean over all datasets",
            _means(view, pool, found),
        ),
        answer,
        f"Shorter is better. Solid: at B = {view.budget}, the share of the errors that remain which the best model of the pool would "
        f"avoid; pale behind it: at B = 1. No bar is no loss.{noise}{paper}",
    )
    groups = rows(view, BY_GROUP, pool=pool)
    if len({row["vtab_group"] for row in groups.rows}) > 1:
        panel.figure(
            view,
            f"groups-{label}",
            chart.by_group(groups.rows),
            groups,
            f"Shorter is better: the mean over each group of datasets at B = {view.budget}. A strategy that is good on natural "
            "images may be bad on structured ones.",
        )


def _with(row: Row, interval: Row | None) -> Row:
    return {**row, "low": interval and interval["low"], "high": interval and interval["high"]}


def _means(view: View, pool: str, found: Found) -> Sequence[str]:
    """A line a strategy: its mean at B = 1 and at the budget."""
    means: dict[str, list[str]] = {}
    for row in rows(view, MEANS, pool=pool).rows:
        means.setdefault(row["strategy"], []).append(percent(row["relative_regret"]))
    sure = {row["strategy"]: f" [{percent(row['low'])}, {percent(row['high'])}]" for row in (found or {}).get("mean_regret_interval", ())
            if row["pool"] == pool}  # fmt: skip
    return [f"{name} {' → '.join(values)}{sure.get(name, '')}" for name, values in means.items()]
