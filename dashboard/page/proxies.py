"""Page Proxies: why a proxy that correlates may still choose badly (figures 8, 9, 23)."""

import streamlit as st

from dashboard.chart import proxies as chart
from dashboard.chart.colour import colour
from dashboard.format import count, percent
from dashboard.page import panel
from dashboard.page.empty import nothing
from dashboard.session import state
from dashboard.session.view import View, rows

MOST = 4000  # points

KNOWN = "select distinct proxy from score order by proxy"
# Asked for all pools at once, which takes little longer than for one; another choice then needs no query.
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
    if not known:
        nothing(view, "no complete score of any proxy")
        return
    proxy = state.one("proxy", "Proxy", known, "linear" if "linear" in known else known[0])
    correlation = rows(view, CORRELATION, proxy=proxy).where(pool=[view.pool])
    if not correlation.rows:
        nothing(view, f"no dataset on which every model has a score of {proxy} and all its runs")
    else:
        left, right = st.columns(2)
        with left:
            _one_dataset(view, proxy, [row["dataset"] for row in correlation.rows])
        with right:
            field = state.one("correlation", "Correlation", ["kendall", "pearson"], "kendall")
            panel.figure(
                view,
                "correlation",
                chart.correlation(
                    [row for row in correlation.rows if row[field] is not None and row["relative_regret"] is not None], field
                ),
                correlation,
                "A point is a dataset. Were correlation all that matters, high ones would lie at the bottom right: but regret "
                "asks only for the first models of the order, and correlation for all of them (figures 8 and 9).",
            )
    dimension = rows(view, DIMENSION, proxy=proxy, most=MOST).where(pool=[view.pool])
    if dimension.rows:
        panel.figure(
            view,
            "dimension",
            chart.dimension(dimension.rows, proxy),
            dimension,
            f"A point is a model on a dataset. Where points only rise to the right, {proxy} may prefer long representations "
            "for their length (figure 23).",
        )


def _one_dataset(view: View, proxy: str, datasets: list[str]) -> None:
    dataset = state.one("dataset", "Dataset", datasets, datasets[0])
    scored = rows(view, SCORED, proxy=proxy, dataset=dataset).where(pool=[view.pool])
    (facts,) = rows(view, CORRELATION, proxy=proxy).where(pool=[view.pool], dataset=[dataset]).rows
    tau, r = ("–" if facts[name] is None else f"{facts[name]:.2f}" for name in ("kendall", "pearson"))
    panel.figure(
        view,
        "scatter",
        chart.scatter(scored.rows, proxy, colour(proxy)),
        scored,
        f"A point is a model on {dataset}, {count(len(scored.rows), 'model')}: right is a high score, up a high accuracy after "
        f"fine-tuning. The ring is what {proxy} would take first, the square the best of the pool; their distance upwards is "
        f"the loss. Kendall's tau b {tau}, Pearson's r {r}, regret at B = 1: {percent(facts['relative_regret'])}.",
    )
