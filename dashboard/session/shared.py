"""Keeps the strategies that a session tries, also in its link, so that whoever opens it sees the same comparison."""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping

import streamlit as st

from dashboard.session import state

TRIED = "needle.tried"
LINK = "simulated"
LARGEST = 20_000  # bytes of all texts together: a link may be anybody's


def simulations() -> Mapping[str, str]:
    """Return their SQL by name, and write them into the link."""
    link = state.asked(LINK)
    if link is not None:
        found = unpacked(link)
        if found is None:
            state.say("The link holds simulated strategies that cannot be read. They are left out.")
        st.session_state[TRIED] = found or {}
    tried: dict[str, str] = st.session_state.setdefault(TRIED, {})
    if tried:
        state.hidden(LINK, packed(tried))
    return tried


def keep(name: str, sql: str) -> None:
    """Add a strategy to this session, or replace its SQL."""
    st.session_state[TRIED] = {**st.session_state[TRIED], name: sql}


def drop(name: str) -> None:
    """Remove a strategy from this session."""
    st.session_state[TRIED] = {other: sql for other, sql in st.session_state[TRIED].items() if other != name}


def packed(tried: Mapping[str, str]) -> str:
    """Return the strategies as text for a link."""
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(tried).encode(), 9)).decode().rstrip("=")


def unpacked(link: str) -> dict[str, str] | None:
    """Return the strategies of a link's text; None if it is malformed or too large."""
    try:
        pressed = base64.b64decode(link + "=" * (-len(link) % 4), altchars=b"-_", validate=True)
        inflater = zlib.decompressobj()
        text = inflater.decompress(pressed, LARGEST)
        found = json.loads(text) if inflater.eof else None
    except (binascii.Error, zlib.error, ValueError, RecursionError):
        return None
    whole = isinstance(found, dict) and all(isinstance(name, str) and isinstance(sql, str) for name, sql in found.items())
    return found if whole else None
