"""Draws a proxy's scores against accuracy, regret and representation size (figures 8, 9 and 23)."""

from collections.abc import Mapping
from typing import Any

import altair as alt

from dashboard.chart.colour import FAMILIES, GROUPS, NEUTRAL, TEXT
from dashboard.chart.labels import clear
from dashboard.chart.style import EXACT, PERCENT, Rows, category_colour, layered, percent_y, tooltips

HEIGHT = 300
NARROW, WIDE = 250, 560  # pixels of a plot for which names are chosen: on a telephone, and from there on
ABOVE, BESIDE = 10, 40  # pixels from a point to its name, and from the outermost points to the sides of the plot
NAMES = "names"  # the data set of the names


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
    labels = base.mark_text(dy=-14, color=TEXT, fontSize=11, limit=150).encode(text=alt.Text("model:N"))
    return layered(rows, points, first, best, labels.transform_filter("datum.first || datum.best"), height=HEIGHT)


def correlation(rows: Rows, field: str) -> alt.LayerChart:
    """Draw correlation against regret, a point for each dataset, with its name where there is space. field: pearson or kendall."""
    names = {"pearson": "Pearson's r", "kendall": "Kendall's tau b"}
    left, right = (end(0, *(row[field] for row in rows if row[field] is not None)) for end in (min, max))
    top = max((row["relative_regret"] for row in rows), default=0) * 1.1 or 1  # with room for a name
    scale = alt.Scale(domain=[left, right], padding=BESIDE, nice=False)
    x = alt.X(f"{field}:Q", title=f"{names[field]} of score and accuracy", scale=scale)
    base = alt.Chart().encode(x=x, y=percent_y("relative_regret", "relative regret at B = 1", domain=[0, top]))
    tooltip = tooltips(dataset="dataset", group="vtab_group", models="models", pearson="pearson|.2f", kendall="kendall|.2f",
                   regret=f"relative_regret|{EXACT}")  # fmt: skip
    points = base.mark_point(filled=True, size=80, opacity=0.9).encode(
        color=category_colour(rows, "vtab_group", GROUPS),
        tooltip=tooltip,
    )
    lost = sorted(
        (row for row in rows if row["relative_regret"] and row[field] is not None), key=lambda row: -row["relative_regret"]
    )

    def middle(row: Mapping[str, Any], width: int) -> tuple[float, float]:
        share = (row[field] - left) / ((right - left) or 1)
        return BESIDE + (width - 2 * BESIDE) * share, HEIGHT * (1 - row["relative_regret"] / top) - ABOVE

    texts = [row["dataset"] for row in lost]
    named: Rows = [
        {**lost[place], "wide": width == WIDE}
        for width in (NARROW, WIDE)
        for place in clear([middle(row, width) for row in lost], texts, width)
    ]
    labels = (
        base.properties(data=alt.NamedData(name=NAMES))
        .transform_filter(f"(width >= {WIDE}) === datum.wide")
        .mark_text(dy=-ABOVE, fontSize=10, color=TEXT)
        .encode(text=alt.Text("dataset:N"))
    )
    return layered(rows, points, labels, others={NAMES: named}, height=HEIGHT)


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
    return layered(rows, points, height=HEIGHT)
