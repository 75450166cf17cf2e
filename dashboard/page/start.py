"""Page Start: the question, the study in numbers, and which strategy loses least at which budget."""

import streamlit as st

from dashboard.chart import budget as chart
from dashboard.format import count, listed, percent
from dashboard.page import panel
from dashboard.page.empty import commands, nothing
from dashboard.session.ask import Answer, Row
from dashboard.session.view import View, rows

SHOWN = 10  # budgets, as in the paper's figures

NUMBERS = """
    select (select count(*) from model) as models, (select count(*) from dataset) as datasets, (select count(*) from finetune) as finetunes
"""
COMPLETE = "select procedure, asked, done, share from completeness order by procedure"
MEANS = """
    select pool, strategy, budget, relative_regret, datasets,
           honest and rank() over (partition by pool, budget, honest order by relative_regret) = 1 as least
    from (select *, list_contains($honest, strategy) as honest from mean_regret where budget <= $shown)
    order by pool, strategy, budget
"""


def show(view: View) -> None:
    st.title("Which pretrained models should I fine-tune?")
    answer = means(view)
    best = [row for row in answer.rows if row["least"]]
    _headline(view, best)
    _numbers(view)
    if not best:
        nothing(view, "no mean regret")
        return
    strong = {*view.strategies, *(row["strategy"] for row in best if row["budget"] == view.budget)}
    faint = [name for name in view.known if name not in strong]
    panel.figure(
        view,
        "strategy-by-budget",
        chart.by_budget(chosen_first(view, answer), "relative_regret", "mean relative regret", view.budget, faint),
        answer,
        "Lower is better. A line is a strategy: with B fine-tunes it keeps a model of whose errors the best model of the pool "
        "would avoid this share, on average over the datasets; 0 % is the best of the pool. The dashed rule is your budget. "
        "Strategies that you have not chosen are pale, but for the best; an oracle looks at the answer and only shows what "
        "could be reached.",
    )
    st.markdown(
        "**Next.** *Regret* shows each dataset, *Budget* what it costs, *Simulate* tries an order of your own. In the terminal:"
    )
    commands(
        [
            f"needle report --study {view.study.name}",
            f'needle query "from mean_regret where budget = {view.budget}" --study {view.study.name}',
        ]
    )


def means(view: View, pool: str | None = None) -> Answer:
    """Return the mean regret of every strategy up to ten fine-tunes, or to the chosen budget, and which one but oracles has the least.

    The same question for every pool, and for every budget up to ten: it is asked once. pool: the view's, or another.
    """
    return rows(view, MEANS, shown=shown(view)).where(pool=[pool or view.pool])


def shown(view: View) -> int:
    """Return the largest budget to ask for, the same for all small budgets, so that they share one query."""
    return max(SHOWN, view.budget)


def chosen_first(view: View, answer: Answer) -> list[Row]:
    """Return the rows in the order of a legend: the chosen strategies, then the others."""
    return sorted(answer.rows, key=lambda row: row["strategy"] not in view.strategies)


def _headline(view: View, best: list[Row]) -> None:
    by_budget: dict[int, list[Row]] = {}
    for row in best:
        if row["budget"] in (1, 2, 3, view.budget):
            by_budget.setdefault(row["budget"], []).append(row)
    winners = by_budget.get(view.budget)
    if not winners:
        st.markdown("A study measures what each way of choosing models loses against the best model of a pool.")
        return
    names = [row["strategy"] for row in winners]
    regret, datasets = winners[0]["relative_regret"], winners[0]["datasets"]
    lose = "lose" if len(names) > 1 else "loses"
    st.markdown(
        f"#### With {count(view.budget, 'fine-tune')} of {count(view.models, 'model')}, {listed(names)} {lose} least: "
        f"**{percent(regret)}**\nof the errors that remain would be avoided by the best model of the pool "
        f"{view.label}, on average over {count(datasets, 'dataset')}."
    )
    columns = st.columns(len(by_budget))
    for column, (budget, rows_) in zip(columns, sorted(by_budget.items()), strict=True):
        with column.container(border=True, height="stretch"):
            st.metric(f"B = {budget}", percent(rows_[0]["relative_regret"]))
            st.caption(listed([row["strategy"] for row in rows_]))


def _numbers(view: View) -> None:
    numbers = rows(view, NUMBERS).rows[0]
    complete = rows(view, COMPLETE).rows
    parts = [count(numbers["models"], "model"), count(numbers["datasets"], "dataset"), count(numbers["finetunes"], "fine-tune")]
    st.markdown(f"**{view.study.name}**: {', '.join(parts)}. Complete: " + ", ".join(
        f"{row['procedure']} {percent(row['share'])}" for row in complete
    ) + ".")  # fmt: skip
    for row in complete:
        if row["done"] < row["asked"]:
            st.progress(row["share"], f"{row['procedure']}: {row['done']:,} of {count(row['asked'], 'run')}")
