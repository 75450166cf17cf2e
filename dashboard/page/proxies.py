"""Page Proxies: why a proxy that correlates with accuracy may still choose badly (figures 8, 9, 23)."""

import streamlit as st

from dashboard.chart import proxies as chart
from dashboard.chart.colour import colour
from dashboard.format import count, percent
from dashboard.page import figure
from dashboard.page.empty import explain_absence
from dashboard.page.result import extremes, score
from dashboard.session import state
from dashboard.session.query import QueryResult
from dashboard.session.view import View, rows

MOST = 4000  # points

KNOWN = "select distinct proxy from score order by proxy"
# Queried for all pools at once, which takes little longer than one; another choice then needs no query.
CORRELATION = """
    select pool, dataset, vtab_group, models, pearson, kendall, relative_regret
    from proxy_correlation join dataset using (dataset) where proxy = $proxy order by pool, vtab_group, dataset
"""
SCORED = """
    select pool, model, family, score, scored.accuracy, scored.model = pick.model as first, best
    from scored join model using (model) join model_regret using (pool, dataset, model)
        left join (select pool, dataset, model from ranking where rank = 1 and strategy = $proxy) as pick using (pool, dataset)
    where proxy = $proxy and dataset = $dataset order by pool, model
"""
DIMENSION = """
    select pool, model, dataset, family, feature_dim, score
    from score_by_dimension join pool using (model) join model using (model, feature_dim)
    where proxy = $proxy and feature_dim is not null
    qualify row_number() over (partition by pool order by dataset, model) <= $most
    order by pool, dataset, model
"""


def show(view: View) -> None:
    st.title("Proxies: cheap scores before any fine-tune")
    known = [row["proxy"] for row in rows(view, KNOWN).rows]
    if not known and not rows(view, "from study_proxy").rows:
        st.info("This study has no proxies: its protocol names none.")
        return
    if not known:
        explain_absence(view, "no complete score of any proxy")
        return
    proxy = state.select_one("proxy", "Proxy", known, "linear" if "linear" in known else known[0])
    correlation = rows(view, CORRELATION, proxy=proxy).where(pool=[view.pool])
    if not correlation.rows:
        explain_absence(view, f"no dataset with every run and every {proxy} score")
    else:
        left, right = st.columns(2)
        with left:
            _one_dataset(view, proxy, [row["dataset"] for row in correlation.rows])
        with right:
            field = state.select_one("correlation", "Correlation", ["kendall", "pearson"], "kendall")
            _correlation(view, field, correlation)
    dimension = rows(view, DIMENSION, proxy=proxy, most=MOST).where(pool=[view.pool])
    if dimension.rows:
        figure.draw(
            view,
            "dimension",
            chart.dimension(dimension.rows, proxy),
            dimension,
            f"Each point is a model on a dataset. If points rise to the right, {proxy} may favour models for the size of their "
            "representation (figure 23).",
            says=extremes(dimension.rows, "score", "model", score),
        )


def _correlation(view: View, field: str, correlation: QueryResult) -> None:
    drawn = [row for row in correlation.rows if row[field] is not None and row["relative_regret"] is not None]
    if not drawn:
        st.info("On no dataset is a correlation known: it takes two models that differ in score and in accuracy.")
        return
    figure.draw(
        view,
        "correlation",
        chart.correlation(drawn, field),
        correlation,
        "Each point is a dataset. If correlation decided regret, points with a high correlation would have a low regret. But "
        "regret depends only on the first models of the ranking, correlation on all of them (figures 8 and 9).",
        says=extremes(correlation.rows, field, "dataset", score),
    )


def _one_dataset(view: View, proxy: str, datasets: list[str]) -> None:
    dataset = state.select_one("dataset", "Dataset", datasets, datasets[0])
    scored = rows(view, SCORED, proxy=proxy, dataset=dataset).where(pool=[view.pool])
    (facts,) = rows(view, CORRELATION, proxy=proxy).where(pool=[view.pool], dataset=[dataset]).rows
    tau, r = ("–" if facts[name] is None else f"{facts[name]:.2f}" for name in ("kendall", "pearson"))
    figure.draw(
        view,
        "scatter",
        chart.scatter(scored.rows, proxy, colour(proxy)),
        scored,
        f"Each point is one of {count(len(scored.rows), 'model')} on {dataset}, by score and accuracy after fine-tuning. The ring "
        f"marks the first pick of {proxy}, the square the best model of the pool; the vertical distance between them is the loss. "
        f"Kendall's tau b {tau}, Pearson's r {r}, regret at B = 1: {percent(facts['relative_regret'])}.",
        says=f"Accuracy. {extremes(scored.rows, 'accuracy', 'model')}",
    )
