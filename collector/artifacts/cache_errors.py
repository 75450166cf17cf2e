"""What the system refuses in the cache, in words. Apart from the cache, because downloading needs nothing that is installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.artifacts.cache import cache_dir
from collector.storage.folder import FolderError


class CacheError(FolderError):
    """What the system refuses in the cache."""


def in_words(error: BaseException | None) -> CacheError | None:
    """In words, what the system refused in the cache; None of any other error."""
    if not isinstance(error, OSError) or not Path(str(error.filename)).is_relative_to(cache_dir()):
        return None
    return CacheError(
        f"{error.filename} cannot be read or written: {error.strerror}. Networks and images are kept in {cache_dir()}: set NEEDLE_CACHE "
        "to a folder that can be written to."
    )


@contextmanager
def words() -> Iterator[None]:
    """Raise CacheError, in words, for what the system refuses in the cache."""
    try:
        yield
    except OSError as error:
        said = in_words(error)
        if said is None:
            raise
        raise said from error


def make_cache() -> None:
    """Make the cache folder, if it is not there: one that cannot be is said before any work. Raises CacheError."""
    with words():
        cache_dir().mkdir(parents=True, exist_ok=True)
