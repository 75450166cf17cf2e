"""Page Budget: regret and share of zero regret over B, and the cost (figures 7, 17)."""

import streamlit as st

from dashboard.chart import budget as chart
from dashboard.format import duration, percent
from dashboard.page import figure
from dashboard.page.empty import explain_absence
from dashboard.session import state
from dashboard.session.query import QueryResult, Row
from dashboard.session.view import SHOWN, View, rows

# Queried for all pools, strategies and small budgets at once, which takes no longer than one; another choice then needs no query.
SHARE = """
    select pool, strategy, budget, share, datasets
    from zero_regret_share where budget <= $shown order by pool, strategy, budget
"""
MEAN = """
    select pool, strategy, budget, relative_regret, datasets
    from mean_regret where budget <= $shown order by pool, strategy, budget
"""
COST = """
    select pool, strategy, budget, total_cost.seconds, total_cost.speed_up, everything_seconds,
           total_cost.relative_regret, pareto.strategy is not null as front
    from total_cost left join pareto using (strategy, pool, budget)
    where budget <= $shown or front
    order by pool, total_cost.seconds, total_cost.relative_regret, strategy, budget
"""


def show(view: View) -> None:
    st.title("How many fine-tunes are enough?")
    if not view.drawn:
        st.info("Choose a strategy in the sidebar.")
        return
    upto = state.number_input("upto", "Up to B", 1, view.models, min(SHOWN, view.models))
    shown, wanted = max(SHOWN, upto), range(1, upto + 1)
    share, mean = (
        rows(view, sql, shown=shown).where(pool=[view.pool], strategy=view.drawn, budget=wanted) for sql in (SHARE, MEAN)
    )
    if not share.rows:
        explain_absence(view, "no mean regret")
        return
    left, right = st.columns(2)
    with left:
        figure.draw(
            view,
            "zero-regret-share",
            chart.share(_in_order(view, share), view.budget),
            share,
            "Higher is better: the share of datasets on which the best model of the pool is among the first B (figures 7 and "
            "17). For random it says whether the expected regret is zero.",
        )
    with right:
        figure.draw(
            view,
            "mean-regret",
            chart.by_budget(_in_order(view, mean), "relative_regret", "mean relative regret", view.budget),
            mean,
            "Lower is better: the regret that remains, averaged over the datasets. Where a line is flat, another "
            "fine-tune gains nothing.",
        )
    cost = rows(view, COST, shown=shown).where(pool=[view.pool])
    st.subheader("What it costs")
    costs = [row for row in cost.rows if row["front"] or (row["strategy"] in view.drawn and row["budget"] <= upto)]
    if not costs:
        st.info("No cost can be shown: this study does not say how long its runs took.")
        return
    front = [row for row in costs if row["front"]]
    figure.draw(
        view,
        "cost",
        chart.by_cost(costs),
        cost,
        "Lower and further left is better. A point is a strategy at one budget; its cost is that of the forward passes, proxies "
        "and fine-tunes that it needs, over the datasets of the mean. The grey steps with rings are the Pareto front: nothing else is both "
        f"cheaper and better; the number is B. Fine-tuning the whole pool takes {duration(costs[0]['everything_seconds'])}.",
    )
    for row in front:
        st.markdown(f"- {duration(row['seconds'])}: `{row['strategy']}` at B = {row['budget']} loses {percent(row['relative_regret'])}, "
                    f"{row['speed_up']:.1f}× cheaper than everything")  # fmt: skip


def _in_order(view: View, answer: QueryResult) -> list[Row]:
    """Return the rows, with strategies in the order of `View.drawn`."""
    return sorted(answer.rows, key=lambda row: view.drawn.index(row["strategy"]))
