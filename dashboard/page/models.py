"""Page Models: every model on every dataset, how it compares with the others, and what is known about it."""

import streamlit as st

from dashboard.chart import models as chart
from dashboard.format import count, listed, percent
from dashboard.page import panel
from dashboard.page.empty import nothing
from dashboard.session import state
from dashboard.session.ask import Answer
from dashboard.session.view import View, rows

MOST = 100  # models in the heatmap

# Asked for all pools and strategies at once, which takes no longer than for one; another choice then needs no query.
CELLS = """
    select pool, model, dataset, model_regret.accuracy, model_regret.relative_regret, best
    from model_regret join dataset using (dataset) left join model_mean using (pool, model)
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
    "pool": None,  # the sidebar says it
    "accuracy": st.column_config.NumberColumn("mean accuracy", format="%.3f"),
    "relative_regret": st.column_config.NumberColumn("mean regret", format="percent"),
    "best_on": st.column_config.NumberColumn("best on", help="On how many datasets no model of the pool is better."),
    "imagenet_accuracy": st.column_config.NumberColumn("ImageNet top-1", format="percent"),
    "upstream_examples": st.column_config.NumberColumn("upstream images", format="compact"),
    "num_params": st.column_config.NumberColumn("parameters", format="compact"),
    "feature_dim": st.column_config.NumberColumn("dimension"),
    "image_size": st.column_config.NumberColumn("image size", format="%d px"),
}


def show(view: View) -> None:
    st.title("Models")
    cells = rows(view, CELLS, most=MOST).where(pool=[view.pool])
    if cells.rows:
        _heatmap(view, cells)
        _boxes(view)
    else:
        nothing(view, "no dataset on which every model has all its runs")
    table = rows(view, TABLE).where(pool=[view.pool])
    st.subheader("What is known of each")
    st.dataframe(table.table, hide_index=True, column_config=COLUMNS)
    st.caption("A click on a column sorts by it. Means are over all datasets, and empty while a run is missing.")
    with st.container(horizontal=True):
        panel.downloads("table", f"{view.study.name}-models", table.table)
    _one(view, [row["model"] for row in table.rows])


def _heatmap(view: View, cells: Answer) -> None:
    drawn = state.one("cells", "Cells", ["relative regret", "accuracy"], "relative regret")
    more = f" The {MOST} best of {view.models} models." if view.models > MOST else ""
    panel.figure(
        view,
        "heatmap",
        chart.heatmap(cells.rows, drawn.replace(" ", "_"), drawn),
        cells,
        "A row is a model, the best on average at the top; a column is a dataset. Bright is good: a high accuracy, or little "
        f"lost when this model alone is fine-tuned. A white dot is the best of the pool {view.label} on that dataset.{more}",
    )


def _boxes(view: View) -> None:
    ranges = rows(view, RANGES).where(pool=[view.pool])
    picks = rows(view, PICKS).where(pool=[view.pool], strategy=view.strategies).rows
    panel.figure(
        view,
        "boxes",
        chart.boxes(ranges.rows, sorted(picks, key=lambda row: view.strategies.index(row["strategy"]))),
        ranges,
        "A box holds the middle half of the pool's accuracies on a dataset; the line in it is their median, the whiskers "
        "reach to the last one within 1.5 boxes, the short tick is the best. A dot is what a strategy's first pick reaches: "
        "the nearer to that tick, the better.",
    )


def _one(view: View, models: list[str]) -> None:
    st.subheader("One model")
    model = state.one("model", "Model", models, models[0])
    answer = rows(view, ONE, model=model).where(pool=[view.pool])
    if not answer.rows:
        nothing(view, "no dataset on which every model has all its runs")
        return
    best = [row["dataset"] for row in answer.rows if row["best"]]
    if best:
        st.markdown(f"`{model}` is the best of the pool {view.label} on {listed(best)}.")
    else:
        least = answer.rows[0]
        st.markdown(
            f"`{model}` is nowhere the best of the pool {view.label}; it loses least on `{least['dataset']}`: "
            f"{percent(least['relative_regret'])}."
        )
    panel.figure(
        view,
        "model",
        chart.one_model(answer.rows),
        answer,
        f"A dot is what {model} reaches, the tick is the best of the pool, the rule between them is what is lost by "
        f"fine-tuning this model alone; {count(len(answer.rows), 'dataset')}, least lost first.",
    )
