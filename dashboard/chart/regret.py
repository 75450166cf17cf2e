"""Draws relative regret by dataset: bars for two budgets, with intervals and the paper's values (figures 3, 4)."""

from collections.abc import Sequence

import altair as alt

from dashboard.chart.colour import NEUTRAL
from dashboard.chart.style import (
    EXACT,
    Rows,
    interval_lines,
    layered,
    percent_x,
    row_axis,
    strategies,
    strategy_colour,
    tooltips,
    unique,
)

BAR, GROUP = 9, 14  # pixels per strategy
PALE, SOLID = 0.35, 1.0


def by_dataset(rows: Rows, title: str, means: Sequence[str]) -> alt.LayerChart:
    """Draw a bar for each strategy on every dataset: pale for the smaller budget, and over it solid for the larger one.

    rows: dataset, vtab_group, strategy, budget, relative_regret, solid (whether its budget is the larger one), low, high (of the
    solid bar, null without intervals), paper (the printed regret, null if none). Datasets keep the order of rows. means: lines under
    the title.
    """
    names = strategies(rows)
    datasets = unique(row["dataset"] for row in rows)
    base = alt.Chart().encode(
        y=row_axis("dataset", datasets),
        yOffset=_strategy_offset(names),
    )
    tooltip = tooltips(dataset="dataset", group="vtab_group", strategy="strategy", B="budget", regret=f"relative_regret|{EXACT}",
                   low=f"low|{EXACT}", high=f"high|{EXACT}", paper=f"paper|{EXACT}")  # fmt: skip
    regret = percent_x("relative_regret", "relative regret", domain=[0, 1])
    bars = [
        base.transform_filter(f"datum.solid == {str(solid).lower()}")
        .mark_bar(opacity=opacity, size=BAR - 1)
        .encode(x=regret, color=strategy_colour(names), tooltip=tooltip)
        for solid, opacity in ((False, PALE), (True, SOLID))
    ]
    intervals = interval_lines(base, "dataset", "strategy")
    paper_marks = (
        base.transform_filter("datum.paper !== null && datum.solid")
        .mark_point(shape="diamond", size=45, fill="white", stroke="black", strokeWidth=1.2)
        .encode(x=alt.X("paper:Q"), tooltip=tooltip)
    )
    group_names = (
        base.transform_filter("datum.head !== null")
        .mark_text(align="right", dx=-4, fontSize=11, fontStyle="italic", color=NEUTRAL)
        .encode(
            x=alt.XValue("width"),  # type: ignore[no-untyped-call]
            text=alt.Text("head:N"),
        )
    )
    over = intervals if any(row["low"] is not None for row in rows) else []
    over += [paper_marks] if any(row["paper"] is not None for row in rows) else []
    step = alt.Step(BAR, **{"for": "offset"})
    heading = alt.TitleParams(title, subtitle=list(means), anchor="start", fontSize=14, subtitleColor=NEUTRAL)
    return layered(_with_group_names(rows), *bars, *over, group_names, height=step, title=heading)


def _strategy_offset(names: Sequence[str]) -> alt.YOffset:
    """Return the encoding that gives each strategy a line of its own within a dataset's row.

    A point scale, not a band scale, centres lines and diamonds on the bars.
    """
    return alt.YOffset("strategy:N", sort=list(names), scale=alt.Scale(type="point", padding=0.5))


def _with_group_names(rows: Rows) -> Rows:
    """Return the rows with a column `head`: the group's name in the first row of each group, else null."""
    groups = unique(row["vtab_group"] for row in rows)
    firsts = [next(i for i, row in enumerate(rows) if row["vtab_group"] == group) for group in groups]
    return [{**row, "head": row["vtab_group"] if i in firsts else None} for i, row in enumerate(rows)]


def by_group(rows: Rows) -> alt.LayerChart:
    """Draw the mean regret of each group of datasets at the chosen budget, a bar for each strategy."""
    names = strategies(rows)
    base = alt.Chart().encode(
        y=row_axis("vtab_group", unique(row["vtab_group"] for row in rows)),
        yOffset=_strategy_offset(names),
        x=percent_x("relative_regret", "mean relative regret of the group", domainMin=0),
    )
    tooltip = tooltips(
        group="vtab_group", datasets="datasets", strategy="strategy", B="budget", regret=f"relative_regret|{EXACT}"
    )
    bars = base.mark_bar(size=GROUP - 2).encode(color=strategy_colour(names), tooltip=tooltip)
    labels = base.mark_text(align="left", dx=3, fontSize=10, color=NEUTRAL).encode(
        text=alt.Text("relative_regret:Q", format=EXACT)
    )
    return layered(rows, bars, labels, height=alt.Step(GROUP, **{"for": "offset"}))
