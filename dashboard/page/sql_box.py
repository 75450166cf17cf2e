"""Draws the box for SQL: examples, relations whose names a click inserts, and the answer, which a sandbox computes."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import streamlit as st

from dashboard.format import MISSING_VALUE, as_markdown, count
from dashboard.page import figure
from dashboard.session import state, study_copy
from dashboard.session.query import QueryResult, literal
from dashboard.session.view import View, rows
from warehouse.paper.figures import FIGURES
from warehouse.sandbox.client import Answer, QueryRefused, QueryStopped, start_query, stop_query, wait_for_answer

RESULT, RUNNING, ASKED = "needle.result", "needle.running", "needle.asked"
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


def draw(view: View, comments: Mapping[str, str]) -> None:
    """Draw the box beside the relations. comments: what a row of each relation is."""
    left, right = st.columns([3, 2])
    with right:
        _relations(view, comments)
    with left:
        _box(view)


def _relations(view: View, comments: Mapping[str, str]) -> None:
    columns = {row["relation"]: row["columns"].split(", ") for row in rows(view, COLUMNS).rows}
    relation = st.selectbox("Relation", list(columns), list(columns).index("mean_regret"), key="inserted-relation")
    st.caption(comments.get(relation, ""))
    st.caption("A click writes a name at the end of the query:")
    with st.container(horizontal=True, gap="xsmall"):
        for name in dict.fromkeys((relation, *columns[relation])):
            st.button(name, key=f"insert-{name}", on_click=_insert, args=(name,))
    st.caption(
        "Each strategy is a relation, too, such as `strategy.linear`, of pool, dataset, model and rank. The tab Relations has all."
    )


def _insert(name: str) -> None:
    sql = str(state.value_of("query"))
    state.set_value("query", sql + name if not sql or sql[-1] in " \n(." else f"{sql} {name}")


def _take_example(pool: str) -> None:
    figure_, st.session_state["example"] = st.session_state["example"], None
    state.set_value("query", FIGURES[figure_].replace("'ALL'", literal(pool)))
    st.session_state[ASKED] = True


def _box(view: View) -> None:
    pool = view.pool if view.pool in view.sizes else "ALL"
    st.selectbox(
        "Example", list(FIGURES), None, placeholder="What the paper shows, asked of this study", key="example",
        on_change=_take_example, args=(pool,),
    )  # fmt: skip
    sql = state.text_input("query", "One SELECT", EXAMPLE, area=True, height=160)
    st.caption(
        f"The query runs in a sandbox that can only read this study, for at most {SECONDS:g} seconds and {count(ROWS, 'row')}. "
        "Intervals take longer: use needle query for them."
    )
    asked = (view.study, view.pools, sql)
    again = state.pop_link_value(ANSWERED) is not None or st.session_state.pop(ASKED, False)
    if st.button("Run", type="primary", key="run") or again:
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
            st.error(as_markdown(found))
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
