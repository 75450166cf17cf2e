"""Says what is missing where a page has nothing to draw."""

from collections.abc import Sequence

import streamlit as st

from dashboard.format import count
from dashboard.session.view import View, rows

MISSING = """
    select procedure, count(*) as runs, min(model || ' on ' || dataset) as first
    from missing_run group by procedure order by procedure
"""


def nothing(view: View, what: str) -> None:
    """Say what is missing, why, and what to type."""
    missing = [] if view.whole else rows(view, MISSING).rows  # of which the whole study need not be looked through
    if not missing:
        st.info(f"There is {what} in the pool {view.label}. The study has all its runs: choose another pool or strategy.")
        return
    lines = [f"- {row['procedure']}: {count(row['runs'], 'run')} missing, such as {row['first']}" for row in missing]
    st.info(
        f"There is {what} in the pool {view.label} yet: a regret is right or absent, and runs are missing.\n\n" + "\n".join(lines)
    )
    st.markdown("Measure what is missing, or list it:")
    commands([f"needle collect --study {view.study.name}", f"needle check --study {view.study.name}"])
    if view.study.repeats is None:
        st.markdown("A study in the making can answer from its first repeats alone: *Repeats to answer from*, in the sidebar.")


def commands(lines: Sequence[str]) -> None:
    """Return the commands to type."""
    st.code("\n".join(lines), language="bash")
