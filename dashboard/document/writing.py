"""Writes pages: complete or not at all, and never over what is not a page of ours."""

import os
import tempfile
from pathlib import Path

from dashboard.document.html import MARK


class WriteError(Exception):
    """A page that cannot be written: where to, and why."""


def check_page(path: Path) -> None:
    """Raise WriteError where a page may not be written because something else is there."""
    if path.is_dir():
        raise WriteError(f"{path} is a folder. Name a file in it, such as {path / 'report.html'}.")
    try:
        with path.open("rb") as file:
            ours = file.read(len(MARK)) == MARK.encode()
    except FileNotFoundError:
        ours = not os.path.lexists(path)
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error.strerror}.") from error
    if not ours:
        raise WriteError(f"{path} is not a page that needle wrote, and is kept. Move it away, or choose another name.")


def write_page(path: Path, text: str) -> None:
    """Write a page under a temporary name beside its own, then rename it; a page of ours is replaced. Raises WriteError."""
    check_page(path)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile("w", dir=path.absolute().parent, prefix=f".{path.name}.", delete=False) as file:
            temporary = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # not the private mode of temporary files, since pages are for others
        temporary.replace(path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise WriteError(f"{path} cannot be written: {error.strerror}.") from error
