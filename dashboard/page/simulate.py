"""Page Simulate: write or compose a strategy and compare it with the others. Nothing is trained, and the study stays as it is."""

from collections.abc import Sequence

import streamlit as st

from dashboard.chart import budget as chart
from dashboard.format import percent
from dashboard.page import panel
from dashboard.page.empty import nothing
from dashboard.page.interval import intervals
from dashboard.page.start import chosen_first, means
from dashboard.session import shared, state, study_copy
from dashboard.session.ask import Row
from dashboard.session.view import View
from dashboard.simulation.order import LONGEST, hybrid
from warehouse import StrategyError
from warehouse.strategy import in_folder

EXAMPLE = """\
-- The smallest network first.
select pool, dataset, model,
       row_number() over (
           partition by pool, dataset order by num_params, model
       ) as rank
from candidate
"""
INTERVALS = {"mean_regret_interval": "select strategy, budget, low, high from mean_regret_interval where pool = $pool"}
FAILED = "needle.failed"


def show(view: View) -> None:
    st.title("Simulate a strategy")
    st.markdown(
        "A strategy is an order: one SELECT of `(pool, dataset, model, rank)`. It may read `candidate` (what is known before "
        "training), `candidate_score` (what the proxies say), `other_mean_accuracy` (how models fare on the other datasets) "
        "and other strategies (`strategy.linear`). End every order with `model`. To simulate on another pool, type a "
        "condition as the pool in the sidebar."
    )
    write, compose = st.tabs(["Write SQL", "Compose a hybrid"])
    with compose:
        _compose(view)
    with write:
        name = state.text("name", "Name", "smallest", max_chars=LONGEST)
        sql = state.text("sql", "SQL", EXAMPLE, area=True, height=220)
        with st.container(horizontal=True):
            st.button("Try it", type="primary", on_click=_try, args=(view,), key="try")
            st.download_button("Save as a file", sql, f"{name}.sql", "application/sql", key="save", on_click="ignore")
            if any(one.name == name for one in view.simulations):
                st.button(f"Take {name} out", on_click=_drop, key="drop")
    if words := st.session_state.pop(FAILED, None):
        st.error(words)
    _compared(view)


def _compose(view: View) -> None:
    known = list(in_folder())
    state.one("lead", "First models from", known, "task_agnostic")
    state.number("first", "How many of them", 0, 10, 1, slider=True)
    state.one("rest", "then the order of", known, "linear")
    st.button("Write its SQL and try it", on_click=_write, args=(view,), key="compose")


def _write(view: View) -> None:
    lead, first, rest = state.chosen("lead"), state.chosen("first"), state.chosen("rest")
    name, sql = f"{lead}_{first}_then_{rest}", hybrid(lead, first, rest)
    state.put("name", name)
    state.put("sql", sql)
    _try(view)


def _try(view: View) -> None:
    """Run the strategy in the sandbox; keep it in this session, or say what is wrong with it."""
    name, sql = state.chosen("name"), state.chosen("sql")
    try:
        study_copy.tried(view.study, view.pools, name, sql)
    except StrategyError as error:
        st.session_state[FAILED] = str(error)
        return
    shared.keep(name, sql)
    state.add("strategies", name)


def _drop() -> None:
    shared.drop(state.chosen("name"))


def _compared(view: View) -> None:
    answer = means(view)
    if not answer.rows:
        nothing(view, "no mean regret")
        return
    if not view.simulations:
        st.caption("Nothing is simulated in this session yet. The strategies of the study:")
    tried = [one.name for one in view.simulations]
    faint = [name for name in view.known if name not in (*view.strategies, *tried)]
    found = (intervals(view, INTERVALS, {"pool": view.pool}) or {}).get("mean_regret_interval", [])
    within = {(row["strategy"], row["budget"]): row for row in found}
    drawn = [
        {**row, "low": None, "high": None, **within.get((row["strategy"], row["budget"]), {})}
        for row in chosen_first(view, answer)
    ]
    noise = " A band is the 95 % interval of a strategy that you have chosen." if within else ""
    panel.figure(
        view,
        "simulated",
        chart.by_budget(drawn, "relative_regret", "mean relative regret", view.budget, faint),
        answer,
        f"Lower is better: mean relative regret in the pool {view.label}.{noise} Only this session, and who has its link, sees what "
        "it simulates.",
    )
    _table(view, drawn, tried)


def _table(view: View, means: Sequence[Row], tried: Sequence[str]) -> None:
    """Show every strategy at a few budgets, the least regret at the chosen budget first."""
    at = {(row["strategy"], row["budget"]): row for row in means}
    budgets = sorted({1, 2, view.budget})
    ordered = sorted(
        (name for name, budget in at if budget == view.budget), key=lambda name: at[name, view.budget]["relative_regret"]
    )
    shown = [
        {"strategy": ("▶ " if name in tried else "") + name} | {f"B = {b}": _said(at.get((name, b))) for b in budgets}
        for name in ordered
    ]
    st.dataframe(shown, hide_index=True)
    st.caption("Mean relative regret, the least at your budget first; ▶ is simulated. An oracle looks at the answer.")


def _said(row: Row | None) -> str:
    if row is None:
        return percent(None)
    if row["low"] is None:
        return percent(row["relative_regret"])
    return f"{percent(row['relative_regret'])} [{percent(row['low'])}, {percent(row['high'])}]"
