"""Builds the parts that charts share: layers over rows, legends, axes, interval lines and tooltips."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import altair as alt

from dashboard.chart.colour import TEXT, colour, dash
from dashboard.format import MISSING_VALUE, THIN

Rows = Sequence[Mapping[str, Any]]
ROWS = "rows"  # the name of a chart's main data set
PERCENT = ".1~%"  # of an axis
EXACT = ".1%"
# As dashboard.format writes numbers.
LOCALE = {
    "number": {
        "decimal": ".",
        "thousands": ",",
        "grouping": [3],
        "currency": ["", ""],
        "percent": f"{THIN}%",
        "minus": "−",
        "nan": "–",
    }
}
# Streamlit would draw the texts of axes and legends in a grey with too little contrast.
CONFIG: dict[str, Any] = {
    "locale": LOCALE,
    "axis": {"labelColor": TEXT, "titleColor": TEXT},
    "legend": {"labelColor": TEXT, "titleColor": TEXT},
    "title": {"color": TEXT, "subtitleColor": TEXT},
}
FIT = alt.AutoSizeParams(type="fit-x", contains="padding")  # a tall legend does not shrink the plot
LINE: dict[str, Any] = {"symbolType": "stroke", "symbolSize": 400, "symbolStrokeWidth": 2.5}  # a legend of lines
PICKS = "picks"  # the data set of what strategies pick
PICKED = "picked"  # the parameter that holds the strategies whose legend entry was clicked
DIM = 0.15  # share of its opacity that a strategy keeps while another is picked
ENTRY = 40  # pixels of an entry of a legend besides its name
MANY = 12  # entries of a legend; of more, letters are small and names short


def layered(rows: Rows, *layers: alt.Chart, others: Mapping[str, Rows] | None = None, **properties: Any) -> alt.LayerChart:
    """Layer charts over the same rows. others: further data sets, for layers whose data are alt.NamedData of that name.

    The data sets keep their names, so that a browser which already shows the chart only replaces rows and compiles nothing. They are
    attached last, because Altair copies everything that a chart holds at each step. Channels are objects, alt.X("q1:Q"), not strings,
    x="q1:Q": for a string Altair searches its whole schema, which takes 7 ms.
    """
    chart = alt.layer(*map(_without_null, layers), data=alt.NamedData(name=ROWS), autosize=FIT, config=CONFIG, **properties)
    assert isinstance(chart, alt.LayerChart)
    chart.datasets = {name: [dict(row) for row in some] for name, some in {ROWS: rows, **(others or {})}.items()}
    return chart


def strategies(rows: Rows, field: str = "strategy") -> list[str]:
    """Return the distinct strategies, in the order of rows."""
    return list(dict.fromkeys(row[field] for row in rows))


def legend_above(names: Sequence[str], **more: Any) -> alt.Legend:
    """Return a legend above the chart, with as many columns, up to four, as fit the width."""
    size, limit = (14, 160) if len(names) <= MANY else (11, 95)
    entry = ENTRY + min(limit, max((0.55 * size * len(name) for name in names), default=0))
    columns = alt.ExprRef(f"clamp(floor(width / {entry:.0f}), 1, 4)")
    return alt.Legend(
        title=None, orient="top", columns=columns, labelLimit=limit, labelFontSize=size, symbolOpacity=1, **more
    )  # fmt: skip


def strategy_colour(names: Sequence[str], field: str = "strategy", **legend: Any) -> alt.Color:
    """Return the colour encoding of strategies, with a legend."""
    scale = alt.Scale(domain=list(names), range=[colour(name) for name in names])
    return alt.Color(f"{field}:N", scale=scale, legend=legend_above(names, **legend))


def picking(layer: alt.Chart) -> alt.Chart:
    """Return a layer with a legend of strategies on which a click picks one, or puts it back; all others are `dimmed` then.

    One layer of a chart does so for all. It has a name, because Altair would give it a new one each time: then a browser compiles anew.
    """
    picked = alt.selection_point(name=PICKED, fields=["strategy"], bind="legend", toggle="true")
    return layer.properties(name="picking").add_params(picked)


def dimmed(opacity: float = 1.0, faint: float | None = None) -> alt.OpacityValue:
    """Return the encoding of an opacity that is lower while another strategy is picked.

    faint: the opacity of rows that are faint, unless they are picked.
    """
    conditions: list[dict[str, Any]] = [{"test": {"not": {"param": PICKED}}, "value": DIM * opacity}]
    if faint is not None:
        picked = {"param": PICKED, "empty": False}
        conditions += [{"test": {"and": ["datum.faint", {"not": picked}]}, "value": faint}]
    return alt.OpacityValue(opacity, condition=conditions)


def picks_of(names: Sequence[str], row: alt.Y, tooltip: list[alt.Tooltip], opacity: float, **mark: Any) -> alt.Chart:
    """Return a layer of what strategies pick, at its accuracy: within a row a line for each strategy. Its rows are the data set PICKS."""
    points = alt.Chart(alt.NamedData(name=PICKS)).mark_point(filled=True, **mark)
    return picking(
        points.encode(
            y=row,
            yOffset=alt.YOffset("strategy:N", sort=list(names)),
            x=alt.X("accuracy:Q"),
            color=strategy_colour(names),
            opacity=dimmed(opacity),
            tooltip=tooltip,
        )
    )


def category_colour(rows: Rows, field: str, known: Mapping[str, str]) -> alt.Color:
    """Return the colour encoding of a field with known colours; an unknown value gets a colour that follows from its name."""
    kinds = [kind for kind in known if any(row[field] == kind for row in rows)]
    kinds += [kind for kind in unique(row[field] for row in rows) if kind is not None and kind not in known]
    scale = alt.Scale(domain=kinds, range=[known.get(kind) or colour(kind) for kind in kinds])
    return alt.Color(f"{field}:N", scale=scale, legend=legend_above(kinds))


def strategy_dash(names: Sequence[str]) -> alt.StrokeDash:
    """Return the dash encoding of strategies."""
    return alt.StrokeDash(
        "strategy:N", scale=alt.Scale(domain=list(names), range=[list(dash(name)) for name in names]), legend=None
    )


def row_axis(field: str, order: Sequence[str], width: int = 140, **more: Any) -> alt.Y:
    """Return a y axis with a labelled row for each name, in that order. width: the most pixels of a label. more: of the axis."""
    axis = alt.Axis(labelLimit=width, ticks=False, domain=False, labelFlush=False, labelOverlap=False, **more)
    return alt.Y(f"{field}:N", sort=list(order), title=None, axis=axis)


def percent_x(field: str, title: str | list[str], **scale: Any) -> alt.X:
    """Return an x axis of fractions, labelled in percent, which ends at the data unless it says otherwise."""
    return alt.X(f"{field}:Q", **_in_percent(title, scale))


def room_right(pixels: int) -> list[float | alt.ExprRef]:
    """Return the range of an x axis that leaves so many pixels for the texts at the ends of what is drawn."""
    return [0, alt.ExprRef(f"width - {pixels}")]


def percent_y(field: str, title: str, **scale: Any) -> alt.Y:
    """Return a y axis of fractions, labelled in percent, which ends at the data unless it says otherwise."""
    return alt.Y(f"{field}:Q", **_in_percent(title, scale))


def _in_percent(title: str | list[str], scale: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": title, "axis": alt.Axis(format=PERCENT, tickCount=5), "scale": alt.Scale(**{"nice": False, **scale}),
    }  # fmt: skip


def interval_lines(base: alt.Chart, *fields: str) -> list[alt.Chart]:
    """Draw lines from low to high: black on white, so that they show on a bar and beside it, in both themes.

    fields: those that identify an interval.
    """
    ends = base.transform_filter("datum.low !== null").transform_fold(["low", "high"], as_=["side", "end"])
    return [
        ends.mark_line(color=colour, strokeWidth=width).encode(
            x=alt.X("end:Q"), detail=[alt.Detail(f"{field}:N") for field in fields]
        )
        for colour, width in (("white", 3), ("black", 1))
    ]


def tooltips(**fields: str) -> list[alt.Tooltip]:
    """Return a tooltip of labels and fields, with a number format after a bar: regret="relative_regret|.1%"."""
    found = []
    for title, field in fields.items():
        name, _, form = field.partition("|")
        label = title.replace("_", " ")
        found.append(alt.Tooltip(f"{name}:Q", title=label, format=form) if form else alt.Tooltip(f"{name}:N", title=label))
    return found


def _without_null(layer: alt.Chart) -> alt.Chart:
    """Return the layer with tooltips that show a dash for what is missing, where Vega writes null."""
    if not isinstance(layer.encoding, alt.FacetedEncoding) or layer.encoding.tooltip is alt.Undefined:
        return layer
    shown, texts = [], {}
    for tip in layer.encoding.tooltip:
        name, form = tip["shorthand"].rpartition(":")[0], tip["format"]
        value = f"datum['{name}']"
        text = value if form is alt.Undefined else f"format({value}, '{form}')"
        texts[f"{name} text"] = f"isValid({value}) ? {text} : '{MISSING_VALUE}'"
        shown.append(alt.Tooltip(f"{name} text:N", title=tip["title"]))
    return layer.transform_calculate(**texts).encode(tooltip=shown)


def unique(values: Iterable[Any]) -> list[Any]:
    """Return the distinct values, in their order."""
    return list(dict.fromkeys(values))
