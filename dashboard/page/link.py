"""Draws links to other pages. They keep what is chosen in the sidebar, also in a new tab."""

from collections.abc import Mapping

import streamlit as st

from dashboard.session import state

ARROW = ":material/arrow_forward:"  # without it a link looks like text


def links(labels: Mapping[str, str]) -> None:
    """Draw a row of links. labels: by the path of the page."""
    with st.container(horizontal=True):
        for path, label in labels.items():
            st.page_link(state.page(path), label=label, icon=ARROW, query_params=state.chosen())
