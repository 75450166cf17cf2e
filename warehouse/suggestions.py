"""What somebody may have meant by a name that is none."""

import difflib
from collections.abc import Iterable


def nearest(name: str, accepted: Iterable[str], cutoff: float = 0.5) -> str:
    """` Did you mean 'x'?`, or nothing where no accepted name is near."""
    lower = {one.lower(): one for one in accepted}
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=cutoff)
    return f" Did you mean {lower[near[0]]!r}?" if near else ""
