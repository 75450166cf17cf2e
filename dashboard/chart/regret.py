"""Draws relative regret by dataset: bars of two budgets, with intervals and the paper's own bars (figures 3, 4)."""

from collections.abc import Sequence

import altair as alt

from dashboard.chart.colour import NEUTRAL
from dashboard.chart.style import EXACT, Rows, each, interval, layered, percent, rows_of, said, strategies, strategy_colour

BAR, GROUP = 9, 14  # pixels a strategy
PALE, SOLID = 0.35, 1.0


def by_dataset(rows: Rows, title: str, means: Sequence[str]) -> alt.LayerChart:
    """Draw a bar for each strategy on every dataset: pale for the smaller budget, solid for the larger one over it.

    means: lines under the title.
    rows: dataset, vtab_group, strategy, budget, relative_regret, solid (whether its budget is the larger one), low, high (of the
    solid bar, null without intervals), paper (what the paper prints, null where it prints nothing); datasets in the order of rows.
    """
    names = strategies(rows)
    datasets = each(row["dataset"] for row in rows)
    base = alt.Chart().encode(
        y=rows_of("dataset", datasets),
        yOffset=_beside(names),
    )
    tooltip = said(dataset="dataset", group="vtab_group", strategy="strategy", B="budget", regret=f"relative_regret|{EXACT}",
                   low=f"low|{EXACT}", high=f"high|{EXACT}", paper=f"paper|{EXACT}")  # fmt: skip
    regret = percent("relative_regret", "relative regret", domain=[0, 1])
    bars = [
        base.transform_filter(f"datum.solid == {str(solid).lower()}")
        .mark_bar(opacity=opacity, size=BAR - 1)
        .encode(x=regret, color=strategy_colour(names), tooltip=tooltip)
        for solid, opacity in ((False, PALE), (True, SOLID))
    ]
    intervals = interval(base, "dataset", "strategy")
    printed = (
        base.transform_filter("datum.paper !== null && datum.solid")
        .mark_point(shape="diamond", size=45, fill="white", stroke="black", strokeWidth=1.2)
        .encode(x=alt.X("paper:Q"), tooltip=tooltip)
    )
    heads = (
        base.transform_filter("datum.head !== null")
        .mark_text(align="right", dx=-4, fontSize=11, fontStyle="italic", color=NEUTRAL)
        .encode(
            x=alt.XValue("width"),  # type: ignore[no-untyped-call]
            text=alt.Text("head:N"),
        )
    )
    over = intervals if any(row["low"] is not None for row in rows) else []
    over += [printed] if any(row["paper"] is not None for row in rows) else []
    step = alt.Step(BAR, **{"for": "offset"})
    words = alt.TitleParams(title, subtitle=list(means), anchor="start", fontSize=14, subtitleColor=NEUTRAL)
    return layered(_headed(rows), *bars, *over, heads, height=step, title=words)


def _beside(names: Sequence[str]) -> alt.YOffset:
    """Return the encoding of a row for each strategy within a dataset's row.

    Points, not bands, keep lines and diamonds in the middle of bars.
    """
    return alt.YOffset("strategy:N", sort=list(names), scale=alt.Scale(type="point", padding=0.5))


def _headed(rows: Rows) -> Rows:
    """Return the rows, the first of each group with the group's name as `head`."""
    groups = each(row["vtab_group"] for row in rows)
    firsts = [next(i for i, row in enumerate(rows) if row["vtab_group"] == group) for group in groups]
    return [{**row, "head": row["vtab_group"] if i in firsts else None} for i, row in enumerate(rows)]


def by_group(rows: Rows) -> alt.LayerChart:
    """Draw the mean of each group of datasets at the chosen budget, a bar for each strategy."""
    names = strategies(rows)
    base = alt.Chart().encode(
        y=rows_of("vtab_group", each(row["vtab_group"] for row in rows)),
        yOffset=_beside(names),
        x=percent("relative_regret", "mean relative regret of the group", domainMin=0),
    )
    tooltip = said(group="vtab_group", datasets="datasets", strategy="strategy", B="budget", regret=f"relative_regret|{EXACT}")
    bars = base.mark_bar(size=GROUP - 2).encode(color=strategy_colour(names), tooltip=tooltip)
    words = base.mark_text(align="left", dx=3, fontSize=10, color=NEUTRAL).encode(
        text=alt.Text("relative_regret:Q", format=EXACT)
    )
    return layered(rows, bars, words, height=alt.Step(GROUP, **{"for": "offset"}))
