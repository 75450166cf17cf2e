"""Keeps the strategies that a user typed, in the session and in its link, so that whoever opens the link sees the same comparison."""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping

import streamlit as st

from dashboard.session import state

TYPED = "needle.typed"
LINK = "simulated"
LARGEST = 20_000  # bytes of all strategies together: anybody may have written the link


def typed_strategies() -> Mapping[str, str]:
    """Return the SQL of each typed strategy by name, and write them into the link."""
    link = state.pop_link_value(LINK)
    if link is not None:
        found = decode(link)
        if found is None:
            state.warn("The link holds simulated strategies that cannot be read. They are left out.")
        st.session_state[TYPED] = found or {}
    typed: dict[str, str] = st.session_state.setdefault(TYPED, {})
    if typed:
        state.set_link_value(LINK, encode(typed))
    return typed


def add(name: str, sql: str) -> None:
    """Add a strategy to this session, or replace its SQL."""
    st.session_state[TYPED] = {**st.session_state[TYPED], name: sql}


def remove(name: str) -> None:
    """Remove a strategy from this session."""
    st.session_state[TYPED] = {other: sql for other, sql in st.session_state[TYPED].items() if other != name}


def encode(typed: Mapping[str, str]) -> str:
    """Return the strategies as text for a link."""
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(typed).encode(), 9)).decode().rstrip("=")


def decode(link: str) -> dict[str, str] | None:
    """Return the strategies of a link's text; None if it is malformed or too large."""
    try:
        compressed = base64.b64decode(link + "=" * (-len(link) % 4), altchars=b"-_", validate=True)
        decompressor = zlib.decompressobj()
        text = decompressor.decompress(compressed, LARGEST)
        found = json.loads(text) if decompressor.eof else None
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        return None
    valid = isinstance(found, dict) and all(isinstance(name, str) and isinstance(sql, str) for name, sql in found.items())
    return found if valid else None
