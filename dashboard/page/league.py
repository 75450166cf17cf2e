"""Page League: every strategy at the chosen budget, the one that loses least first."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.format import LEVEL, MISSING_VALUE, count, duration, percent
from dashboard.page import figure, start
from dashboard.page.empty import explain_absence
from dashboard.page.interval import intervals
from dashboard.session.query import Row
from dashboard.session.view import View, rows

# Queried for all pools and small budgets at once, which takes no longer than one; another choice then needs no query.
STANDING = """
    select pool, budget, strategy, relative_regret, datasets, of_datasets, worst_dataset, worst_regret, zero_share, seconds, speed_up,
           reads_answer
    from standing where budget <= $shown order by pool, budget, relative_regret nulls last, strategy
"""
INTERVALS = {
    "league": "select strategy, low, high, beats_hybrid_linear, stability from league where pool = $pool and budget = $budget"
}


def show(view: View) -> None:
    st.title("Which way of choosing loses least?")
    result = rows(view, STANDING, shown=start.shown(view)).where(pool=[view.pool], budget=[view.budget])
    placed = [row for row in result.rows if row["relative_regret"] is not None]
    if not placed:
        explain_absence(view, "no mean regret")
        return
    found = intervals(view, INTERVALS, {"pool": view.pool, "budget": view.budget})
    drawn = {row["strategy"]: row for row in (found or {}).get("league", ())}
    st.markdown(
        f"Mean relative regret over {view.coverage} after {count(view.budget, 'fine-tune')} of {count(view.models, 'model')}: the share "
        "of a pick's remaining errors that the best model of the pool would avoid."
    )
    shown = [
        _shown(row, drawn.get(row["strategy"])) | {"what it does": view.what(row["strategy"])}
        for row in placed
        if not row["reads_answer"]
    ]
    st.dataframe(shown, hide_index=True)
    if drawn:
        st.caption(
            f"The {LEVEL} interval is of other datasets, tasks of one source drawn together, and of other repeats where there are any. "
            "Beats hybrid_linear: in how many resamples, ties half. Same pick: how often the first pick stays with other repeats."
        )
    oracles = [row for row in placed if row["reads_answer"]]
    if oracles:
        said = ", ".join(f"`{row['strategy']}` {percent(row['relative_regret'])}" for row in oracles)
        st.markdown(f"Not in the competition, because they read the accuracies that they are judged by: {said}.")
    lacking = [row for row in result.rows if row["relative_regret"] is None]
    if lacking:
        said = ", ".join(f"`{row['strategy']}` ({row['datasets']} of {row['of_datasets']})" for row in lacking)
        st.markdown(f"Without a place, because a mean needs every dataset: {said}.")
    figure.show_sql(view, "league", result)


def _shown(row: Row, drawn: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the cells of a row, as text."""
    cells = {
        "strategy": row["strategy"],
        "regret": percent(row["relative_regret"]),
        "worst dataset": f"{row['worst_dataset']} {percent(row['worst_regret'])}",
        "best model found": percent(row["zero_share"]),
        "cost": duration(row["seconds"]),
        "speed-up": "–" if row["speed_up"] is None else f"{row['speed_up']:.1f}×",
    }
    if drawn is not None:
        interval = MISSING_VALUE if drawn["low"] is None else f"{percent(drawn['low'])} to {percent(drawn['high'])}"
        cells |= {
            f"{LEVEL} interval": interval,
            "beats hybrid_linear": percent(drawn["beats_hybrid_linear"]),
            "same pick": percent(drawn["stability"]),
        }
    return cells
