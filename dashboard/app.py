"""The dashboard: `streamlit run app.py -- STUDY`, as `needle dashboard` does. Draws the sidebar, then the requested page."""

import sys
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import unquote, urlsplit

import streamlit as st

from dashboard.format import as_markdown
from dashboard.page import (
    audit,
    budget,
    compare,
    data,
    datasets,
    models,
    proxies,
    recommend,
    regret,
    share,
    simulate,
    start,
    studies,
)
from dashboard.page.empty import show_commands
from dashboard.session import state
from dashboard.session.own_study import is_own
from dashboard.session.study import available
from dashboard.session.view import View, ViewError, sidebar

PAGES: dict[str, tuple[str, Callable[[View], None]]] = {
    "start": ("Start", start.show),
    "recommend": ("Recommend", recommend.show),
    "regret": ("Regret", regret.show),
    "compare": ("Compare", compare.show),
    "budget": ("Budget", budget.show),
    "models": ("Models", models.show),
    "datasets": ("Datasets", datasets.show),
    "proxies": ("Proxies", proxies.show),
    "audit": ("Audit", audit.show),
    "studies": ("Studies", studies.show),
    "simulate": ("Simulate", simulate.show),
    "data": ("Data", data.show),
}
ROOT = "root"  # the name that Streamlit reserves for the first page
MOVED = {"league": "start"}  # links that somebody may have kept, and the page that shows it now

# Show the answer without scrolling in a small window, SQL in a fixed-width font, and captions with enough contrast.
STYLE = """<style>
    [data-testid="stMainBlockContainer"] {padding-top: 3.5rem; padding-bottom: 3rem}
    h1 {font-size: clamp(1.5rem, 4vw, 2.2rem) !important; padding-top: 0 !important}
    textarea {font-family: monospace !important; font-size: 0.875rem !important}
    [data-testid="stCaptionContainer"] {opacity: 0.85 !important}
    @media (max-width: 640px) {[data-testid="stMainBlockContainer"] {padding-left: 1rem; padding-right: 1rem}}
</style>"""


def main(study: str, first: str = "start") -> None:
    """Run the app once. first: the page at the root URL."""
    st.set_page_config(page_title="needle", layout="wide")
    st.html(STYLE)
    # Streamlit serves the first page at the root alone: at its own name, which it reserves, it says "Page not found".
    left_out = not_offered(study)
    pages = {
        path: st.Page(
            partial(_page, study, path),
            title=title,
            url_path=ROOT if path == first else path,
            default=path == first,
            visibility="hidden" if path in left_out else "visible",
        )
        for path, (title, _) in PAGES.items()
    }
    state.set_pages(pages)
    hidden = [
        st.Page(partial(_go_to, pages[there], message), title=PAGES[there][0], url_path=path, visibility="hidden")
        for path, there, message in _not_in_navigation(first)
    ]
    st.navigation([*pages.values(), *hidden]).run()


def not_offered(requested: str) -> set[str]:
    """Return the pages that the navigation leaves out for the study that is open: they answer at their address alone."""
    name = state.upcoming("study", requested)
    folder = available(requested).get(name)
    return set() if folder is not None and is_own(folder) else {"recommend"}


def _not_in_navigation(first: str) -> Iterator[tuple[str, str, str]]:
    """Give the addresses that lead to a page under another one: the path, the page, and what to say there.

    Streamlit opens a dialog over a page that it does not know, so the page that this browser asks for is made known.
    """
    yield first, first, ""
    for path, there in MOVED.items():
        yield path, there, ""
    asked = unquote(urlsplit(st.context.url or "").path).strip("/").rpartition("/")[2]
    if asked and asked not in (ROOT, *PAGES, *MOVED):
        there = state.near(asked, tuple(PAGES)) or first
        yield asked, there, state.rejection("Page", state.quoted(asked), f"*{PAGES[there][0]}*")


def _go_to(page: st.Page, message: str) -> None:
    """Go to a page, with the values of the link, and say something there."""
    if message:
        state.announce(message)
    st.switch_page(page, query_params=st.query_params.to_dict())


def _page(study: str, path: str) -> None:
    title, show = PAGES[path]
    state.begin_run(path)
    try:
        with st.sidebar:
            view = sidebar(study)
        show(view)
        share.button(view, path, title)
    except ViewError as error:
        st.title("This study cannot be shown")
        st.error(as_markdown(str(error)))
        if error.commands:
            st.markdown("What may help:")
            show_commands(error.commands)
    except Exception as error:  # the user sees a message, the terminal the traceback
        traceback.print_exc()
        st.error(
            f"This page failed: {type(error).__name__}. The terminal that runs needle dashboard shows details. "
            "Reload the page, or open another."
        )
    state.end_run()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "haystack")
