"""Suggests close matches for unknown names, in the messages of every room."""

import difflib
from collections.abc import Iterable


def closest(name: str, accepted: Iterable[str], cutoff: float = 0.5) -> str | None:
    """Return the accepted name closest to `name`, ignoring case; None where none is close.

    cutoff: how similar it must be, from 0 (anything) to 1 (the same).
    """
    lower = {one.lower(): one for one in accepted}
    found = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=cutoff)
    return lower[found[0]] if found else None


def nearest(name: str, accepted: Iterable[str], cutoff: float = 0.5) -> str:
    """Return ` Did you mean 'x'?` for the `closest` accepted name, or nothing where none is close."""
    found = closest(name, accepted, cutoff)
    return "" if found is None else f" Did you mean {found!r}?"
