"""Page Recommend: what `needle recommend` found on somebody's own images: the ranking of the models, and a fine-tuned model's mistakes."""

from collections import Counter
from pathlib import Path

import duckdb
import pyarrow as pa
import streamlit as st

from dashboard.chart import recommend as chart
from dashboard.chart.colour import colour
from dashboard.format import as_markdown, code, count, listed, percent
from dashboard.page import figure, sheet, table
from dashboard.page.empty import show_commands
from dashboard.page.result import extremes, score
from dashboard.session import state
from dashboard.session.own_study import ANSWERS, Advice, TrainedModel, advice, is_own, trained_models
from dashboard.session.query import QueryResult
from dashboard.session.view import View, rows

PURPOSE = (
    "This page is about images of your own: it ranks the networks for them by what their scores say before any fine-tune, and shows what a "
    "fine-tuned one takes for what."
)
# Queried for all pools and strategies at once, which takes no longer than one; another choice then needs no query.
# Where a proxy has not scored every model of a pool, no strategy ranks the pool: then in the order of its strategy those that it has.
RANKING = """
    with asked as (select strategy, any_value(proxy) as proxy from asked_proxy
                   anti join unrealistic_strategy using (strategy) group by strategy having count(*) = 1),
    ordered as (select ranking.pool, strategy::varchar as strategy, dataset, rank, model, proxy, score
                from ranking join asked using (strategy) join candidate_score using (pool, dataset, model, proxy)),
    partly as (select pool, proxy as strategy, dataset,
                      row_number() over (partition by pool, proxy, dataset order by score desc, model) as rank, model, proxy, score
               from score join pool using (model) semi join (select proxy from study_proxy where share = 0) using (proxy)
                   anti join ordered using (pool, proxy))
    select one.pool, one.strategy, one.dataset, one.rank, one.model, one.score, one.proxy, outcomes, num_params, image_size,
           cost.seconds, licence, family
    from (from ordered union all from partly) as one join model using (model)
        left join score_outcome using (proxy, model, dataset) left join representation_cost as cost using (model, dataset)
    order by one.pool, one.strategy, one.dataset, one.rank
"""
FINETUNES = """
    select model, dataset, learning_rate, repeat, validation_accuracy, test_accuracy, diverged
    from finetune order by validation_accuracy desc nulls last, model, learning_rate, repeat
"""
COUNTS = f"""
    select count(*) as images, count(*) filter (where label <> predicted) as mistakes from {ANSWERS}
"""
CONFUSIONS = f"""
    select label || ' → ' || predicted as pair, label, predicted, count(*) as images, any_value(of_class) as of_class
    from (select label, predicted, count(*) over (partition by label) as of_class from {ANSWERS})
    where label <> predicted group by label, predicted order by images desc, label, predicted limit 12
"""
MISTAKES = f"""
    select label, predicted, probability, picture from {ANSWERS} where label <> predicted
    order by probability desc, label, predicted limit 24
"""
RIGHT = f"""
    select label, predicted, probability, picture from {ANSWERS} where label = predicted
    order by probability, label limit 24
"""
SHOWN = {"mistakes, the surest first": MISTAKES, "right answers, the least sure first": RIGHT}
COLUMNS = {
    "pool": None,
    "strategy": None,
    "dataset": None,
    "proxy": None,
    "family": None,
    "score": st.column_config.NumberColumn("score", format="%.3f"),
    "outcomes": st.column_config.ListColumn("scores of its repeats"),
    "num_params": st.column_config.NumberColumn("parameters", format="compact"),
    "image_size": st.column_config.NumberColumn("native size", format="%d px"),
    "seconds": st.column_config.NumberColumn("forward pass", format="%.1f s"),
}
RUN_COLUMNS = {
    "dataset": None,
    "learning_rate": "learning rate",
    "validation_accuracy": table.percent_column("validation accuracy"),
    "test_accuracy": table.percent_column("test accuracy"),
}


def show(view: View) -> None:
    st.title("Which models for your images?")
    if not is_own(view.study.folder):
        st.markdown(f"{PURPOSE} {code(view.study.name)} is no study of such images. This makes one, and shows it:")
        show_commands(["needle recommend IMAGES --budget 2", "needle dashboard --study results/IMAGES"])
        return
    made_for = advice(view.study.folder)
    _advice(view, made_for)
    _ranking(view, made_for)
    _finetunes(view)


def _advice(view: View, made_for: Advice | None) -> None:
    if made_for is None:
        return
    st.markdown(f"`needle recommend` ranked the pool {code(made_for.pool)} by {code(made_for.strategy)}.")
    if made_for.pool != view.pool_label:
        st.button("Show that pool", on_click=state.set_value, args=("pool", made_for.pool))


def _ranking(view: View, made_for: Advice | None) -> None:
    found = rows(view, RANKING).where(pool=[view.pool])
    ranked = Counter(row["strategy"] for row in found.rows)  # in alphabetical order
    if not ranked:
        st.info(
            f"No proxy has scored a model of the pool {as_markdown(view.pool_label)} on these images. By one that looks at them:"
        )
        show_commands(["needle recommend IMAGES --strategy logme"])
        return
    preferred = max(ranked, key=lambda name: (made_for is not None and name == made_for.strategy, ranked[name]))
    strategy = state.select_one(
        "order",
        "Ranked by",
        list(ranked),
        preferred,
        help="\n".join(f"- `{name}`: {as_markdown(view.what(name))}" for name in ranked if name in view.descriptions),
    )
    datasets = list(dict.fromkeys(row["dataset"] for row in found.rows))
    result = found.where(strategy=[strategy], dataset=datasets[:1])
    picks = [row["model"] for row in result.rows if row["rank"] <= view.budget]
    proxy = result.rows[0]["proxy"]
    st.markdown(f"#### With {count(view.budget, 'fine-tune')} on {code(datasets[0])}: {listed(picks)}")
    if len(result.rows) < view.models:
        st.markdown(
            f"`{proxy}` has scored {len(result.rows)} of the {count(view.models, 'model')} of the pool {as_markdown(view.pool_label)}; "
            "the others have no rank."
        )
    shown = result.table
    if all(len(row["outcomes"] or ()) < 2 for row in result.rows):
        shown = shown.drop_columns(["outcomes"])
    table.draw(shown, COLUMNS, ())
    _charts(view, result, strategy, proxy)


def _charts(view: View, result: QueryResult, strategy: str, proxy: str) -> None:
    points = [{**row, "chosen": row["rank"] <= view.budget} for row in result.rows]
    for column, (name, field, title, what) in zip(
        st.columns(2),
        (
            ("score-by-size", "num_params", "parameters", "its size"),
            ("score-by-cost", "seconds", "seconds of the forward pass", "what looking at the images took it, on one core"),
        ),
        strict=True,
    ):
        drawn = [row for row in points if row[field]]
        left_out = (
            f" {count(len(points) - len(drawn), 'model')} without that number: not drawn." if len(drawn) < len(points) else ""
        )
        with column:
            if not drawn:
                st.info(f"Of no model it is known: {title}.")
                continue
            figure.draw(
                view,
                name,
                chart.score_by(drawn, field, title, proxy, colour(strategy)),
                result,
                f"Each point is a model, by its {proxy} score (higher is better) and {what}; a ring marks the first {view.budget} of "
                f"{strategy}. A score compares models on these images, and is no accuracy.{left_out}",
                says=extremes(drawn, "score", "model", score),
            )


def _finetunes(view: View) -> None:
    st.subheader("Fine-tuned")
    runs = rows(view, FINETUNES)
    models = trained_models(view.study.folder)
    if not runs.rows and not models:
        st.markdown("Nothing is fine-tuned on these images yet. This trains the first of the ranking, and keeps the best:")
        show_commands(["needle recommend IMAGES --budget 2 --finetune"])
        return
    if runs.rows:
        untested = any(model is not None and model.test_accuracy is None for model in models.values())
        unused = {"diverged": not any(row["diverged"] for row in runs.rows), "test_accuracy": untested}  # then as of validation
        shown = runs.table.drop_columns([name for name, leave in unused.items() if leave])
        table.draw(shown, RUN_COLUMNS, ("validation_accuracy", "test_accuracy"))
        figure.keep("fine-tunes", runs)
    if not models:
        st.markdown("No trained model is kept in the study's folder, so there are no answers to show.")
        return
    name = (
        next(iter(models)) if len(models) == 1 else state.select_one("trained", "Trained model", list(models), next(iter(models)))
    )
    _answers(view, name, models[name])


def _answers(view: View, name: str, model: TrainedModel | None) -> None:
    again = ["needle recommend IMAGES --budget 2 --finetune"]
    if model is None:
        st.warning(f"What {code(name)} says of itself cannot be read: it is damaged. Move it away, and this writes it again:")
        show_commands(again)
        return
    tested = (
        f"test accuracy {percent(model.test_accuracy)}" if model.test_accuracy is not None else "no image was left to test on"
    )
    st.markdown(
        f"{code(name)} is {code(model.network)}, trained at the learning rate {model.learning_rate:g}: validation accuracy "
        f"{percent(model.validation_accuracy)}, {tested}."
    )
    if model.predictions is None:
        st.info(
            f"{code(name)} has no predictions beside it: an earlier version wrote it, or they were removed. This writes them:"
        )
        show_commands(again)
        return
    try:
        _mistakes(view, model.predictions, "test" if model.test_accuracy is not None else "validation")
    except (duckdb.Error, pa.ArrowException) as error:
        st.warning(
            f"The predictions of {code(name)} cannot be read: {type(error).__name__}. Move it away, and this writes it again:"
        )
        show_commands(again)


def _mistakes(view: View, file: Path, split: str) -> None:
    """Draw the worst confusions and pictures. split: of the images."""
    (counted,) = rows(view, COUNTS, file=str(file)).rows
    st.markdown(f"Of {count(counted['images'], f'{split} image')}, {counted['mistakes']:,} are taken for another class.")
    if counted["mistakes"]:
        confused = rows(view, CONFUSIONS, file=str(file))
        figure.draw(
            view,
            "confusions",
            chart.confusions(confused.rows),
            confused,
            "Which class is taken for which: the pairs with the most images, the worst first.",
            says=f"{confused.rows[0]['pair']}: {count(confused.rows[0]['images'], 'image')}.",
        )
    kinds = list(SHOWN) if counted["mistakes"] else list(SHOWN)[1:]
    pictures = rows(view, SHOWN[state.select_one("shown", "Pictures", kinds, kinds[0])], file=str(file)).rows
    if not pictures:
        st.markdown("There are none.")
        return
    lacking = sheet.draw(
        [sheet.Cell(row["picture"], _lines(row["label"], row["predicted"], row["probability"])) for row in pictures]
    )
    st.caption("Below each picture: its class, what it is taken for, and the probability that the model gives that.")
    if lacking:
        st.info(
            f"{count(lacking, 'picture')} of these {len(pictures)} are not kept beside the model, or are damaged: a box stands there."
        )


def _lines(label: str, predicted: str, probability: float | None) -> list[str]:
    return [label, f"→ {predicted}" if label != predicted else "right", percent(probability)]
