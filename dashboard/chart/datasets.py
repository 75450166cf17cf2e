"""Draws all accuracies on one dataset: each repeat of each model, and what strategies pick among them."""

import altair as alt

from dashboard.chart.colour import NEUTRAL
from dashboard.chart.style import (
    EXACT,
    Rows,
    dimmed,
    layered,
    percent_x,
    picking,
    row_axis,
    strategies,
    strategy_colour,
    tooltips,
    unique,
)


def accuracies(rows: Rows, picks: Rows) -> alt.LayerChart:
    """Draw a dot for each repeat and a tick for each model's accuracy, models in the order of rows; picks in their strategies' colours."""
    model_axis = row_axis("model", unique(row["model"] for row in rows), 160)
    base = alt.Chart().encode(y=model_axis)
    tooltip = tooltips(model="model", accuracy=f"accuracy|{EXACT}", this_repeat=f"repeat_accuracy|{EXACT}")
    repeats = base.mark_point(filled=True, size=28, color=NEUTRAL, opacity=0.6).encode(
        x=percent_x("repeat_accuracy", "test accuracy", zero=False, padding=6), tooltip=tooltip
    )
    median = base.mark_tick(color=NEUTRAL, thickness=2, height=14).encode(x=alt.X("accuracy:Q"), tooltip=tooltip)
    names = strategies(picks)
    picked = (
        alt.Chart(alt.NamedData(name="picks"))
        .mark_point(filled=True, shape="diamond", size=50)
        .encode(
            y=model_axis,
            yOffset=alt.YOffset("strategy:N", sort=names),
            x=alt.X("accuracy:Q"),
            color=strategy_colour(names),
            opacity=dimmed(0.95),
            tooltip=tooltips(strategy="strategy", pick="place", model="model", accuracy=f"accuracy|{EXACT}"),
        )
    )
    return layered(rows, repeats, median, picking(picked), others={"picks": picks}, height=alt.Step(28, **{"for": "position"}))
