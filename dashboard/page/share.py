"""Draws the button at the end of every page that saves what the page shows as one HTML file."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from dashboard.document.view import Part, Prose, view_page
from dashboard.format import code
from dashboard.page.figure import file_name
from dashboard.session import state
from dashboard.session.view import View
from warehouse.origin import origin


def button(view: View, path: str, title: str) -> None:
    """Draw the button. The file is made on a click alone. path and title: of the page."""
    made = partial(_page, view, title, f"{path}?{state.link()}", state.kept())
    st.divider()
    st.download_button(
        "Save this page as one HTML file",
        made,
        f"{file_name(view, path)}.html",
        "text/html",
        key="save-page",
        on_click="ignore",
        help="Charts, rows, SQL, protocol and how to cite in one file that opens anywhere and asks no other machine for anything.",
    )


def _page(view: View, title: str, link: str, parts: Sequence[Callable[[], Part | Prose]]) -> bytes:
    choices = {
        "Pool": code(view.pool_label),
        "Budget": f"B = {view.budget}",
        "Strategies": ", ".join(map(code, view.strategies)) or "none",
        "Means": f"over {view.coverage}",
        **({"Repeats": f"the first {view.study.repeats}"} if view.study.repeats else {}),
        "This view in the dashboard": link,
    }
    read = origin(view.study.name, view.study.folder)
    with view.con.cursor() as cursor:
        page = view_page(
            cursor, read, title, choices, [make() for make in parts], {one.name: one.sql for one in view.simulations}
        )
    return page.encode()
