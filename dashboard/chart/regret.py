"""Draws relative regret by dataset: bars for two budgets; of many strategies numbers or dots; the paper's values (figures 3, 4)."""

from collections.abc import Sequence

import altair as alt

from dashboard.chart.cells import MEAN, cells, number
from dashboard.chart.colour import TEXT, ink, shade
from dashboard.chart.style import (
    EXACT,
    Rows,
    dimmed,
    interval_lines,
    layered,
    percent_x,
    picking,
    room_right,
    row_axis,
    strategies,
    strategy_colour,
    tooltips,
    unique,
)

BAR, GROUP = 9, 14  # pixels per strategy
DOT = 5  # pixels between the dots of two strategies: less than a dot, so that a dataset stays one row
MANY = 4  # strategies; of more, no bars are drawn
PALE, SOLID = 0.35, 1.0


def by_number(rows: Rows, title: str, datasets: Sequence[str], names: Sequence[str]) -> alt.LayerChart:
    """Draw each strategy's regret on every dataset and its mean as a number on a colour, the smaller of the two sides across.

    rows: dataset (MEAN: the mean of all), strategy, relative_regret (null where it is missing). datasets, names: in their order.
    """
    drawn = []
    for row in rows:
        fill = None if row["relative_regret"] is None else shade(row["relative_regret"])
        drawn.append({**row, "text": number(row["relative_regret"]), "fill": fill, "ink": ink(fill) if fill else TEXT})
    sides = [("strategy", list(names)), ("dataset", [MEAN, *datasets])]
    (x, columns), (y, lines) = sorted(sides, key=lambda side: len(side[1]))
    tooltip = tooltips(dataset="dataset", strategy="strategy", B="budget", regret=f"relative_regret|{EXACT}")
    heading = alt.TitleParams(title, anchor="start", fontSize=14)
    return cells(drawn, x, y, columns, lines, tooltip, title=heading)


def by_dataset(rows: Rows, title: str, means: Sequence[str], end: float) -> alt.LayerChart:
    """Draw each strategy's regret on every dataset: bars, or dots if there are many strategies.

    rows: dataset, vtab_group, strategy, budget, relative_regret, solid (whether its budget is the larger one), low, high (of the
    solid rows, null without intervals), paper (the printed regret, null if none). Datasets keep the order of rows. means: lines under
    the title. end: where the axis ends, so that pools side by side share it.
    """
    few = len(strategies(rows)) <= MANY
    shown: Rows = rows if few else [row for row in rows if row["solid"]]
    names = strategies(shown)
    base = alt.Chart().encode(y=row_axis("dataset", unique(row["dataset"] for row in shown)), yOffset=_strategy_offset(names))
    tooltip = tooltips(dataset="dataset", group="vtab_group", strategy="strategy", B="budget", regret=f"relative_regret|{EXACT}",
                   low=f"low|{EXACT}", high=f"high|{EXACT}", paper=f"paper|{EXACT}")  # fmt: skip
    regret = percent_x("relative_regret", "relative regret", domain=[0, end])
    values = (_bars if few else _dots)(base, regret, strategy_colour(names), tooltip)
    paper_marks = (
        base.transform_filter("datum.paper !== null && datum.solid")
        .mark_point(shape="diamond", size=45, fill="white", stroke="black", strokeWidth=1.2)
        .encode(x=alt.X("paper:Q"), tooltip=tooltip)
    )
    over = interval_lines(base, "dataset", "strategy") if few else _interval_rules(base, strategy_colour(names))
    over = over if any(row["low"] is not None for row in shown) else []
    over += [paper_marks] if any(row["paper"] is not None for row in shown) else []
    if few:
        shown, over = _with_group_names(shown), [*over, _group_names(base)]
    layers = [*values, *over] if few else [*over, *values]  # a dot would vanish under its interval
    step = alt.Step(BAR if few else DOT, **{"for": "offset"})
    heading = alt.TitleParams(title, subtitle=list(means), anchor="start", fontSize=14)
    return layered(shown, *layers, height=step, title=heading)


def _bars(base: alt.Chart, regret: alt.X, colour: alt.Color, tooltip: list[alt.Tooltip]) -> list[alt.Chart]:
    """Draw a pale bar for the smaller budget, over it a solid one for the larger, and a tick at zero where nothing is lost.

    The tick tells a regret of zero from one that is missing.
    """
    bars = [
        base.transform_filter(f"datum.solid == {str(solid).lower()}")
        .mark_bar(size=BAR - 1)
        .encode(x=regret, color=colour, opacity=dimmed(opacity), tooltip=tooltip)
        for solid, opacity in ((False, PALE), (True, SOLID))
    ]
    zero = (
        base.transform_filter("datum.solid && datum.relative_regret === 0")
        .mark_tick(thickness=3, size=BAR - 1, xOffset=1)
        .encode(x=regret, color=colour, opacity=dimmed(), tooltip=tooltip)
    )
    return [picking(bars[0]), bars[1], zero]


def _dots(base: alt.Chart, regret: alt.X, colour: alt.Color, tooltip: list[alt.Tooltip]) -> list[alt.Chart]:
    """Draw a dot for the larger budget: on the axis where nothing is lost, and none where the regret is missing."""
    dots = base.mark_point(filled=True, size=55).encode(x=regret, color=colour, opacity=dimmed(0.9), tooltip=tooltip)
    return [picking(dots)]


def _interval_rules(base: alt.Chart, colour: alt.Color) -> list[alt.Chart]:
    """Draw intervals in the colours of their dots: black ones of many strategies could not be told apart."""
    there = base.transform_filter("datum.low !== null")
    rules = there.mark_rule(strokeWidth=1.5)
    return [rules.encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"), color=colour, opacity=dimmed(0.5))]


def _group_names(base: alt.Chart) -> alt.Chart:
    labels = base.transform_filter("datum.head !== null").mark_text(
        align="right", dx=-4, fontSize=11, fontStyle="italic", color=TEXT
    )
    named: alt.Chart = labels.encode(
        x=alt.XValue("width"),  # type: ignore[no-untyped-call]
        text=alt.Text("head:N"),
    )
    return named


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
    """Draw the mean regret of each group of datasets at the chosen budget, a bar for each strategy.

    rows: vtab_group, strategy, budget, datasets, relative_regret, low, high (null without intervals).
    """
    names = strategies(rows)
    base = alt.Chart().encode(
        y=row_axis("vtab_group", unique(row["vtab_group"] for row in rows)),
        yOffset=_strategy_offset(names),
        x=percent_x("relative_regret", "mean relative regret of the group", domainMin=0, range=room_right(45)),
    )
    tooltip = tooltips(
        group="vtab_group", datasets="datasets", strategy="strategy", B="budget", regret=f"relative_regret|{EXACT}",
        low=f"low|{EXACT}", high=f"high|{EXACT}",
    )  # fmt: skip
    bars = picking(base.mark_bar(size=GROUP - 2).encode(color=strategy_colour(names), opacity=dimmed(), tooltip=tooltip))
    labels = (
        base.transform_calculate(right="max(datum.high, datum.relative_regret)")
        .mark_text(align="left", dx=3, fontSize=10, color=TEXT)
        .encode(x=alt.X("right:Q"), text=alt.Text("relative_regret:Q", format=EXACT))
    )
    lines = interval_lines(base, "vtab_group", "strategy") if any(row["low"] is not None for row in rows) else []
    return layered(rows, bars, *lines, labels, height=alt.Step(GROUP, **{"for": "offset"}))
