"""Keeps the values of all controls: a control starts with the link's value, keeps it in the session and writes it back to the link.

Anybody may have written the link. A value that a control does not offer is rejected, and the page says so and what is shown instead:
of a list what there is of it, else the nearest name, else the default.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from dashboard.format import code
from study_format.suggestions import closest

# Keys of the session: link values that no control has read yet, the last value of every control, and the link of this run.
PENDING, VALUES, LINK = "needle.pending", "needle.values", "needle.link"
DEFAULTS = "needle.defaults"  # what every control showed at first, which may follow other controls
MESSAGES = "needle.messages"
ANNOUNCED = "needle.announced"  # the warnings of the next run
PAGE = "needle.page"  # the one of the last run
PAGES = "needle.pages"  # what Streamlit knows the pages by, by their path
KEPT = "needle.kept"  # what this run has drawn, for who saves the page
ALWAYS = ("study", "pool", "budget", "strategies")  # in every link; other controls only where they differ from their default
SIDEBAR = ("repeats", "datasets", "simulated")  # what else is the same on every page
QUOTED = 60  # characters of a rejected value that a message quotes
FEW = 5  # rejected values of a list that a message quotes
SIMILAR = 0.6  # what is asked for and the nearest name, from 0 to 1


def begin_run(page: str) -> None:
    """Begin a run: read the link once per session and reserve space for messages.

    page: the one that is drawn. Its controls are new to the browser where another was drawn before, so they are set again.
    """
    if PENDING not in st.session_state:
        st.session_state[PENDING] = dict(st.query_params.to_dict())
        st.session_state[VALUES], st.session_state[DEFAULTS] = {}, {}
    if st.session_state.get(PAGE, page) != page:
        for name, value in st.session_state[VALUES].items():
            st.session_state[name] = value
    st.session_state[PAGE] = page
    st.session_state[LINK] = {}
    st.session_state[KEPT] = []
    st.session_state[MESSAGES] = st.container()
    for message in st.session_state.pop(ANNOUNCED, ()):
        warn(message)


def end_run() -> None:
    """End a run: write the current view into the link."""
    link = st.session_state[LINK]
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)


def keep(part: Any) -> None:
    """Note what this run has drawn."""
    st.session_state[KEPT].append(part)


def kept() -> Sequence[Any]:
    """Return what this run has drawn so far."""
    found: Sequence[Any] = st.session_state[KEPT]
    return found


def link() -> str:
    """Return the link to what this run has drawn so far, without the address of the page."""
    return urlencode(st.session_state[LINK])


def chosen() -> dict[str, str]:
    """Return what every page's link holds of this run: the study, what is chosen in the sidebar, and typed strategies."""
    return {name: value for name, value in st.session_state[LINK].items() if name in (*ALWAYS, *SIDEBAR)}


def set_pages(pages: Mapping[str, Any]) -> None:
    """Note the pages of this run, for links to them."""
    st.session_state[PAGES] = pages


def page(path: str) -> Any:
    """Return a page by its path."""
    return st.session_state[PAGES][path]


def warn(message: str) -> None:
    """Show a warning at the top of the page."""
    st.session_state[MESSAGES].warning(message)


def announce(message: str) -> None:
    """Show a warning at the top of the page that the next run draws."""
    st.session_state[ANNOUNCED] = [*st.session_state.get(ANNOUNCED, ()), message]


def select_one(name: str, label: str, options: Sequence[str], default: str, *, free: bool = False, **more: Any) -> str:
    """Draw a select box. default: the first option where it is not offered. free: it also accepts text that is not among the options."""
    default = default if default in options else options[0]

    def parse(raw: str) -> str | None:
        return raw if raw in options or (free and raw.strip()) else None

    _initialize(name, label, default, parse, parse, near=partial(near, options=options))
    value = str(st.selectbox(label, _with_free_text(options, name), key=name, accept_new_options=free, **more))
    _store(name, value, value, default)
    return value


def select_many(name: str, label: str, options: Sequence[str], default: Sequence[str], **more: Any) -> list[str]:
    """Draw a multiple selection; the values come in the order of the options."""

    def parse(raw: str) -> list[str] | None:
        wanted = raw.split(",") if raw else []
        return [option for option in options if option in wanted] if set(wanted) <= set(options) else None

    def revalidate(selected: list[str]) -> list[str] | None:
        left = [option for option in options if option in selected]
        return None if selected and not left else left

    def there(raw: str) -> list[str] | None:
        return revalidate(raw.split(","))

    _initialize(name, label, list(default), parse, revalidate, near=there, gone=partial(_gone, options=options))
    selected = st.multiselect(label, options, key=name, **more)
    value = [option for option in options if option in selected]
    _store(name, value, ",".join(value), list(default))
    return value


def number_input(name: str, label: str, low: int, high: int, default: int, *, slider: bool = False, **more: Any) -> int:
    """Draw a control for an integer from low to high."""

    def parse(raw: str) -> int | None:
        return int(raw) if raw.isascii() and raw.isdigit() and low <= int(raw[:9]) <= high else None

    _initialize(name, label, default, parse, lambda value: min(max(value, low), high))
    value = int((st.slider if slider else st.number_input)(label, low, high, step=1, key=name, **more))
    _store(name, value, str(value), default)
    return value


def toggle(name: str, label: str, default: bool = False, **more: Any) -> bool:
    """Draw a toggle."""
    _initialize(name, label, default, lambda raw: {"1": True, "0": False}.get(raw))
    value = bool(st.toggle(label, key=name, **more))
    _store(name, value, str(int(value)), default)
    return value


def text_input(name: str, label: str, default: str, area: bool = False, **more: Any) -> str:
    """Draw a text box."""
    _initialize(name, label, default, lambda raw: raw)
    value = str((st.text_area if area else st.text_input)(label, key=name, **more) or "")
    _store(name, value, value, default)
    return value


def near(raw: str, options: Sequence[str]) -> str | None:
    """Return the option that somebody may have meant; None where none is similar."""
    return closest(raw[:QUOTED], options, SIMILAR)


def rejection(label: str, asked: str, shown: str) -> str:
    """Say that a link asks for something that is gone. asked, shown: quoted."""
    return f"{label}: the link asks for {asked}, which is not offered here. Shown: {shown}."


def quoted(raw: str) -> str:
    """Quote what a link asks for, in Markdown."""
    return code(raw if len(raw) <= QUOTED else raw[:QUOTED] + "…") if raw.strip() else "nothing"


def set_link_value(name: str, value: str) -> None:
    """Write a value without a control into the link."""
    st.session_state[LINK][name] = value


def pop_link_value(name: str) -> str | None:
    """Return a value of the link that has no control, the first time it is called."""
    value: str | None = st.session_state[PENDING].pop(name, None)
    return value


def upcoming(name: str, default: str) -> str:
    """Return the value that a control is about to get in this run, which may not be offered, before anything is drawn."""
    session = st.session_state
    if PENDING not in session:
        return str(st.query_params.get(name, default))
    return str(session.get(name, session[VALUES].get(name, default)))


def value_of(name: str) -> Any:
    """Return the current value of a control. Callbacks need it: their arguments date from when the page was drawn."""
    return st.session_state[name]


def set_value(name: str, value: Any) -> None:
    """Set a control that has not been drawn in this run: for callbacks."""
    st.session_state[name] = value


def add_choice(name: str, value: str) -> None:
    """Add a value to a multiple selection: for callbacks."""
    selected = st.session_state.get(name, [])
    st.session_state[name] = selected if value in selected else [*selected, value]


def _initialize(
    name: str,
    label: str,
    default: Any,
    parse: Callable[[str], Any | None],
    revalidate: Callable[[Any], Any | None] = lambda value: value,
    near: Callable[[str], Any | None] = lambda raw: None,
    gone: Callable[[str], str] | None = None,
) -> None:
    """Set a control before it is drawn: to the link's value, the session's, or the default.

    parse: turns the link's text into a value, None if the control does not offer it. revalidate: does so for the session's value,
    because the options may have changed since it was chosen. near: turns a text that the control does not offer into a value that
    comes near. gone: which part of the text that is; by default all of it. A control that shows its default follows that, as a link
    does, which leaves defaults out.
    """
    state, pending, values = st.session_state, st.session_state[PENDING], st.session_state[VALUES]
    if name in pending:
        raw = pending.pop(name)
        value = parse(raw)
        if value is None:
            value = near(raw)
            warn(rejection(label, (gone or quoted)(raw), _as_text(default if value is None else value)))
        state[name] = default if value is None else value
    elif name not in state and name in values:
        state[name] = values[name]
    followed, st.session_state[DEFAULTS][name] = st.session_state[DEFAULTS].get(name, default), default
    if name not in state or (followed != default and state[name] == followed):
        state[name] = default
        return
    value = revalidate(state[name])
    if value is None:
        warn(f"{label}: {_as_text(state[name])} is not offered here. Shown: {_as_text(default)}.")
    if value != state[name]:
        state[name] = default if value is None else value


def _store(name: str, value: Any, raw: str, default: Any) -> None:
    st.session_state[VALUES][name] = value
    if value != default or name in ALWAYS:
        st.session_state[LINK][name] = raw


def _with_free_text(options: Sequence[str], name: str) -> Sequence[str]:
    """Return the options and the typed text, which Streamlit would otherwise drop."""
    value = st.session_state[name]
    return options if value in options else [*options, value]


def _gone(raw: str, options: Sequence[str]) -> str:
    """Name the parts of a list that are not offered, each with the option that comes nearest."""
    gone = [one for one in dict.fromkeys(raw.split(",")) if one not in options]
    named = [quoted(one) + (f" (nearest: {code(other)})" if (other := near(one, options)) else "") for one in gone[:FEW]]
    return ", ".join(named) + (f" and {len(gone) - FEW} more" if len(gone) > FEW else "")


def _as_text(value: Any) -> str:
    return ", ".join(map(quoted, map(str, value if isinstance(value, list) else [value])))
