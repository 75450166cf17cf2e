"""Turns what the operating system refuses in the cache into error messages. Downloading alone does not need this module."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.artifacts.cache import cache_dir
from collector.storage.folder import FolderError


class CacheError(FolderError):
    """A file of the cache cannot be read or written: which one, why, and what to do."""


def translated(error: BaseException | None) -> CacheError | None:
    """Return the CacheError for an OSError about a file of the cache; None for any other error."""
    if not isinstance(error, OSError) or not Path(str(error.filename)).is_relative_to(cache_dir()):
        return None
    return CacheError(
        f"{error.filename} cannot be read or written: {error.strerror}. Networks and images are kept in {cache_dir()}: set NEEDLE_CACHE "
        "to a folder that can be written to."
    )


@contextmanager
def translate_os_errors() -> Iterator[None]:
    """Raise OSErrors about files of the cache as CacheErrors; all others are raised as they are."""
    try:
        yield
    except OSError as error:
        cache_error = translated(error)
        if cache_error is None:
            raise
        raise cache_error from error


def make_cache() -> None:
    """Create the cache folder where it does not exist. Raises CacheError, before any work is done."""
    with translate_os_errors():
        cache_dir().mkdir(parents=True, exist_ok=True)
