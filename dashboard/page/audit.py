"""Page Audit: whether the study can judge ways of choosing a model, or one fixed order explains it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboard.chart import audit as chart
from dashboard.format import LEVEL, MISSING_VALUE, as_markdown
from dashboard.page import figure, table
from dashboard.page.empty import explain_absence
from dashboard.page.result import extremes
from dashboard.session.query import QueryResult
from dashboard.session.study import open_study_audit
from dashboard.session.view import View, rows
from warehouse.audit import FIDELITY, MARGINS, WINNERS, AuditError, winners

MOST = 40  # models in the chart

VERDICT = "select verdict, sentence from audit_verdict where pool = $pool and budget = $budget"
FINDINGS = """
    select finding, case holds when true then 'yes' when false then 'no' else '–' end as holds, reason
    from audit_finding where pool = $pool and budget = $budget order by rule
"""
RANKS = """
    select model, datasets, mean_rank, sd_rank, best_rank, worst_rank
    from rank_dispersion where pool = $pool order by mean_rank, model limit $most
"""
AGREEMENT = """
    select rank_agreement.datasets, kendall_w, agreement, best_models, model, best_on
    from rank_agreement join best_model using (pool) where pool = $pool
"""
COLUMNS = {
    "holds": st.column_config.TextColumn("as it should be"),
    "reason": st.column_config.TextColumn("why it matters"),
    "relative_regret": table.percent_column("mean regret"),
    "fixed_regret": table.percent_column("of the fixed order"),
    "delta": table.percent_column("delta", help="Positive where the strategy is better."),
    "low": table.percent_column("low"),
    "high": table.percent_column("high"),
    "kendall": st.column_config.NumberColumn("Kendall's tau b", format="%.2f"),
    "line_r2": st.column_config.NumberColumn("R² of a line on each dataset", format="%.2f"),
    "difference_r2": st.column_config.NumberColumn("R² of differences, one line for all", format="%.2f"),
}
FRACTIONS = ("relative_regret", "fixed_regret", "delta", "low", "high")


def show(view: View) -> None:
    st.title("Can this study judge?")
    try:
        audit = open_study_audit(view.study, view.pool)
    except AuditError as error:
        if view.complete:
            st.info(as_markdown(str(error)))
        else:
            explain_absence(view, "no audit")
            st.caption(as_markdown(str(error)))
        return
    audited = replace(view, con=audit.con, pools=(view.pool, *audit.smaller), simulations=())
    (verdict,) = rows(audited, VERDICT).rows
    st.markdown(
        f"### {verdict['verdict'].capitalize()}\n"
        + as_markdown(f"{verdict['sentence']}, with B = {view.budget} in the pool {view.pool_label}.")
    )
    _table(rows(audited, FINDINGS))
    _ranks(audited)
    st.subheader("Beside a fixed order")
    st.markdown(
        f"The fixed order is the best on the other datasets (leave_one_dataset_out). Low and high are a {LEVEL} interval of the mean delta "
        "over datasets, of the study's own repeats."
    )
    margins = rows(audited, MARGINS)
    what = pa.array([view.what(row["strategy"]) for row in margins.rows], pa.string())
    table.draw(margins.table.append_column("what it does", what), COLUMNS, FRACTIONS)
    if (fidelity := rows(audited, FIDELITY)).rows:
        st.subheader("What a difference of scores says of accuracy")
        _table(fidelity)
    st.subheader("The best strategies in smaller pools")
    shown = [[MISSING_VALUE if value == "-" else value for value in row] for row in winners(audit)]
    st.dataframe([dict(zip(WINNERS, row, strict=True)) for row in shown], hide_index=True)


def _table(found: QueryResult) -> None:
    table.draw(found.table, COLUMNS, FRACTIONS)


def _ranks(view: View) -> None:
    (facts,) = rows(view, AGREEMENT).rows
    found = rows(view, RANKS, most=MOST)
    figure.draw(
        view,
        "ranks",
        chart.ranks(found.rows),
        found,
        "A line goes from a model's best to its worst rank over the datasets, the dot is its mean. Short lines one below the other are one "
        f"order everywhere: {_agreement(facts)}. The best of a dataset is one of {facts['best_models']} models, on "
        f"{facts['best_on']} of {facts['datasets']} it is {facts['model']}.",
        says=f"Mean rank. {extremes(found.rows, 'mean_rank', 'model', '{:.1f}'.format)}",
    )


def _agreement(facts: Mapping[str, Any]) -> str:
    if facts["kendall_w"] is None:
        return "here all models tie, so that there is no order"
    return f"Kendall's W is {facts['kendall_w']:.2f} (1: the same order; beyond chance {facts['agreement']:.2f})"
