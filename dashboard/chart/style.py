"""Shared parts of charts: rows, colours of strategies, axes in percent."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt

from dashboard.chart.colour import colour, dash

Rows = Sequence[Mapping[str, Any]]
ROWS = "rows"  # the name of a chart's rows
PERCENT = ".0%"
EXACT = ".1%"
FIT = alt.AutoSizeParams(type="fit-x", contains="padding")  # a legend of many rows takes none of the height
COLUMNS = alt.ExprRef("width < 320 ? 1 : width < 520 ? 2 : 4")  # of a legend, so that it fits a telephone


def layered(rows: Rows, *layers: alt.Chart, others: Mapping[str, Rows] | None = None, **properties: Any) -> alt.LayerChart:
    """Put layers over the same rows. others: rows of a layer whose data are alt.NamedData of that name.

    Rows stand beside the specification, under names that stay: where nothing but rows has changed, a browser puts them into the view
    that it has, and compiles nothing. They come last, because Altair copies all that a chart holds at every step. Channels are objects,
    alt.X("q1:Q"), never x="q1:Q": for text Altair looks through its whole schema, 7 ms each.
    """
    chart = alt.layer(*layers, data=alt.NamedData(name=ROWS), autosize=FIT, **properties)
    assert isinstance(chart, alt.LayerChart)
    chart.datasets = {name: [dict(row) for row in some] for name, some in {ROWS: rows, **(others or {})}.items()}
    return chart


def strategies(rows: Rows, field: str = "strategy") -> list[str]:
    """Return the strategies of the rows, in their order there."""
    return list(dict.fromkeys(row[field] for row in rows))


def legend_of(title: str | None = None, **more: Any) -> alt.Legend:
    """Return a legend above the chart."""
    return alt.Legend(title=title, orient="top", columns=COLUMNS, labelLimit=160, symbolOpacity=1, **more)


def strategy_colour(names: Sequence[str], field: str = "strategy", **legend: Any) -> alt.Color:
    """Return the colour of each strategy, with a legend."""
    scale = alt.Scale(domain=list(names), range=[colour(name) for name in names])
    return alt.Color(f"{field}:N", scale=scale, legend=legend_of(**legend))


def kind_colour(rows: Rows, field: str, known: Mapping[str, str]) -> alt.Color:
    """Return the known colour of each value of a field; unknown values get a colour that follows from their name."""
    kinds = [kind for kind in known if any(row[field] == kind for row in rows)]
    kinds += [kind for kind in each(row[field] for row in rows) if kind is not None and kind not in known]
    scale = alt.Scale(domain=kinds, range=[known.get(kind) or colour(kind) for kind in kinds])
    return alt.Color(f"{field}:N", scale=scale, legend=legend_of())


def strategy_dash(names: Sequence[str], **legend: Any) -> alt.StrokeDash:
    """Return the dash pattern of each strategy's line."""
    return alt.StrokeDash(
        "strategy:N", scale=alt.Scale(domain=list(names), range=[list(dash(name)) for name in names]), legend=None
    )


def rows_of(field: str, order: Sequence[str], width: int = 140) -> alt.Y:
    """Return an axis with a row for each name, in that order, and all names written. width: pixels that a name may take."""
    axis = alt.Axis(labelLimit=width, ticks=False, domain=False, labelFlush=False, labelOverlap=False)
    return alt.Y(f"{field}:N", sort=list(order), title=None, axis=axis)


def percent(field: str, title: str, **scale: Any) -> alt.X:
    """Return an x axis of fractions, labelled in percent."""
    return alt.X(f"{field}:Q", title=title, axis=alt.Axis(format=PERCENT, tickCount=5), scale=alt.Scale(**scale))


def percent_up(field: str, title: str, **scale: Any) -> alt.Y:
    """Return a y axis of fractions, labelled in percent."""
    return alt.Y(f"{field}:Q", title=title, axis=alt.Axis(format=PERCENT, tickCount=5), scale=alt.Scale(**scale))


def interval(base: alt.Chart, *of: str) -> list[alt.Chart]:
    """Draw lines from low to high, where there are both: black on white, so that they show on a bar and beside it, in both themes.

    of: the fields that tell one interval from another.
    """
    ends = base.transform_filter("datum.low !== null").transform_fold(["low", "high"], as_=["side", "end"])
    return [
        ends.mark_line(color=colour, strokeWidth=width).encode(
            x=alt.X("end:Q"), detail=[alt.Detail(f"{field}:N") for field in of]
        )
        for colour, width in (("white", 3), ("black", 1))
    ]


def said(**fields: str) -> list[alt.Tooltip]:
    """Return a tooltip: its labels with their fields, a number's format after a bar: regret="relative_regret|.1%"."""
    found = []
    for title, field in fields.items():
        name, _, form = field.partition("|")
        words = title.replace("_", " ")
        found.append(alt.Tooltip(f"{name}:Q", title=words, format=form) if form else alt.Tooltip(f"{name}:N", title=words))
    return found


def each(values: Iterable[Any]) -> list[Any]:
    """Return values once each, in their order."""
    return list(dict.fromkeys(values))
