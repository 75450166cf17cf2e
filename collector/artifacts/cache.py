"""Locates the cache of downloads, converted networks and prepared datasets. It contains no results and may be deleted."""

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return the cache folder: $NEEDLE_CACHE, or needle/ in $XDG_CACHE_HOME (~/.cache). It need not exist."""
    own = os.environ.get("NEEDLE_CACHE")
    if own:
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "needle"
