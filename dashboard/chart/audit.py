"""Draws how the ranks of models vary over datasets."""

import altair as alt

from dashboard.chart.colour import NEUTRAL, colour
from dashboard.chart.style import Rows, layered, row_axis, tooltips, unique

ROW = 17


def ranks(rows: Rows) -> alt.LayerChart:
    """Draw a line for each model from its best to its worst rank over the datasets, with a dot at the mean.

    rows: model, datasets, mean_rank, sd_rank, best_rank, worst_rank. Models keep the order of rows.
    """
    tooltip = tooltips(model="model", datasets="datasets", mean="mean_rank|.1f", standard_deviation="sd_rank|.1f",
                       best="best_rank|.1f", worst="worst_rank|.1f")  # fmt: skip
    base = alt.Chart().encode(y=row_axis("model", unique(row["model"] for row in rows), 180), tooltip=tooltip)
    ranges = base.mark_rule(color=NEUTRAL, strokeWidth=2).encode(
        x=alt.X("best_rank:Q", title="rank on a dataset, 1 is the best", axis=alt.Axis(tickCount=6), scale=alt.Scale(zero=False)),
        x2=alt.X2("worst_rank:Q"),
    )
    means = base.mark_point(filled=True, size=70, opacity=1, color=colour("leave_one_dataset_out")).encode(x=alt.X("mean_rank:Q"))
    return layered(rows, ranges, means, height=alt.Step(ROW))
