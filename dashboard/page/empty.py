"""Explains why a page has nothing to draw."""

from collections.abc import Sequence

import streamlit as st

from dashboard.format import MOST, as_markdown, count
from dashboard.page.link import links
from dashboard.session.own_study import is_own
from dashboard.session.view import View, rows

MISSING = """
    select procedure, count(*) as runs, min(model || ' on ' || dataset) as first
    from missing_run group by procedure order by procedure
"""


def explain_absence(view: View, what: str) -> None:
    """Say what the study lacks, why, and which commands help. what: such as "no mean regret"."""
    absent = as_markdown(f"There is {what} in the pool {view.pool_label}")
    if is_own(view.study.folder):
        st.info(f"{absent}: of images of your own nobody has fine-tuned every model. What was measured on them is on Recommend.")
        links({"recommend": "Recommend: which models for your images"})
        return
    missing = [] if view.complete else rows(view, MISSING).rows  # counting them takes a scan of the study
    if not missing:
        st.info(f"{absent}. No run is missing: choose another pool or strategy.")
        return
    lines = [
        f"- {row['procedure']}: {count(row['runs'], 'run')} missing, such as {as_markdown(row['first'])}"
        for row in missing[:MOST]
    ]
    if len(missing) > MOST:
        lines.append(f"- and {len(missing) - MOST} more")
    st.info(f"{absent} yet: runs are missing, and a regret is shown only when it is certain.\n\n" + "\n".join(lines))
    st.markdown("Collect the missing runs, or list them:")
    show_commands([f"needle collect --study {view.study.name}", f"needle check --study {view.study.name}"])
    if view.study.repeats is None and not view.study.whole_datasets:
        st.markdown(
            "While runs are missing, the first repeats may already answer, or the datasets on which the pool is whole: choose "
            "*Repeats to answer from* or *Datasets of a mean* in the sidebar."
        )


def show_commands(lines: Sequence[str]) -> None:
    """Show commands to type."""
    st.code("\n".join(lines), language=None)  # Streamlit's colours of a shell have too little contrast
