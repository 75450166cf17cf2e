"""Page Simulate: write or compose a strategy and compare it with the others. It trains nothing and leaves the study unchanged."""

from collections.abc import Sequence

import streamlit as st

from dashboard.chart import budget as chart
from dashboard.format import LEVEL, as_markdown, percent
from dashboard.page import figure
from dashboard.page.empty import explain_absence
from dashboard.page.interval import intervals
from dashboard.page.result import at_budget
from dashboard.page.start import MANY, chosen_first, means
from dashboard.session import simulations, state, study_copy
from dashboard.session.query import Row
from dashboard.session.view import View
from dashboard.simulation.typed_strategy import LONGEST_NAME, hybrid_sql
from warehouse import StrategyError

EXAMPLE = """\
-- The smallest network first.
select pool, dataset, model,
       row_number() over (
           partition by pool, dataset order by num_params, model
       ) as rank
from candidate
"""
INTERVALS = {"mean_regret_interval": "select strategy, budget, low, high from mean_regret_interval where pool = $pool"}
ERROR = "needle.error"


def show(view: View) -> None:
    st.title("Simulate a strategy")
    st.markdown(
        "A strategy ranks models: one SELECT of `(pool, dataset, model, rank)`. It may read `candidate` (what is known before "
        "training), `candidate_score` (the scores of proxies), `other_mean_accuracy` (accuracies on the other datasets) and "
        "other strategies (`strategy.linear`). End each `order by` with `model`, so that ties are broken the same way "
        "everywhere. To simulate on another pool, type a condition as the pool in the sidebar."
    )
    write, compose = st.tabs(["Write SQL", "Compose a hybrid"])
    with compose:
        _compose(view)
    with write:
        name = state.text_input("name", "Name", "smallest", max_chars=LONGEST_NAME)
        sql = state.text_input("sql", "SQL", EXAMPLE, area=True, height=220)
        with st.container(horizontal=True):
            st.button("Run", type="primary", on_click=_run, args=(view,), key="run-strategy")
            st.download_button("Save as a file", sql, f"{name}.sql", "application/sql", key="save", on_click="ignore")
            if any(one.name == name for one in view.simulations):
                st.button(f"Remove {name}", on_click=_remove, key="drop")
    if message := st.session_state.pop(ERROR, None):
        st.error(as_markdown(message))
    _comparison(view)


def _compose(view: View) -> None:
    simulated = [one.name for one in view.simulations]
    known = [name for name in view.all_strategies if name not in (*simulated, "random")]
    if not known:
        st.info("This study has no strategy to compose one of.")
        return
    st.caption(as_markdown(view.what(state.select_one("lead", "First models from", known, "task_agnostic"))))
    state.number_input("first", "How many of them", 0, 10, 1, slider=True)
    st.caption(as_markdown(view.what(state.select_one("rest", "Then the order of", known, "linear"))))
    st.button("Write its SQL and run it", on_click=_compose_and_run, args=(view,), key="compose")


def _compose_and_run(view: View) -> None:
    lead, first, rest = state.value_of("lead"), state.value_of("first"), state.value_of("rest")
    name, sql = f"{lead}_{first}_then_{rest}", hybrid_sql(lead, first, rest)
    state.set_value("name", name)
    state.set_value("sql", sql)
    _run(view)


def _run(view: View) -> None:
    """Run the strategy in the sandbox; add it to this session, or show what is wrong with it."""
    name, sql = state.value_of("name"), state.value_of("sql")
    try:
        study_copy.simulate_strategy(view.study, view.pools, name, sql)
    except StrategyError as error:
        st.session_state[ERROR] = str(error)
        return
    simulations.add(name, sql)
    state.add_choice("strategies", name)


def _remove() -> None:
    simulations.remove(state.value_of("name"))


def _comparison(view: View) -> None:
    result = means(view)
    if not result.rows:
        explain_absence(view, "no mean regret")
        return
    if not view.simulations:
        st.caption("This session has no simulated strategy yet. The strategies of the study:")
    simulated = [one.name for one in view.simulations]
    others = [name for name in view.all_strategies if name not in (*view.drawn, *simulated)]
    faint = others if len(view.all_strategies) <= MANY else []
    found = (intervals(view, INTERVALS, {"pool": view.pool}) or {}).get("mean_regret_interval", [])
    within = {(row["strategy"], row["budget"]): row for row in found}
    drawn = [
        {**row, "low": None, "high": None, **within.get((row["strategy"], row["budget"]), {})}
        for row in chosen_first(view, result)
    ]
    lines = [row for row in drawn if row["strategy"] in (*view.drawn, *simulated, *faint)]
    limited = "" if len(lines) == len(drawn) else " The table has all strategies, the chart those that matter."
    interval = f" A band is the {LEVEL} interval of a chosen strategy." if within else ""
    figure.draw(
        view,
        "simulated",
        chart.by_budget(lines, "relative_regret", "mean relative regret", view.budget, faint),
        result,
        f"Lower is better: mean relative regret in the pool {view.pool_label}.{interval} Only this session, and anyone with its link, sees "
        f"the strategies that it simulates.{limited}",
        says=at_budget(lines, "relative_regret", view.budget),
    )
    _table(view, drawn, simulated)


def _table(view: View, means: Sequence[Row], simulated: Sequence[str]) -> None:
    """Show every strategy at a few budgets, the lowest regret at the chosen budget first."""
    at = {(row["strategy"], row["budget"]): row for row in means}
    budgets = sorted({1, 2, view.budget})
    ordered = sorted(
        (name for name, budget in at if budget == view.budget), key=lambda name: at[name, view.budget]["relative_regret"]
    )
    shown = [
        {"strategy": ("▶ " if name in simulated else "") + name}
        | {f"B = {b}": _with_interval(at.get((name, b))) for b in budgets}
        | {"what it does": view.what(name)}
        for name in ordered
    ]
    st.dataframe(shown, hide_index=True)
    st.caption("Mean relative regret, the lowest at your budget first. ▶ marks a simulated strategy; an oracle reads the answer.")


def _with_interval(row: Row | None) -> str:
    if row is None:
        return percent(None)
    if row["low"] is None:
        return percent(row["relative_regret"])
    return f"{percent(row['relative_regret'])} [{percent(row['low'])}, {percent(row['high'])}]"
