"""Draws the difference between two strategies on each dataset (figures 5, 6), and between all pairs of some."""

from collections.abc import Sequence

import altair as alt

from dashboard.chart.cells import MEAN, cells, number
from dashboard.chart.colour import NEUTRAL, TEXT, difference_shade, ink
from dashboard.chart.style import Rows, interval_lines, layered, percent_x, row_axis, strategy_colour, tooltips, unique

DIFFERENCE = "+.1%"


def deltas(rows: Rows, strategy: str, baseline: str) -> alt.LayerChart:
    """Draw a bar for each dataset in the winner's colour, to the right where the strategy wins. Datasets keep the order of rows.

    rows: dataset (MEAN: the mean of all), vtab_group, winner (a strategy), delta, low, high (null without intervals), paper (the printed
    delta, null if none).
    """
    bold = {"condition": {"test": f"datum.value === '{MEAN}'", "value": "bold"}, "value": "normal"}
    base = alt.Chart().encode(y=row_axis("dataset", unique(row["dataset"] for row in rows), labelFontWeight=bold))
    tooltip = tooltips(dataset="dataset", group="vtab_group", better="winner", delta=f"delta|{DIFFERENCE}",
                       low=f"low|{DIFFERENCE}", high=f"high|{DIFFERENCE}", paper=f"paper|{DIFFERENCE}")  # fmt: skip
    bars = base.mark_bar().encode(
        x=percent_x("delta", ["relative delta", "← baseline is better   |   strategy is better →"]),
        color=strategy_colour([strategy, baseline], "winner"),
        tooltip=tooltip,
    )
    zero = alt.Chart(alt.NamedData(name="zero")).mark_rule(color=NEUTRAL).encode(x=alt.X("delta:Q"))
    tied = base.transform_filter("datum.delta === 0").transform_calculate(end="max(0, datum.high)")
    ties = tied.mark_point(size=40, filled=True, color=NEUTRAL, opacity=1).encode(x=alt.X("delta:Q"), tooltip=tooltip)
    words = tied.mark_text(align="left", dx=7, color=TEXT, fontSize=10).encode(x=alt.X("end:Q"), text=alt.TextValue("tie"))
    paper_marks = (
        base.transform_filter("datum.paper !== null")
        .mark_point(shape="diamond", size=45, fill="white", stroke="black", strokeWidth=1.2)
        .encode(x=alt.X("paper:Q"), tooltip=tooltip)
    )
    over = [*interval_lines(base, "dataset"), ties, words]
    over += [paper_marks] if any(row["paper"] is not None for row in rows) else []
    return layered(rows, bars, zero, *over, others={"zero": [{"delta": 0}]}, height=alt.Step(20))


def pairs(rows: Rows, names: Sequence[str]) -> alt.LayerChart:
    """Draw the mean delta of each strategy (a row) against each other (a column). rows: strategy, baseline, delta, won, tied, lost."""
    drawn = []
    for row in rows:
        fill = difference_shade(row["delta"])
        drawn.append({**row, "text": number(row["delta"], signed=True), "fill": fill, "ink": ink(fill)})
    tooltip = tooltips(
        strategy="strategy", against="baseline", mean_delta=f"delta|{DIFFERENCE}", wins="won", ties="tied", losses="lost"
    )
    return cells(drawn, "baseline", "strategy", names, names, tooltip)
