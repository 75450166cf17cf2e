"""Draws regret against the budget: fine-tunes or seconds."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from dashboard.chart.colour import NEUTRAL
from dashboard.chart.style import EXACT, Rows, layered, percent_y, strategies, strategy_colour, strategy_dash, tooltips
from dashboard.format import THIN

LINE: dict[str, Any] = {"symbolType": "stroke", "symbolSize": 400, "symbolStrokeWidth": 2.5}  # a legend of lines
HEIGHT = 300
FAINT = 0.3
BAND = 0.15  # opacity of an interval, so that lines show through it
CHOSEN = "chosen"  # the data set of the rule
HOUR = f"datum.value >= 3600 ? format(datum.value / 3600, '.2~g') + '{THIN}h' : "
MINUTE = f"datum.value >= 60 ? format(datum.value / 60, '.2~g') + '{THIN}min' : "
DURATION = f"{HOUR}{MINUTE}format(datum.value, '.2~g') + '{THIN}s'"


def by_budget(rows: Rows, field: str, title: str, budget: int, faint: Sequence[str] = ()) -> alt.LayerChart:
    """Draw a line for each strategy over B, and mark the chosen budget.

    rows: strategy, budget and the field; also low and high (null without an interval). field: what to draw, a fraction.
    faint: strategies in the background.
    """
    names = strategies(rows)
    last = max((row["budget"] for row in rows), default=1)
    x = alt.X(
        "budget:Q",
        title="B, number of fine-tuned models",
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
        scale=alt.Scale(domain=[1, max(last, 2)], nice=False, zero=False, padding=8),
    )
    base = alt.Chart().encode(
        x=x,
        y=percent_y(field, title, zero=True),
        color=strategy_colour(names, **LINE),
        opacity=alt.OpacityValue(1.0, condition={"test": "datum.faint", "value": FAINT}),
        tooltip=tooltips(strategy="strategy", B="budget", **{title.replace(" ", "_"): f"{field}|{EXACT}"}),
    )
    rule = alt.Chart(alt.NamedData(name=CHOSEN)).mark_rule(color=NEUTRAL, strokeDash=[3, 3]).encode(x=x)
    lines = base.mark_line(strokeWidth=2.5).encode(strokeDash=strategy_dash(names, **LINE))
    points = base.mark_point(filled=True).encode(size=alt.SizeValue(28, condition={"test": "datum.chosen", "value": 110}))
    drawn = [{**row, "faint": row["strategy"] in faint, "chosen": row["budget"] == budget} for row in rows]
    drawn.sort(key=lambda row: not row["faint"])  # later rows are drawn on top
    band = alt.Chart().transform_filter("datum.low !== null && !datum.faint").mark_area(opacity=BAND).encode(
        x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"), color=strategy_colour(names, **LINE)
    )  # fmt: skip
    bands = [band] if any(row.get("low") is not None for row in rows) else []
    return layered(drawn, rule, *bands, lines, points, others={CHOSEN: [{"budget": budget}]}, height=HEIGHT)


def by_cost(rows: Rows) -> alt.LayerChart:
    """Draw mean regret against seconds, a point for each strategy and budget, and the Pareto front (the rows with `front`) as steps."""
    names = strategies(rows)
    seconds = alt.X(
        "seconds:Q",
        title="cost over the datasets of the mean, seconds on the devices that ran it",
        scale=alt.Scale(type="log", nice=False),
        axis=alt.Axis(labelExpr=DURATION, grid=False, tickCount=6),
    )
    base = alt.Chart().encode(x=seconds, y=percent_y("relative_regret", "mean relative regret", zero=True))
    tooltip = tooltips(
        strategy="strategy", B="budget", regret=f"relative_regret|{EXACT}", seconds="seconds|,.0f", speed_up="speed_up|.1f"
    )
    front = base.transform_filter("datum.front").mark_line(interpolate="step-after", color=NEUTRAL, strokeWidth=2)
    points = base.mark_point(filled=True, size=45, opacity=0.75).encode(color=strategy_colour(names), tooltip=tooltip)
    ringed = base.transform_filter("datum.front").mark_point(size=150, strokeWidth=2.5, color=NEUTRAL).encode(tooltip=tooltip)
    label = base.transform_filter("datum.front").mark_text(dy=-13, color=NEUTRAL, fontSize=11).encode(text=alt.Text("budget:N"))
    return layered(rows, front, points, ringed, label, height=HEIGHT)


def share(rows: Rows, budget: int) -> alt.LayerChart:
    """Draw the share of datasets with zero regret over B (figures 7, 17)."""
    return by_budget(rows, "share", "datasets with zero regret", budget)
