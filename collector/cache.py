"""Where downloads, converted networks and prepared datasets are kept between studies. Nothing in it is a result."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.folder import FolderError


def cache_dir() -> Path:
    """The cache folder: $NEEDLE_CACHE, or needle/ under $XDG_CACHE_HOME (~/.cache)."""
    own = os.environ.get("NEEDLE_CACHE")
    if own:
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "needle"


def refused(error: BaseException | None) -> FolderError | None:
    """In words, what the system refused in the cache; None of any other error."""
    if not isinstance(error, OSError) or not Path(str(error.filename)).is_relative_to(cache_dir()):
        return None
    return FolderError(
        f"{error.filename} cannot be read or written: {error.strerror}. Networks and images are kept in {cache_dir()}: set NEEDLE_CACHE "
        "to a folder that can be written to."
    )


@contextmanager
def words() -> Iterator[None]:
    """Raise FolderError, in words, for what the system refuses in the cache."""
    try:
        yield
    except OSError as error:
        said = refused(error)
        if said is None:
            raise
        raise said from error


def make() -> None:
    """Make the cache folder, if it is not there: one that cannot be is said before any work. Raises FolderError."""
    with words():
        cache_dir().mkdir(parents=True, exist_ok=True)
