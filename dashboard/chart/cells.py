"""Draws a table of coloured cells with a number in each; where a window is too narrow for a number, its tooltip has it."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from dashboard.chart.style import Rows, layered, row_axis
from dashboard.format import THIN, percent

ROW = 22  # pixels
FEW = 8  # columns; the names of more stand upright
NUMBER = 28  # pixels that a number takes
MEAN = "mean\N{ZERO WIDTH SPACE}"  # names the row or the column of means: no dataset is called so
BOLD = {"condition": {"test": f"datum.value === '{MEAN}'", "value": "bold"}, "value": "normal"}


def number(fraction: float | None, signed: bool = False) -> str:
    """Return what stands in a cell: a percentage without its sign. 0 is exactly zero, 0.0 is not."""
    return "0" if fraction == 0 else percent(fraction, signed).removesuffix(f"{THIN}%")


def names_above(columns: int) -> alt.Axis:
    """Return an axis above the cells that names each column. Its letters are small enough for two names never to overlap."""
    return alt.Axis(
        orient="top",
        labelAngle=-50 if columns <= FEW else -90,
        labelLimit=130,
        labelOverlap=False,
        labelFontWeight=BOLD,
        labelFontSize=alt.ExprRef(f"max(7, min(11, width / {columns} - 1))"),
        ticks=False,
        domain=False,
    )


def cells(
    rows: Rows, x: str, y: str, columns: Sequence[str], lines: Sequence[str], tooltip: Sequence[alt.Tooltip], **properties: Any
) -> alt.LayerChart:
    """Draw the cells.

    rows: x, y, text, fill (the colour of the cell; null: none) and ink (that of its text). x, y: fields. columns, lines: their values,
    in the order in which they are drawn. The colours come with the rows, so that their contrast is known whatever the theme.
    """
    across = alt.X(f"{x}:N", sort=list(columns), title=None, axis=names_above(len(columns)))
    base = alt.Chart().encode(x=across, y=row_axis(y, lines, labelFontWeight=BOLD), tooltip=list(tooltip))
    weight = alt.ExprRef(f"datum['{x}'] === '{MEAN}' || datum['{y}'] === '{MEAN}' ? 'bold' : 'normal'")
    boxes = base.transform_filter("datum.fill !== null").mark_rect().encode(color=alt.Color("fill:N", scale=None))
    texts = (
        base.transform_filter(f"width >= {NUMBER * len(columns)}")
        .mark_text(fontSize=11, fontWeight=weight)
        .encode(text=alt.Text("text:N"), color=alt.Color("ink:N", scale=None))
    )
    return layered(rows, boxes, texts, height=alt.Step(ROW), **properties)
