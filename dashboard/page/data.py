"""Page Data: a box for SQL, every relation with its comment, and missing runs."""

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.format import MISSING_VALUE
from dashboard.page import figure, sql_box
from dashboard.page.empty import show_commands
from dashboard.session import state
from dashboard.session.view import View, rows
from warehouse.relation import of_schema
from warehouse.strategy import shipped

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
    described = relations([str(row["proxy"]) for row in rows(view, "select proxy from study_proxy order by proxy").rows])
    with query:
        sql_box.draw(view, {row["relation"]: row["comment"] for row in described})
    with schema:
        _schema(described)
    with missing:
        _missing(view)


def _schema(described: Sequence[Mapping[str, str]]) -> None:
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
