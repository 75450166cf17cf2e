"""Page Data: a box for SQL, every relation with its comment, and missing runs."""

import re
from collections.abc import Sequence

import pyarrow as pa
import streamlit as st

from dashboard.format import MISSING_VALUE, count
from dashboard.page import figure
from dashboard.page.empty import show_commands
from dashboard.session import state, study_copy
from dashboard.session.query import QueryResult
from dashboard.session.view import View, rows
from warehouse.relation import of_schema
from warehouse.sandbox.client import Answer, QueryRefused, QueryStopped, start_query, stop_query, wait_for_answer
from warehouse.strategy import shipped

RESULT, RUNNING = "needle.result", "needle.running"
ANSWERED = "answered"  # in a link: who opens it sees the answer, too, which the sandbox makes anew
SECONDS, ROWS = 10.0, 5_000
EXAMPLE = """\
select pool, budget, strategy, relative_regret
from mean_regret
where budget <= 2
order by pool, budget, relative_regret, strategy"""
COLUMNS = """
    select table_name as relation, string_agg(column_name, ', ' order by column_index) as columns
    from duckdb_columns() where schema_name = 'main' and not internal group by table_name order by table_name
"""
COMMENT = re.compile(r"comment on (?:table|view) ([\w.]+) is\s+'((?:[^']|'')*)'")
MISSING = """
    select procedure, model, dataset, count(*) as missing_runs
    from missing_run group by procedure, model, dataset order by procedure, model, dataset limit 2000
"""
VIOLATIONS = "select relation, model, dataset, learning_rate, repeat, subject, rule from violation limit 2000"
SECTIONS = {1: "facts", 2: "pools", 3: "accuracy", 4: "ranking", 5: "pick", 6: "regret", 7: "delta", 8: "intervals and cost",
            9: "audit", 10: "checks", 11: "the paper's numbers"}  # fmt: skip


def show(view: View) -> None:
    st.title("Data")
    query, schema, missing = st.tabs(["Query", "Relations", "Missing runs"])
    with query:
        _query(view)
    with schema:
        _schema(view)
    with missing:
        _missing(view)


def _query(view: View) -> None:
    left, right = st.columns([3, 2])
    with left:
        _box(view)
    with right:
        with st.container(height=430):  # text, because a table would cut the columns off
            st.markdown("\n\n".join(f"`{row['relation']}` {row['columns']}" for row in rows(view, COLUMNS).rows))
        st.caption(
            "What a query may read, with its columns. Each strategy is a relation, too, such as `strategy.linear`, of pool, dataset, "
            "model and rank. The tab Relations says what a row is."
        )


def _box(view: View) -> None:
    sql = state.text_input("query", "One SELECT", EXAMPLE, area=True, height=160)
    st.caption(
        f"The query runs in a sandbox that can only read this study, for at most {SECONDS:g} seconds and {count(ROWS, 'row')}. "
        "Intervals take longer: use needle query for them."
    )
    asked = (view.study, view.pools, sql)
    answered = state.pop_link_value(ANSWERED) is not None  # the link is of a page that showed an answer
    if st.button("Run", type="primary", key="run") or (answered and sql != EXAMPLE):
        _stop()
        query = start_query(study_copy.query_database(view.study, view.pools), sql, seconds=SECONDS, rows=ROWS)
        st.session_state[RUNNING] = (asked, query)
    if RUNNING in st.session_state:
        _running()
    of, found = st.session_state.get(RESULT, (None, None))
    if asked in (of, st.session_state.get(RUNNING, (None,))[0]):
        state.set_link_value(ANSWERED, "1")
    if found and of == asked:
        if isinstance(found, Answer):
            _answer(view, sql, _as_table(found), found.truncated)
        else:
            st.error(found)
    elif sql == EXAMPLE:  # our own text, which needs no sandbox
        _answer(view, sql, rows(view, EXAMPLE).table)


@st.fragment(run_every=0.2)
def _running() -> None:
    """Show that a query is running, with a button to stop it; redraw the page when it has ended."""
    if RUNNING not in st.session_state:
        st.rerun()
    asked, query = st.session_state[RUNNING]
    if query.output.done():
        del st.session_state[RUNNING]
        try:
            found: Answer | str = wait_for_answer(query)
        except (QueryRefused, QueryStopped) as error:
            found = str(error)
        st.session_state[RESULT] = (asked, found)
        st.rerun()
    with st.container(horizontal=True):
        st.markdown("Running in the sandbox …")
        if st.button("Stop", key="stop-query", on_click=_stop):
            st.rerun()


def _stop() -> None:
    if running := st.session_state.pop(RUNNING, None):
        stop_query(running[1])


def _as_table(found: Answer) -> pa.Table:
    names = [f"{name} ({i})" if name in found.columns[:i] else name for i, name in enumerate(found.columns)]
    columns = zip(*found.rows, strict=True) if found.rows else ([] for _ in names)
    return pa.table({name: _column(column) for name, column in zip(names, map(list, columns), strict=True)})


def _answer(view: View, sql: str, table: pa.Table, truncated: bool = False) -> None:
    figure.keep("answer", QueryResult(sql, table, {}))
    st.dataframe(table, hide_index=True, placeholder=MISSING_VALUE)
    st.caption(count(len(table), "row") + (f", the first of more: a query here returns at most {ROWS:,}." if truncated else "."))
    with st.container(horizontal=True):
        figure.downloads("answer", f"{view.study.name}-answer", table)


def _column(values: Sequence[object]) -> pa.Array:
    """Return a column as Arrow, as text where Arrow has no type for its values."""
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return pa.array([None if value is None else str(value) for value in values])


def _schema(view: View) -> None:
    described = relations([str(row["proxy"]) for row in rows(view, "select proxy from study_proxy order by proxy").rows])
    st.dataframe(
        [{"section": row["section"], "relation": row["relation"], "description": row["comment"]} for row in described],
        hide_index=True,
    )
    st.caption("The paper in SQL, in its order. Each description says what one row of the relation is.")
    names = [str(row["relation"]) for row in described]
    name = state.select_one("relation", "SQL of", names, "regret")
    st.code(next(str(row["statement"]) for row in described if row["relation"] == name), language="sql")


@st.cache_data(show_spinner=False)
def relations(proxies: Sequence[str]) -> list[dict[str, str]]:
    """Return every relation of a study with these proxies, in the order of sections, with its comment and its SQL."""
    found = []
    for one in of_schema(()).values():
        if not one.name.startswith("resample."):
            comment = next((match[2] for text in one.statements[1:] if (match := COMMENT.match(text))), "A macro or a type.")
            section = f"{one.section} {SECTIONS[one.section]}"
            found.append(
                {"section": section, "relation": one.name, "comment": comment.replace("''", "'"), "statement": one.statements[0]}
            )
    strategies = [{"section": "4 ranking", "relation": f"strategy.{name}", "comment": "One row per (pool, dataset, model): its rank.",
             "statement": text.sql} for name, text in shipped(proxies).items()]  # fmt: skip
    return sorted([*found, *strategies], key=lambda row: int(row["section"].split()[0]))


def _missing(view: View) -> None:
    missing, broken = rows(view, MISSING), rows(view, VIOLATIONS)
    for title, found, none_found in (
        ("Missing runs", missing, "No run of the protocol is missing."),
        ("Broken rules", broken, "No row breaks a rule."),
    ):
        st.subheader(title)
        if found.rows:
            st.dataframe(found.table, hide_index=True, placeholder=MISSING_VALUE)
            with st.container(horizontal=True):
                figure.downloads(title, f"{view.study.name}-{title.lower().replace(' ', '-')}", found.table)
        else:
            st.markdown(none_found)
    if missing.rows:
        show_commands([f"needle plan --study {view.study.name}", f"needle collect --study {view.study.name}"])
