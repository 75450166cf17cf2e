"""Page Datasets: one dataset: its pictures, the accuracy of every model on it, what each strategy picks there, and what is near it."""

import duckdb
import pyarrow as pa
import streamlit as st

from dashboard.chart import datasets as chart
from dashboard.format import as_markdown, code, count, listed, percent
from dashboard.page import figure, sheet, table
from dashboard.page.empty import explain_absence
from dashboard.page.result import extremes
from dashboard.session import state
from dashboard.session.own_study import ANSWERS, is_own, trained_models
from dashboard.session.query import Row
from dashboard.session.view import View, rows

MOST = 100  # models in the chart
REPEATS = 20  # of a model in the chart; of more the two at the ends
FACTS = """
    select dataset, vtab_group, num_classes, num_test, source, version, licence from dataset order by vtab_group, dataset
"""
# Of the first twelve classes four pictures each.
EXAMPLES = f"""
    select label, picture from {ANSWERS} where picture is not null
    qualify dense_rank() over (order by label) <= 12
        and row_number() over (partition by label order by probability desc, predicted, picture) <= 4
    order by label, probability desc, predicted, picture
"""
# All pools at once, as another pool then needs no query.
ACCURACIES = f"""
    select pool, dataset, model, accuracy,
           unnest(if(len(outcomes) <= {REPEATS}, outcomes, [list_min(outcomes), list_max(outcomes)])) as repeat_accuracy
    from pool join (from accuracy where dataset = $dataset) using (model) join outcome using (model, dataset)
    order by pool, accuracy desc, model, repeat_accuracy
"""
PICKS = """
    with picked as (select strategy, pool, dataset, list(model order by rank) as picks
                    from ranking join pick using (strategy, pool, dataset, model)
                    where dataset = $dataset and budget = $budget group by strategy, pool, dataset)
    select pool, strategy, dataset, picks, accuracy, relative_regret
    from picked full join (from regret where dataset = $dataset and budget = $budget) using (strategy, pool, dataset)
    order by pool, relative_regret nulls last, strategy
"""
# From one of its own source a dataset may learn more than new images can.
NEAR = """
    select kind, dataset, place, other, distance, source
    from neighbour join (select dataset as other, source from dataset) using (other)
    where dataset = $dataset and place <= 5 order by kind, place
"""
PICK_COLUMNS = {
    "pool": None,
    "dataset": None,
    "picks": st.column_config.ListColumn("picks, in their order"),
    "accuracy": table.percent_column("best of them"),
    "relative_regret": table.percent_column("regret"),
}
FRACTIONS = ("accuracy", "relative_regret")
NEAR_COLUMNS = {
    "kind": None,
    "dataset": None,
    "other": "dataset",
    "distance": st.column_config.NumberColumn("distance", format="%.3g"),
}
KINDS = {
    "fisher": "by what a linear head on the probes' representations is sensitive to",
    "moments": "by mean and variance of the probes' representations",
}


def show(view: View) -> None:
    st.title("Datasets")
    facts = {row["dataset"]: row for row in rows(view, FACTS).rows}
    if not facts:
        explain_absence(view, "no dataset")
        return
    dataset = state.select_one("dataset", "Dataset", list(facts), next(iter(facts)))
    _facts(facts[dataset])
    _pictures(view)
    _accuracies(view, dataset)
    _near(view, dataset)


def _facts(row: Row) -> None:
    known = [
        row["vtab_group"] and f"Group {code(row['vtab_group'])}",
        row["num_classes"] and f"{row['num_classes']:,} classes",
        row["num_test"] and count(row["num_test"], "test image"),
        row["source"] and f"source {code(row['source'])}",
        row["licence"] and f"licence {code(row['licence'])}",
    ]
    st.markdown(", ".join(filter(None, known)) or "The study tells no more of it than its name.")


def _pictures(view: View) -> None:
    if not is_own(view.study.folder):
        sheet.placeholder("No pictures: a study holds numbers alone, and the pictures stay where they are from.")
        return
    models = trained_models(view.study.folder).values()
    file = next((model.predictions for model in models if model is not None and model.predictions is not None), None)
    if file is None:
        sheet.placeholder(
            "Some of your pictures stand here once needle recommend --finetune has kept them beside a trained model."
        )
        return
    try:
        examples = rows(view, EXAMPLES, file=str(file)).rows
        sheet.draw([sheet.Cell(row["picture"], [row["label"]]) for row in examples])
    except (duckdb.Error, pa.ArrowException) as error:
        sheet.placeholder(f"The pictures that are kept beside the trained model cannot be read: {type(error).__name__}.")


def _accuracies(view: View, dataset: str) -> None:
    found = rows(view, ACCURACIES, dataset=dataset).where(pool=[view.pool])
    models = list(dict.fromkeys(row["model"] for row in found.rows))
    if not models:
        explain_absence(view, "no model with every run on this dataset")
        return
    lacking = view.models - len(models)
    if lacking:
        st.markdown(
            f"{count(lacking, 'model')} of the pool {as_markdown(view.pool_label)} without every run here: "
            f"nothing is said of what the best is. `needle check` lists the runs."
        )
    else:
        accuracy = found.rows[0]["accuracy"]
        best = dict.fromkeys(row["model"] for row in found.rows if row["accuracy"] == accuracy)
        st.markdown(f"Best of the pool {as_markdown(view.pool_label)}: {listed(list(best))}, {percent(accuracy)}.")
    picks = rows(view, PICKS, dataset=dataset).where(pool=[view.pool])
    shown = set(models[:MOST])
    accuracies = {row["model"]: row["accuracy"] for row in found.rows}
    drawn = [
        {"strategy": row["strategy"], "place": place, "model": model, "accuracy": accuracies[model]}
        for row in sorted(picks.where(strategy=view.drawn).rows, key=lambda row: view.drawn.index(row["strategy"]))
        for place, model in enumerate(row["picks"] or (), 1)
        if model in shown
    ]
    limited = f" The {MOST} best of {count(len(models), 'model')}." if len(models) > MOST else ""
    figure.draw(
        view,
        "accuracies",
        chart.accuracies([row for row in found.rows if row["model"] in shown], drawn),
        found,
        f"Each row is a model, the best on {dataset} at the top: a dot for each repeat of its fine-tune (of more than {REPEATS}: for the "
        "lowest and the highest), a tick for its accuracy, which is their median. A diamond is one of the first "
        f"{view.budget} of a chosen strategy.{limited}",
        says=extremes(found.rows, "accuracy", "model"),
    )
    st.subheader(f"What each strategy picks with {count(view.budget, 'fine-tune')}")
    table.draw(picks.where(strategy=view.drawn).table, PICK_COLUMNS, FRACTIONS)
    st.caption(
        "The one that loses least first. Regret: the share of the errors of the best of the picks that the best model of the pool would "
        "avoid. A random choice has no picks, but an expected accuracy."
    )
    with st.expander("All strategies"):
        table.draw(picks.table, PICK_COLUMNS, FRACTIONS)
    figure.show_sql(view, "picks", picks)


def _near(view: View, dataset: str) -> None:
    st.subheader("Nearest datasets")
    found = rows(view, NEAR, dataset=dataset)
    if not found.rows:
        st.markdown(
            "Not known here: that needs an embedding of every dataset by the probes that a protocol names, and a dataset of another source."
        )
        return
    for column, (kind, how) in zip(st.columns(len(KINDS)), KINDS.items(), strict=True):
        with column:
            st.markdown(f"**{kind}**, {how}")
            table.draw(found.where(kind=[kind]).table, NEAR_COLUMNS, ())
    st.caption("Datasets of the same source share their pictures, and are not among them.")
    figure.show_sql(view, "nearest", found)
