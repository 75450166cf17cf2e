"""Draws regret against the time that it costs: a path for each strategy over B, and the Pareto front."""

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from dashboard.chart.colour import NEUTRAL, TEXT
from dashboard.chart.labels import Box, places
from dashboard.chart.style import (
    EXACT,
    LINE,
    PERCENT,
    Rows,
    dimmed,
    layered,
    picking,
    strategies,
    strategy_colour,
    strategy_dash,
    tooltips,
)
from dashboard.format import THIN

HEIGHT = 400
NARROW, WIDE = 270, 640  # pixels of a plot for which labels are placed: on a telephone, and from there on
RING = 5  # pixels
FRONT, LABELS = "front", "labels"  # data sets
MINUTE, HOUR = 60, 3600
TIMES = [size * number for size in (1, MINUTE) for number in (1, 3, 5, 10, 20, 40)]
TIMES += [HOUR * number * 10**power for power in range(6) for number in (1, 2, 3, 5)]
LOSSES = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1]
DURATION = (
    f"datum.value >= {HOUR} ? format(datum.value / {HOUR}, ',~f') + '{THIN}h' : "
    f"datum.value >= {MINUTE} ? format(datum.value / {MINUTE}, '~f') + '{THIN}min' : format(datum.value, '~f') + '{THIN}s'"
)


def by_cost(paths: Rows, front: Rows, budget: int) -> alt.LayerChart:
    """Draw mean regret against seconds: steps for each strategy, shade below the front, and names at the front where there is space.

    paths: strategy, budget, seconds, relative_regret, speed_up, those of a strategy by seconds. front: the same, by seconds. budget: has
    larger points.
    """
    names = strategies(paths)
    every = [*paths, *front]
    low, high = min(row["seconds"] for row in every) / 1.05, max(row["seconds"] for row in every) * 1.05
    top = max(max(row["relative_regret"] for row in every), 0.01)
    x = alt.X(
        "seconds:Q",
        title="cost over the datasets of the mean",
        scale=alt.Scale(type="log", nice=False, domain=[low, high]),
        axis=alt.Axis(
            labelExpr=DURATION, grid=False, values=[time for time in TIMES if low <= time <= high], labelOverlap="greedy"
        ),
    )
    y = alt.Y(
        "relative_regret:Q",
        title="mean relative regret",
        stack=False,
        scale=alt.Scale(type="sqrt", nice=False, domain=[0, top]),
        axis=alt.Axis(format=PERCENT, grid=False, values=[loss for loss in LOSSES if loss <= top]),
    )
    tooltip = tooltips(
        strategy="strategy", B="budget", regret=f"relative_regret|{EXACT}", seconds="seconds|,.0f", speed_up="speed_up|.1f"
    )
    base = alt.Chart().encode(x=x, y=y)
    lines = base.mark_line(interpolate="step-after", strokeWidth=1.5).encode(
        color=strategy_colour(names, **LINE), strokeDash=strategy_dash(names), opacity=dimmed()
    )
    points = base.mark_point(filled=True).encode(
        color=strategy_colour(names, **LINE),
        opacity=dimmed(),
        size=alt.SizeValue(22, condition={"test": "datum.chosen", "value": 80}),
        tooltip=tooltip,
    )
    edge = alt.Chart(alt.NamedData(name=FRONT)).encode(x=x, y=y)
    shade = edge.mark_area(interpolate="step-after", color=NEUTRAL, opacity=0.15)
    rings = edge.transform_filter("datum.budget !== null").mark_point(size=70, strokeWidth=1.5, color=NEUTRAL)
    named = alt.Chart(alt.NamedData(name=LABELS)).transform_filter(f"(width >= {WIDE}) === datum.wide").encode(x=x)
    stems = named.mark_rule(color=NEUTRAL).encode(y=y, y2=alt.Y2("at:Q"), opacity=dimmed(0.6))
    align, aside = alt.ExprRef("datum.align"), alt.ExprRef("datum.align === 'left' ? 5 : -5")
    words = named.mark_text(color=TEXT, align=align, dx=aside, fontSize=11).encode(
        y=alt.Y("at:Q"), text=alt.Text("text:N"), opacity=dimmed()
    )
    drawn = [{**row, "chosen": row["budget"] == budget} for row in paths]
    end = [{**front[-1], "seconds": high, "budget": None}] if front else []
    named_rows: Rows = [row for width in (NARROW, WIDE) for row in _labels(paths, front, low, high, top, width)]
    others: dict[str, Rows] = {FRONT: [*front, *end], LABELS: named_rows}
    return layered(
        drawn,
        shade,
        stems,
        picking(lines),
        points,
        rings.encode(tooltip=tooltip, opacity=dimmed()),
        words,
        others=others,
        height=HEIGHT,
    )


def _labels(paths: Rows, front: Rows, low: float, high: float, top: float, width: int) -> Rows:
    """Return the labels that have a place in a plot of this width; who gains most on the one before chooses first."""

    def pixels(row: Mapping[str, Any]) -> tuple[float, float]:
        share = math.log(row["seconds"] / low) / math.log(high / low)
        return share * width, HEIGHT * (1 - math.sqrt(row["relative_regret"] / top))

    before = [top, *(row["relative_regret"] for row in front)]
    ordered = [row for row, _ in sorted(zip(front, before, strict=False), key=lambda pair: pair[0]["relative_regret"] - pair[1])]
    texts = [f"{row['strategy']}, B = {row['budget']}" for row in ordered]
    taken: list[Box] = []
    for _, path in itertools.groupby(paths, key=lambda row: row["strategy"]):
        taken += _steps([pixels(row) for row in path])
    taken += [(x - RING, y - RING, x + RING, y + RING) for x, y in map(pixels, front)]
    found = places([pixels(row) for row in ordered], texts, taken, width, HEIGHT)
    return [
        {**ordered[place.index], "text": texts[place.index], "at": top * (1 - place.y / HEIGHT) ** 2, "align": place.align,
         "wide": width == WIDE}
        for place in found
    ]  # fmt: skip


def _steps(points: Sequence[tuple[float, float]]) -> list[Box]:
    """Return the lines of steps, which go to the side first."""
    found = []
    for (x, y), (end, after) in itertools.pairwise(points):
        found += [(x, y, end, y), (end, min(y, after), end, max(y, after))]
    return found
