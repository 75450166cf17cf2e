"""Draws the league: a dot with its interval for each strategy, the one that loses least at the top."""

import altair as alt

from dashboard.chart.colour import NEUTRAL, TEXT
from dashboard.chart.style import (
    EXACT,
    Rows,
    interval_lines,
    layered,
    percent_x,
    room_right,
    row_axis,
    strategies,
    strategy_colour,
    tooltips,
)
from dashboard.format import LEVEL

STEP = 24  # pixels of a row
ORACLES = "oracles"  # the data set of the reference


def dots(rows: Rows, oracles: Rows, end: float) -> alt.LayerChart:
    """Draw the mean regrets, each with its value printed beside it.

    rows: strategy, title, relative_regret, low and high (null without an interval), in the order in which they stand. oracles: the same,
    of strategies that read the answer: grey lines, for reference. end: the largest value to draw.
    """
    names = strategies(rows)
    x = percent_x("relative_regret", "mean relative regret", domain=[0, end], range=room_right(55))
    told = {"strategy": "strategy", "title": "title", "regret": f"relative_regret|{EXACT}"}
    ends = {f"{LEVEL} interval from": f"low|{EXACT}", "to": f"high|{EXACT}"}
    base = alt.Chart().encode(y=row_axis("strategy", names, width=170))
    points = base.mark_point(filled=True, size=90, opacity=1).encode(x=x, color=_colours(names), tooltip=tooltips(**told, **ends))
    printed = (
        base.transform_calculate(right="max(datum.high, datum.relative_regret)")
        .mark_text(align="left", dx=9, color=TEXT)
        .encode(x=alt.X("right:Q"), text=alt.Text("relative_regret:Q", format=EXACT))
    )
    reference = (
        alt.Chart(alt.NamedData(name=ORACLES))
        .mark_rule(color=NEUTRAL, strokeDash=[2, 2])
        .encode(x=alt.X("relative_regret:Q"), tooltip=tooltips(**told))
    )
    return layered(
        rows, reference, *interval_lines(base, "strategy"), points, printed,
        others={ORACLES: oracles}, height=alt.Step(STEP),
    )  # fmt: skip


def _colours(names: list[str]) -> alt.Color:
    """Return the colours of strategies, without a legend: each row has its name."""
    encoded = strategy_colour(names)
    return alt.Color(encoded.shorthand, scale=encoded["scale"], legend=None)
