"""Checks that a disk has room for what is about to be downloaded, prepared or converted."""

import shutil
from pathlib import Path


def shortage(folder: Path, size: int, purpose: str, setting: str) -> str | None:
    """Return an error message where the folder's disk has less than size bytes free, None where it has enough.

    folder: need not exist yet. purpose: what needs the room, as the subject of a sentence. setting: the environment variable that moves
    the folder.
    """
    existing = next(path for path in (folder, *folder.parents) if path.is_dir())
    free = shutil.disk_usage(existing).free
    if size <= free:
        return None
    return (
        f"Too little disk space: {purpose} needs about {size / 1e9:.1f} GB in {folder}, and {free / 1e9:.1f} GB are free. Make room, or "
        f"set {setting} to a folder on another disk."
    )
