"""Draws a proxy's scores against accuracy, regret and representation size (figures 8, 9 and 23)."""

import altair as alt

from dashboard.chart.colour import FAMILIES, GROUPS, NEUTRAL
from dashboard.chart.style import EXACT, PERCENT, Rows, category_colour, layered, percent_y, tooltips


def scatter(rows: Rows, proxy: str, colour: str) -> alt.LayerChart:
    """Draw score against accuracy, a point for each model; a ring marks the proxy's first pick, a square the best model of the pool.

    rows: also first and best, which are true for these two. colour: of the ring.
    """
    base = alt.Chart().encode(
        x=alt.X("score:Q", title=f"{proxy} score", axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=False)),
        y=percent_y("accuracy", "accuracy after fine-tuning", zero=False, nice=True),
        tooltip=tooltips(model="model", family="family", score="score|.3f", accuracy=f"accuracy|{EXACT}"),
    )
    points = base.mark_point(filled=True, size=70, opacity=0.85).encode(color=category_colour(rows, "family", FAMILIES))
    first = base.transform_filter("datum.first").mark_point(size=260, strokeWidth=2.5, color=colour)
    best = base.transform_filter("datum.best").mark_point(size=260, strokeWidth=2.5, color=NEUTRAL, shape="square")
    labels = base.mark_text(dy=-14, color=NEUTRAL, fontSize=11, limit=150).encode(text=alt.Text("model:N"))
    return layered(rows, points, first, best, labels.transform_filter("datum.first || datum.best"), height=300)


def correlation(rows: Rows, field: str) -> alt.LayerChart:
    """Draw correlation against regret, a point for each dataset. field: pearson or kendall."""
    names = {"pearson": "Pearson's r", "kendall": "Kendall's tau b"}
    base = alt.Chart().encode(
        x=alt.X(f"{field}:Q", title=f"{names[field]} of score and accuracy", scale=alt.Scale(zero=True)),
        y=percent_y("relative_regret", "relative regret at B = 1", domainMin=0),
    )
    tooltip = tooltips(dataset="dataset", group="vtab_group", models="models", pearson="pearson|.2f", kendall="kendall|.2f",
                   regret=f"relative_regret|{EXACT}")  # fmt: skip
    points = base.mark_point(filled=True, size=80, opacity=0.9).encode(
        color=category_colour(rows, "vtab_group", GROUPS),
        tooltip=tooltip,
    )
    labels = (
        base.transform_filter("datum.relative_regret > 0")
        .mark_text(dy=-10, fontSize=10, color=NEUTRAL)
        .encode(text=alt.Text("dataset:N"))
    )
    return layered(rows, points, labels, height=300)


def dimension(rows: Rows, proxy: str) -> alt.LayerChart:
    """Draw score against the dimension of the representation, a point for each model and dataset (figure 23)."""
    base = alt.Chart().encode(
        x=alt.X(
            "feature_dim:Q",
            title="dimension of the representation",
            scale=alt.Scale(type="log", nice=False, padding=12),
            axis=alt.Axis(format="d"),
        ),
        y=alt.Y("score:Q", title=f"{proxy} score", axis=alt.Axis(format=PERCENT if proxy in ("linear", "knn") else "")),
        tooltip=tooltips(model="model", dataset="dataset", dimension="feature_dim|d", score="score|.3f"),
    )
    points = base.mark_point(filled=True, size=45, opacity=0.6).encode(color=category_colour(rows, "family", FAMILIES))
    return layered(rows, points, height=300)
