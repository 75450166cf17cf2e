"""Draws the difference between two strategies on each dataset (figures 5, 6)."""

import altair as alt

from dashboard.chart.colour import NEUTRAL
from dashboard.chart.style import Rows, interval_lines, layered, percent_x, row_axis, strategy_colour, tooltips, unique


def deltas(rows: Rows, strategy: str, baseline: str) -> alt.LayerChart:
    """Draw a bar for each dataset in the winner's colour, to the right where the strategy wins. Datasets keep the order of rows.

    rows: dataset, vtab_group, winner (a strategy), delta, low, high (null without intervals), paper (the printed delta, null if none).
    """
    datasets = unique(row["dataset"] for row in rows)
    base = alt.Chart().encode(y=row_axis("dataset", datasets))
    tooltip = tooltips(dataset="dataset", group="vtab_group", better="winner", delta="delta|+.1%", low="low|+.1%", high="high|+.1%",
                   paper="paper|+.1%")  # fmt: skip
    bars = base.mark_bar().encode(
        x=percent_x("delta", f"relative delta   ← {baseline}   |   {strategy} →"),
        color=strategy_colour([strategy, baseline], "winner"),
        tooltip=tooltip,
    )
    zero = alt.Chart(alt.NamedData(name="zero")).mark_rule(color=NEUTRAL).encode(x=alt.X("delta:Q"))
    intervals = interval_lines(base, "dataset")
    paper_marks = (
        base.transform_filter("datum.paper !== null")
        .mark_point(shape="diamond", size=45, fill="white", stroke="black", strokeWidth=1.2)
        .encode(x=alt.X("paper:Q"), tooltip=tooltip)
    )
    labels = (
        base.transform_filter("datum.delta === 0 && datum.low === null")
        .mark_text(align="left", dx=4, color=NEUTRAL, fontSize=10)
        .encode(x=alt.X("delta:Q"), text=alt.TextValue("tie"))
    )
    over = intervals if any(row["low"] is not None for row in rows) else []
    over += [paper_marks] if any(row["paper"] is not None for row in rows) else []
    return layered(rows, bars, zero, *over, labels, others={"zero": [{"delta": 0}]}, height=alt.Step(20))
