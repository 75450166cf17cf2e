"""Draws what a proxy's scores say about accuracies (figures 8, 9 and 23)."""

import altair as alt

from dashboard.chart.colour import FAMILIES, GROUPS, NEUTRAL
from dashboard.chart.style import EXACT, PERCENT, Rows, kind_colour, layered, percent_up, said


def scatter(rows: Rows, proxy: str, colour: str) -> alt.LayerChart:
    """Draw score against accuracy, a point for each model, with rings around the proxy's first and the pool's best.

    rows: with first and best.
    colour: of the proxy's strategy.
    """
    base = alt.Chart().encode(
        x=alt.X("score:Q", title=f"{proxy} score", axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=False)),
        y=alt.Y("accuracy:Q", title="accuracy after fine-tuning", axis=alt.Axis(tickCount=5), scale=alt.Scale(zero=False)),
        tooltip=said(model="model", family="family", score="score|.3f", accuracy="accuracy|.3f"),
    )
    points = base.mark_point(filled=True, size=70, opacity=0.85).encode(color=kind_colour(rows, "family", FAMILIES))
    first = base.transform_filter("datum.first").mark_point(size=260, strokeWidth=2.5, color=colour)
    best = base.transform_filter("datum.best").mark_point(size=260, strokeWidth=2.5, color=NEUTRAL, shape="square")
    words = base.mark_text(dy=-14, color=NEUTRAL, fontSize=11, limit=150).encode(text=alt.Text("model:N"))
    return layered(rows, points, first, best, words.transform_filter("datum.first || datum.best"), height=300)


def correlation(rows: Rows, field: str) -> alt.LayerChart:
    """Draw correlation against regret, a point for each dataset. field: pearson or kendall."""
    names = {"pearson": "Pearson's r", "kendall": "Kendall's tau b"}
    base = alt.Chart().encode(
        x=alt.X(f"{field}:Q", title=f"{names[field]} of score and accuracy", scale=alt.Scale(domain=[-1, 1])),
        y=percent_up("relative_regret", "relative regret at B = 1", domainMin=0),
    )
    tooltip = said(dataset="dataset", group="vtab_group", models="models", pearson="pearson|.2f", kendall="kendall|.2f",
                   regret=f"relative_regret|{EXACT}")  # fmt: skip
    points = base.mark_point(filled=True, size=80, opacity=0.9).encode(
        color=kind_colour(rows, "vtab_group", GROUPS),
        tooltip=tooltip,
    )
    words = (
        base.transform_filter("datum.relative_regret > 0")
        .mark_text(dy=-10, fontSize=10, color=NEUTRAL)
        .encode(text=alt.Text("dataset:N"))
    )
    return layered(rows, points, words, height=300)


def dimension(rows: Rows, proxy: str) -> alt.LayerChart:
    """Draw score against the length of the representation, a point for each model and dataset (figure 23)."""
    base = alt.Chart().encode(
        x=alt.X(
            "feature_dim:Q",
            title="length of the representation",
            scale=alt.Scale(type="log", nice=False, padding=12),
            axis=alt.Axis(format="d"),
        ),
        y=alt.Y("score:Q", title=f"{proxy} score", axis=alt.Axis(format=PERCENT if proxy in ("linear", "knn") else "")),
        tooltip=said(model="model", dataset="dataset", dimension="feature_dim|d", score="score|.3f"),
    )
    points = base.mark_point(filled=True, size=45, opacity=0.6).encode(color=kind_colour(rows, "family", FAMILIES))
    return layered(rows, points, height=300)
