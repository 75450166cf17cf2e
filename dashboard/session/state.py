"""Keeps what is chosen: every control starts as the link says, keeps its value in the session, and goes back into the link.

A link is what anybody may have written. A value that a control does not offer is not taken, and the page says so.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

# In the session: link values that no control has used yet; the last value of every control; those of this run.
ASKED, KEPT, LINK = "needle.asked", "needle.kept", "needle.link"
WORDS = "needle.words"
ALWAYS = ("study", "pool", "budget", "strategies")  # in every link; other controls only where they are not as they start
LONGEST = 60  # characters of a strange value that are repeated to the user


def start() -> None:
    """Begin a run: read the link once a session, reserve space for messages."""
    if ASKED not in st.session_state:
        st.session_state[ASKED] = dict(st.query_params.to_dict())
        st.session_state[KEPT] = {}
    st.session_state[LINK] = {}
    st.session_state[WORDS] = st.container()


def finish() -> None:
    """End a run: write what is shown into the link."""
    link = st.session_state[LINK]
    if st.query_params.to_dict() != link:
        st.query_params.from_dict(link)


def say(words: str) -> None:
    """Tell the user, at the top of the page, which values were not accepted."""
    st.session_state[WORDS].warning(words)


def one(name: str, label: str, options: Sequence[str], default: str, *, free: bool = False, **more: Any) -> str:
    """Draw a choice of one. free: it also accepts text that is none of the options."""

    def read(raw: str) -> str | None:
        return raw if raw in options or (free and raw.strip()) else None

    _seed(name, label, default, read, read)
    value = str(st.selectbox(label, _with(options, name), key=name, accept_new_options=free, **more))
    _keep(name, value, value, default)
    return value


def several(name: str, label: str, options: Sequence[str], default: Sequence[str], **more: Any) -> list[str]:
    """Draw a choice of several, in the order of the options."""

    def read(raw: str) -> list[str] | None:
        wanted = raw.split(",") if raw else []
        return [option for option in options if option in wanted] if set(wanted) <= set(options) else None

    def again(chosen: list[str]) -> list[str] | None:
        left = [option for option in options if option in chosen]
        return None if chosen and not left else left

    _seed(name, label, list(default), read, again)
    chosen = st.multiselect(label, options, key=name, **more)
    value = [option for option in options if option in chosen]
    _keep(name, value, ",".join(value), list(default))
    return value


def number(name: str, label: str, low: int, high: int, default: int, *, slider: bool = False, **more: Any) -> int:
    """Draw a control for a whole number from low to high."""

    def read(raw: str) -> int | None:
        return int(raw) if raw.isascii() and raw.isdigit() and low <= int(raw[:9]) <= high else None

    _seed(name, label, default, read, lambda value: min(max(value, low), high))
    value = int((st.slider if slider else st.number_input)(label, low, high, step=1, key=name, **more))
    _keep(name, value, str(value), default)
    return value


def switch(name: str, label: str, **more: Any) -> bool:
    """Draw a switch."""
    _seed(name, label, False, lambda raw: {"1": True, "0": False}.get(raw))
    value = bool(st.toggle(label, key=name, **more))
    _keep(name, value, str(int(value)), False)
    return value


def text(name: str, label: str, default: str, area: bool = False, **more: Any) -> str:
    """Draw a text box."""
    _seed(name, label, default, lambda raw: raw)
    value = str((st.text_area if area else st.text_input)(label, key=name, **more) or "")
    _keep(name, value, value, default)
    return value


def hidden(name: str, value: str) -> None:
    """Keep a value of the link that no control shows."""
    st.session_state[LINK][name] = value


def asked(name: str) -> str | None:
    """Return, once, a value of the link that has no control."""
    value: str | None = st.session_state[ASKED].pop(name, None)
    return value


def chosen(name: str) -> Any:
    """Return the current value of a control: for callbacks, whose arguments are as old as the clicked page."""
    return st.session_state[name]


def put(name: str, value: Any) -> None:
    """Set a control that was not drawn yet in this run: for callbacks."""
    st.session_state[name] = value


def add(name: str, value: str) -> None:
    """Add a choice to a control of several: for callbacks."""
    chosen = st.session_state.get(name, [])
    st.session_state[name] = chosen if value in chosen else [*chosen, value]


def _seed(
    name: str,
    label: str,
    default: Any,
    read: Callable[[str], Any | None],
    again: Callable[[Any], Any | None] = lambda value: value,
) -> None:
    """Set a control before it is drawn: to the session's value, the link's, or the default.

    read: a text of the link as a value; None where it is not offered. again: the same for a value of the session, where the options
    may have changed since.
    """
    state, asked, kept = st.session_state, st.session_state[ASKED], st.session_state[KEPT]
    if name in asked:
        raw = asked.pop(name)
        value = read(raw)
        if value is None:
            say(f"{label}: the link asks for {_short(raw)}, which is not offered here. Shown: {_words(default)}.")
        state[name] = default if value is None else value
    elif name not in state and name in kept:
        state[name] = kept[name]
    if name not in state:
        state[name] = default
        return
    value = again(state[name])
    if value is None:
        say(f"{label}: {_short(_words(state[name]))} is not offered here. Shown: {_words(default)}.")
    if value != state[name]:
        state[name] = default if value is None else value


def _keep(name: str, value: Any, raw: str, default: Any) -> None:
    st.session_state[KEPT][name] = value
    if value != default or name in ALWAYS:
        st.session_state[LINK][name] = raw


def _with(options: Sequence[str], name: str) -> Sequence[str]:
    """Return the options with the chosen free text, which Streamlit would otherwise drop."""
    value = st.session_state[name]
    return options if value in options else [*options, value]


def _short(raw: str) -> str:
    return repr(raw if len(raw) <= LONGEST else raw[:LONGEST] + "…")


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
