"""Draws which models the best strategy would fine-tune on a dataset, and what that takes."""

import streamlit as st

from dashboard.format import code, duration, listed, percent
from dashboard.page.empty import show_commands
from dashboard.session import state
from dashboard.session.query import QueryResult
from dashboard.session.view import SHOWN, View, rows

PICKS = """
    select pool, dataset, strategy, rank, model from ranking where strategy = $strategy and rank <= $shown
    order by pool, dataset, rank
"""
COSTS = """
    select pool, dataset, budget, relative_regret, seconds, everything_seconds
    from regret left join cost using (strategy, pool, dataset, budget, relative_regret)
    where strategy = $strategy and budget <= $shown order by pool, dataset, budget
"""


def show(view: View) -> None:
    """Draw the choice of a dataset, and the picks of the strategy that loses least."""
    if not view.leaders:
        return
    strategy = view.leaders[0]
    picks = _of(view, PICKS, strategy)
    datasets = list(dict.fromkeys(row["dataset"] for row in picks.rows))
    if not datasets:
        return
    left, right = st.columns([1, 2], vertical_alignment="center")
    with left:
        dataset = state.select_one("on", "What it would fine-tune on images such as", datasets, datasets[0])
    models = [row["model"] for row in picks.where(dataset=[dataset]).rows if row["rank"] <= view.budget]
    told = f"On {code(dataset)}, `{strategy}` fine-tunes {listed(models)}"
    for row in _of(view, COSTS, strategy).where(dataset=[dataset], budget=[view.budget]).rows:
        if row["seconds"] is not None:
            told += f": {duration(row['seconds'])} with what it looks at, of {duration(row['everything_seconds'])} for all"
        loss = row["relative_regret"]
        told += (
            f". The best of all would make {percent(loss)} fewer errors." if loss else ". None of the others does better there."
        )
    right.markdown(told)
    st.markdown("For images of yours:")
    show_commands([f"needle recommend IMAGES --budget {view.budget} --study {view.study.name}"])


def _of(view: View, sql: str, strategy: str) -> QueryResult:
    return rows(view, sql, strategy=strategy, shown=max(SHOWN, view.budget)).where(pool=[view.pool])
