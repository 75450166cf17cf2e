"""Draws all accuracies on one dataset: each repeat of each model, and what strategies pick among them."""

import altair as alt

from dashboard.chart.colour import NEUTRAL
from dashboard.chart.style import (
    EXACT,
    PICKS,
    Rows,
    layered,
    percent_x,
    picks_of,
    row_axis,
    strategies,
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
    told = tooltips(strategy="strategy", pick="place", model="model", accuracy=f"accuracy|{EXACT}")
    picked = picks_of(names, model_axis, told, 0.95, shape="diamond", size=50)
    return layered(rows, repeats, median, picked, others={PICKS: picks}, height=alt.Step(28, **{"for": "position"}))
