"""Page Models: every model on every dataset, the spread of accuracies, and the models' metadata."""

import streamlit as st

from dashboard.chart import models as chart
from dashboard.format import as_markdown, code, count, listed, percent
from dashboard.page import figure, table
from dashboard.page.empty import explain_absence
from dashboard.page.link import links
from dashboard.page.result import extremes
from dashboard.session import state
from dashboard.session.query import QueryResult
from dashboard.session.view import View, rows

MOST = 100  # models in the heatmap

# Queried for all pools and strategies at once, which takes no longer than one; another choice then needs no query.
CELLS = """
    select pool, model, dataset, model_regret.accuracy, model_regret.relative_regret, best, diverged, runs
    from model_regret join dataset using (dataset) left join model_mean using (pool, model)
        left join diverged_cell using (model, dataset)
    qualify dense_rank() over (partition by pool order by model_mean.relative_regret nulls last, model) <= $most
    order by pool, model_mean.relative_regret nulls last, model, vtab_group, dataset
"""
RANGES = """
    select pool, dataset, models, lowest, whisker_low, q1, median, q3, whisker_high, highest
    from accuracy_range join dataset using (dataset) order by pool, vtab_group, dataset
"""
PICKS = """
    select pool, strategy, dataset, model, accuracy from top_pick order by pool, strategy, dataset
"""
TABLE = """
    select pool, model, accuracy, relative_regret, best_on, family, upstream, upstream_examples, imagenet_accuracy, num_params, feature_dim,
           image_size, licence, source
    from pool join model using (model) left join model_mean using (pool, model)
    order by pool, relative_regret nulls last, model
"""
ONE = """
    select pool, dataset, vtab_group, accuracy, oracle_accuracy, relative_regret, best
    from model_regret join dataset using (dataset) where model = $model order by pool, relative_regret, dataset
"""
COLUMNS = {
    "pool": None,  # hidden: the sidebar shows it
    "accuracy": table.percent_column("mean accuracy"),
    "relative_regret": table.percent_column("mean regret"),
    "best_on": st.column_config.NumberColumn("best on", help="Number of datasets on which no model of the pool is better."),
    "imagenet_accuracy": table.percent_column("ImageNet top-1"),
    "upstream_examples": st.column_config.NumberColumn("upstream images", format="compact"),
    "num_params": st.column_config.NumberColumn("parameters", format="compact"),
    "feature_dim": st.column_config.NumberColumn("dimension"),
    "image_size": st.column_config.NumberColumn("image size", format="%d px"),
}
FRACTIONS = ("accuracy", "relative_regret", "imagenet_accuracy")


def show(view: View) -> None:
    st.title("Models")
    cells = rows(view, CELLS, most=MOST).where(pool=[view.pool])
    if cells.rows:
        _heatmap(view, cells)
        _boxes(view)
    else:
        explain_absence(view, "no dataset with every run of every model")
    known = rows(view, TABLE).where(pool=[view.pool])
    st.subheader("Metadata")
    table.draw(known.table, COLUMNS, FRACTIONS)
    figure.keep("models", known)
    st.caption(f"Click a column to sort by it. Means are over {view.coverage}, and missing (–) while a run is.")
    with st.container(horizontal=True):
        figure.downloads("table", f"{view.study.name}-models", known.table)
    _one(view, [row["model"] for row in known.rows])
    links({"datasets": "Look at one dataset"})


def _heatmap(view: View, cells: QueryResult) -> None:
    field = state.select_one("cells", "Cells", ["relative regret", "accuracy"], "relative regret")
    limited = f" The {MOST} best of {view.models} models." if view.models > MOST else ""
    crosses = " A cross: some fine-tunes of this cell diverged." if any(row["diverged"] for row in cells.rows) else ""
    figure.draw(
        view,
        "heatmap",
        chart.heatmap(cells.rows, field.replace(" ", "_"), field),
        cells,
        "Each row is a model, the best on average at the top; each column a dataset. Bright is good: high accuracy, or low "
        f"regret if only this model is fine-tuned. A white dot marks the best of the pool {view.pool_label} on that dataset."
        f"{crosses}{limited}",
        says=f"{cells.rows[0]['model']} is the best on average.",
    )


def _boxes(view: View) -> None:
    ranges = rows(view, RANGES).where(pool=[view.pool])
    by_gain = sorted(ranges.rows, key=lambda row: row["median"] - row["highest"])
    datasets, limited = table.first([row["dataset"] for row in by_gain], "on which the best is furthest above the median")
    picks = rows(view, PICKS).where(pool=[view.pool], strategy=view.drawn, dataset=datasets).rows
    figure.draw(
        view,
        "boxes",
        chart.boxes(
            [row for row in ranges.rows if row["dataset"] in datasets],
            sorted(picks, key=lambda row: view.drawn.index(row["strategy"])),
        ),
        ranges,
        "A box spans the middle half of the pool's accuracies on a dataset; the line in it is the median, the whiskers extend "
        "to the last value within 1.5 box lengths, and the short tick is the best model. A dot is a strategy's first pick: the "
        f"nearer to that tick, the better.{limited}",
        says=f"The best accuracy. {extremes(ranges.rows, 'highest', 'dataset')}",
    )


def _one(view: View, models: list[str]) -> None:
    st.subheader("One model")
    model = state.select_one("model", "Model", models, models[0])
    result = rows(view, ONE, model=model).where(pool=[view.pool])
    if not result.rows:
        explain_absence(view, "no dataset with every run of every model")
        return
    best = [row["dataset"] for row in result.rows if row["best"]]
    if best:
        st.markdown(f"{code(model)} is the best of the pool {as_markdown(view.pool_label)} on {listed(best)}.")
    else:
        lowest = result.rows[0]
        st.markdown(
            f"{code(model)} is not the best of the pool {as_markdown(view.pool_label)} on any dataset; its regret is lowest on "
            f"{code(lowest['dataset'])}: "
            f"{percent(lowest['relative_regret'])}."
        )
    _, limited = table.first([row["dataset"] for row in result.rows], "with the largest loss")
    figure.draw(
        view,
        "model",
        chart.one_model(result.rows[-table.MOST :]),
        result,
        f"The dot is the accuracy of {model}, the tick that of the best model of the pool; the line between them is the loss if "
        f"only {model} is fine-tuned. {count(len(result.rows), 'dataset')}, the smallest loss first.{limited}",
        says=f"Relative regret. {extremes(result.rows, 'relative_regret', 'dataset')}",
    )
