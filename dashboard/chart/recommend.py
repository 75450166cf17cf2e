"""Draws a proxy's scores of one's own images against size and cost, and what a fine-tuned model takes for what."""

import altair as alt

from dashboard.chart.colour import FAMILIES, TEXT
from dashboard.chart.style import Rows, category_colour, layered, row_axis, tooltips, unique


def score_by(rows: Rows, field: str, title: str, proxy: str, colour: str) -> alt.LayerChart:
    """Draw score against a number above 0, a point for each model; a ring and a name mark those to fine-tune.

    rows: also chosen, which is true for these. colour: of the ring.
    """
    base = alt.Chart().encode(
        x=alt.X(
            f"{field}:Q",
            title=title,
            axis=alt.Axis(format="~s" if field == "num_params" else "~g", tickCount=5, grid=False),
            scale=alt.Scale(type="log", padding=25, nice=False),
        ),
        y=alt.Y("score:Q", title=f"{proxy} score", axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=False, padding=25)),
        tooltip=tooltips(
            rank="rank", model="model", score="score|.3f", parameters="num_params|.3~s", seconds_of_the_pass="seconds|.3~g"
        ),
    )
    points = base.mark_point(filled=True, size=70, opacity=0.85).encode(color=category_colour(rows, "family", FAMILIES))
    chosen = base.transform_filter("datum.chosen")
    rings = chosen.mark_point(size=260, strokeWidth=2.5, color=colour)
    labels = chosen.mark_text(dy=-15, color=TEXT, fontSize=11, limit=150).encode(text=alt.Text("model:N"))
    return layered(rows, points, rings, labels, height=300)


def confusions(rows: Rows) -> alt.LayerChart:
    """Draw how many images of one class were taken for another, a bar for each pair, in the order of rows."""
    base = alt.Chart().encode(
        y=row_axis("pair", unique(row["pair"] for row in rows), 220),
        x=alt.X("images:Q", title="images", axis=alt.Axis(tickMinStep=1, format="d")),
        tooltip=tooltips(class_="label", taken_for="predicted", images="images", of="of_class"),
    )
    bars = base.mark_bar(color=FAMILIES["expert"], height=14)
    numbers = base.mark_text(dx=6, align="left", color=TEXT).encode(text=alt.Text("images:Q"))
    return layered(rows, bars, numbers, height=alt.Step(22))
