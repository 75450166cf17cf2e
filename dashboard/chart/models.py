"""Draws the accuracy of models on each dataset, and the picks among them (figures 24 to 28)."""

from typing import Any

import altair as alt

from dashboard.chart.cells import names_above
from dashboard.chart.colour import NEUTRAL, SEQUENTIAL
from dashboard.chart.style import (
    EXACT,
    PERCENT,
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
from dashboard.format import count

ROW = 17


def heatmap(rows: Rows, field: str, title: str) -> alt.LayerChart:
    """Draw a heatmap of model × dataset, with a dot on the best model of each dataset and a cross where fine-tunes diverged.

    field: accuracy or relative_regret. rows: also diverged, the number of such fine-tunes, of as many as runs says (null where nobody
    knows). Models and datasets keep the order of rows.
    """
    models, datasets = unique(row["model"] for row in rows), unique(row["dataset"] for row in rows)
    reverse = field == "relative_regret"
    drawn = [
        {**row, "told": None if row["runs"] is None else f"{row['diverged']} of {count(row['runs'], 'run')}"} for row in rows
    ]
    base = alt.Chart().encode(
        x=alt.X("dataset:N", sort=datasets, title=None, axis=names_above(len(datasets))),
        y=row_axis("model", models, 130),
        tooltip=tooltips(
            model="model", dataset="dataset", accuracy=f"accuracy|{EXACT}", regret=f"relative_regret|{EXACT}", diverged="told"
        ),
    )
    colours = SEQUENTIAL[::-1] if reverse else SEQUENTIAL
    cells = base.mark_rect().encode(
        color=alt.Color(
            f"{field}:Q",
            scale=alt.Scale(range=colours),
            legend=alt.Legend(title=title, orient="top", format=PERCENT, gradientLength=180),
        )
    )
    marked: dict[str, Any] = {
        "filled": True,
        "color": "white",
        "stroke": "black",
        "opacity": 1,
    }  # shows on every colour of a cell
    best = base.transform_filter("datum.best").mark_point(size=34, strokeWidth=1, **marked)
    diverged = base.transform_filter("datum.diverged > 0").mark_point(shape="cross", angle=45, size=50, strokeWidth=0.7, **marked)
    return layered(drawn, cells, diverged, best, height=alt.Step(ROW))


def boxes(ranges: Rows, picks: Rows) -> alt.LayerChart:
    """Draw the pool's accuracies as a box plot for each dataset, and each strategy's first pick as a dot in its colour."""
    datasets = unique(row["dataset"] for row in ranges)
    dataset_axis = row_axis("dataset", datasets)
    base = alt.Chart().encode(y=dataset_axis)
    parts = {name: f"{name}|{EXACT}" for name in ("lowest", "q1", "median", "q3", "highest")}
    tooltip = tooltips(dataset="dataset", models="models", **parts)
    whisker = base.mark_rule(color=NEUTRAL).encode(
        x=percent_x("whisker_low", "accuracy", zero=False, padding=4),
        x2=alt.X2("whisker_high:Q"),
        tooltip=tooltip,
    )
    box = base.mark_bar(color=NEUTRAL, opacity=0.35, height=13).encode(x=alt.X("q1:Q"), x2=alt.X2("q3:Q"), tooltip=tooltip)
    middle = base.mark_tick(color=NEUTRAL, thickness=2, height=13).encode(x=alt.X("median:Q"), tooltip=tooltip)
    best = base.mark_tick(color=NEUTRAL, thickness=1.5, height=8).encode(x=alt.X("highest:Q"), tooltip=tooltip)
    names = strategies(picks)
    told = tooltips(dataset="dataset", strategy="strategy", first_pick="model", accuracy=f"accuracy|{EXACT}")
    dots = picks_of(names, dataset_axis, told, 0.9, size=60)
    return layered(ranges, whisker, box, middle, best, dots, others={PICKS: picks}, height=alt.Step(26, **{"for": "position"}))


def one_model(rows: Rows) -> alt.LayerChart:
    """Draw one model's accuracy on every dataset, and the gap to the best model of the pool."""
    datasets = unique(row["dataset"] for row in rows)
    base = alt.Chart().encode(y=row_axis("dataset", datasets))
    tooltip = tooltips(
        dataset="dataset",
        accuracy=f"accuracy|{EXACT}",
        best_of_the_pool=f"oracle_accuracy|{EXACT}",
        regret=f"relative_regret|{EXACT}",
    )
    gap = base.mark_rule(color=NEUTRAL, strokeWidth=2).encode(
        x=percent_x("accuracy", "accuracy", zero=False, padding=4),
        x2=alt.X2("oracle_accuracy:Q"),
        tooltip=tooltip,
    )
    best = base.mark_tick(color=NEUTRAL, thickness=2.5, height=12).encode(x=alt.X("oracle_accuracy:Q"), tooltip=tooltip)
    own = base.mark_point(filled=True, size=80).encode(
        x=alt.X("accuracy:Q"),
        color=alt.Color(
            "best:N",
            scale=alt.Scale(domain=[True, False], range=["#009E73", "#0072B2"]),
            legend=alt.Legend(title="best of the pool", orient="top", labelExpr="datum.value ? 'yes' : 'no'"),
        ),
        tooltip=tooltip,
    )
    return layered(rows, gap, best, own, height=alt.Step(20))
