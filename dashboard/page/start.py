"""Page Start: the question, the size of the study, and the strategy with the lowest regret at each budget."""

import streamlit as st

from dashboard.chart import budget as chart
from dashboard.format import count, listed, percent
from dashboard.page import figure
from dashboard.page.empty import explain_absence, show_commands
from dashboard.session.query import QueryResult, Row
from dashboard.session.view import SHOWN, View, rows

MANY = 12  # strategies; of more, only those that matter are drawn

NUMBERS = """
    select (select count(*) from model) as models, (select count(*) from dataset) as datasets, (select count(*) from finetune) as finetunes
"""
COMPLETE = "select procedure, asked, done, share from completeness order by procedure"
MEANS = """
    select pool, strategy, budget, relative_regret, datasets,
           realistic and rank() over (partition by pool, budget, realistic order by relative_regret) = 1 as lowest
    from (select *, list_contains($realistic, strategy) as realistic from mean_regret where budget <= $shown)
    order by pool, strategy, budget
"""


def show(view: View) -> None:
    st.title("Which pretrained models should I fine-tune?")
    result = means(view)
    best = [row for row in result.rows if row["lowest"]]
    _headline(view, best)
    _numbers(view)
    if not best:
        explain_absence(view, "no mean regret")
        return
    winners = [row["strategy"] for row in best if row["budget"] == view.budget]
    prominent = {*view.drawn, *(winners if len(winners) <= MANY else winners[:1])}
    others = [name for name in view.all_strategies if name not in prominent]
    faint = others if len(view.all_strategies) <= MANY else []
    more = f" {len(others)} more strategies stand on the page League." if others and not faint else ""
    result = result.where(strategy=[*prominent, *faint])
    figure.draw(
        view,
        "strategy-by-budget",
        chart.by_budget(chosen_first(view, result), "relative_regret", "mean relative regret", view.budget, faint),
        result,
        "Lower is better. Each line is a strategy: after B fine-tunes, the share of the remaining errors that the best model of "
        f"the pool would avoid, averaged over the datasets; {percent(0.0)} means the best model was found. The dashed line is your budget. "
        "Strategies that you have not chosen are pale, except the two best; an oracle reads the answer and only shows what is "
        "possible. One with partial fine-tunes (partial_…) trains every model for a while first, beyond the budget." + more,
    )
    st.markdown(
        "**Next.** *Regret* shows each dataset, *Budget* the cost, and *Simulate* runs a strategy of your own. In the terminal:"
    )
    show_commands(
        [
            f"needle report --study {view.study.name}",
            f'needle query "from mean_regret where budget = {view.budget}" --study {view.study.name}',
        ]
    )


def means(view: View, pool: str | None = None) -> QueryResult:
    """Return the mean regret of every strategy at each budget, and which one has the lowest of those that are realistic.

    One query serves all pools and all budgets up to ten. pool: the view's by default.
    """
    return rows(view, MEANS, shown=shown(view)).where(pool=[pool or view.pool])


def shown(view: View) -> int:
    """Return the largest budget to query, the same for all small budgets, so that they share one query."""
    return max(SHOWN, view.budget)


def chosen_first(view: View, result: QueryResult) -> list[Row]:
    """Return the rows in the order of a legend: the chosen strategies, then the others."""
    return sorted(result.rows, key=lambda row: row["strategy"] not in view.strategies)


def _headline(view: View, best: list[Row]) -> None:
    by_budget: dict[int, list[Row]] = {}
    for row in best:
        if row["budget"] in (1, 2, 3, view.budget):
            by_budget.setdefault(row["budget"], []).append(row)
    winners = by_budget.get(view.budget)
    if not winners:
        st.markdown("A study measures the regret of each strategy: how far its picks stay behind the best model of a pool.")
        return
    names = _named(view, winners)
    regret, datasets = winners[0]["relative_regret"], winners[0]["datasets"]
    verb = "have" if len(winners) > 1 else "has"
    st.markdown(
        f"#### With {count(view.budget, 'fine-tune')} of {count(view.models, 'model')}, {names} {verb} the lowest regret: "
        f"**{percent(regret)}**\nof the remaining errors would be avoided by the best model of the pool "
        f"{view.pool_label}, averaged over {count(datasets, 'dataset')}."
    )
    columns = st.columns(len(by_budget))
    for column, (budget, rows_) in zip(columns, sorted(by_budget.items()), strict=True):
        with column.container(border=True, height="stretch"):
            what = "\n".join(f"- `{row['strategy']}`: {view.what(row['strategy'])}" for row in rows_)
            st.metric(f"B = {budget}", percent(rows_[0]["relative_regret"]), help=what)
            st.caption(_named(view, rows_))


def _named(view: View, winners: list[Row]) -> str:
    """Name strategies that tie, the chosen ones first; of more than four three, and how many more there are."""
    names = sorted((row["strategy"] for row in winners), key=lambda name: (name not in view.strategies, name))
    return listed(names) if len(names) <= 4 else f"{', '.join(f'`{name}`' for name in names[:3])} and {len(names) - 3} more"


def _numbers(view: View) -> None:
    numbers = rows(view, NUMBERS).rows[0]
    complete = rows(view, COMPLETE).rows
    parts = [count(numbers["models"], "model"), count(numbers["datasets"], "dataset"), count(numbers["finetunes"], "fine-tune")]
    lacking = [row for row in complete if row["done"] < row["asked"]]
    proxies = sum(row["procedure"] != "finetune" for row in complete)
    whole = " Some runs are missing:" if lacking else " Complete."
    st.markdown(f"**{view.study.name}**: {', '.join(parts)}, {proxies} {'proxy' if proxies == 1 else 'proxies'}.{whole}")
    for row in lacking:
        st.progress(row["share"], f"{row['procedure']}: {row['done']:,} of {count(row['asked'], 'run')}")
