"""Page Budget: regret and share of zero regret over B, and the cost (figures 7, 17)."""

import pyarrow as pa
import streamlit as st

from dashboard.chart import budget as chart
from dashboard.chart.cost import by_cost
from dashboard.format import duration, listed, percent
from dashboard.page import figure, table
from dashboard.page.empty import explain_absence
from dashboard.page.result import at_budget
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
COLUMNS = {
    "seconds": st.column_config.NumberColumn("cost, h:min:s", format="compact"),
    "strategy": st.column_config.TextColumn("strategy"),
    "budget": st.column_config.NumberColumn("B"),
    "relative_regret": table.percent_column("mean regret"),
    "speed_up": st.column_config.NumberColumn("cheaper than everything", format="%.1f×"),
}


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
            says=at_budget(share.rows, "share", view.budget),
        )
    with right:
        figure.draw(
            view,
            "mean-regret",
            chart.by_budget(_in_order(view, mean), "relative_regret", "mean relative regret", view.budget),
            mean,
            "Lower is better: the regret that remains, averaged over the datasets. Where a line is flat, another "
            "fine-tune gains nothing.",
            says=at_budget(mean.rows, "relative_regret", view.budget),
        )
    cost = rows(view, COST, shown=shown).where(pool=[view.pool])
    st.subheader("What it costs")
    front = cost.where(front=[True])
    paths = cost.where(strategy=view.drawn, budget=wanted)
    if not front.rows:
        st.info("No cost can be shown: this study does not say how long its runs took.")
        return
    figure.draw(
        view,
        "cost",
        by_cost(_in_order(view, paths), front.rows, view.budget),
        cost,
        "Lower and further left is better; both axes are stretched where little is lost and spent. Each line is a strategy with more and "
        "more fine-tunes: its cost is that of the forward passes, proxies and fine-tunes that it needs, over the datasets of the mean. "
        "Nothing reaches into the grey: the rings on its edge are the Pareto front, named where there is space, all of them in the table. "
        f"Fine-tuning the whole pool takes {duration(front.rows[0]['everything_seconds'])}.",
        says=f"The Pareto front goes from {_point(front.rows[0])} to {_point(front.rows[-1])}.",
    )
    costed = {row["strategy"] for row in paths.rows}
    if unknown := [name for name in view.drawn if name not in costed]:
        st.caption(f"Not drawn, because some of the seconds that it takes are not known: {listed(unknown)}.")
    st.markdown("**The Pareto front**: nothing else is both cheaper and better.")
    seconds = front.table.column("seconds").cast(pa.int64(), safe=False).cast(pa.duration("s"))
    table.draw(front.table.select(list(COLUMNS)).set_column(0, "seconds", seconds), COLUMNS, ["relative_regret"])
    st.caption("Click a column to sort by it.")


def _in_order(view: View, answer: QueryResult) -> list[Row]:
    """Return the rows, with strategies in the order of `View.drawn`."""
    return sorted(answer.rows, key=lambda row: view.drawn.index(row["strategy"]))


def _point(row: Row) -> str:
    return f"{row['strategy']} at B = {row['budget']} ({duration(row['seconds'])}, {percent(row['relative_regret'])})"
