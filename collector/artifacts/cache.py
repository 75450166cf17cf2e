"""Where downloads, converted networks and prepared datasets are kept between studies. Nothing in it is a result."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """The cache folder: $NEEDLE_CACHE, or needle/ under $XDG_CACHE_HOME (~/.cache)."""
    own = os.environ.get("NEEDLE_CACHE")
    if own:
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "needle"
