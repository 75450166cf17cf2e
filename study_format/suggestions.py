"""Suggests close matches for unknown names, in the messages of every room."""

import difflib
from collections.abc import Iterable


def nearest(name: str, accepted: Iterable[str], cutoff: float = 0.5) -> str:
    """Return ` Did you mean 'x'?` for the accepted name closest to `name`, ignoring case, or nothing where none is close.

    cutoff: how similar it must be, from 0 (anything) to 1 (the same).
    """
    lower = {one.lower(): one for one in accepted}
    suggestions = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=cutoff)
    return f" Did you mean {lower[suggestions[0]]!r}?" if suggestions else ""
