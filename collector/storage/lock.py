"""Decides who may write into a study on this machine: many collectors at once, or one packer alone.

Both locks are the operating system's own (`flock`), because they must be shared as well as exclusive, which filelock does not offer,
and must be released when a process is killed. `.lock` is held shared by collectors and exclusively by a packer, so a refused shared
lock can only mean packing. `.cleanup.lock` is held shared by collectors, too, and exclusively while one of them, finding itself alone,
removes what killed ones left behind: a collector that starts meanwhile waits for it.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.storage.folder import WRITING, Folder, FolderError
from collector.storage.store import StoreError
from study_format.layout import FACTS


@contextmanager
def shared_lock(folder: Folder) -> Iterator[None]:
    """Hold the study together with other collectors, but not while it is packed. Removes the half-written files of killed collectors.

    An object store has no locks, and its studies are never packed. Raises StoreError where the study is being packed, FolderError where
    the folder cannot be written to.
    """
    if folder.local is None:
        yield
        return
    advice = "Name another folder with --out."
    with _opened(folder.local / ".lock", advice) as lock, _opened(folder.local / ".cleanup.lock", advice) as cleanup:
        if not _acquire(lock, fcntl.LOCK_SH):
            raise StoreError(f"{folder} is being packed. Wait until that has finished, then run the same command again.")
        if _acquire(cleanup, fcntl.LOCK_EX):
            _clean(folder.local)
        fcntl.flock(cleanup, fcntl.LOCK_SH)  # waits while another collector cleans up
        try:
            yield
        finally:
            if _acquire(cleanup, fcntl.LOCK_EX):
                _clean(folder.local)


@contextmanager
def exclusive_lock(folder: Folder) -> Iterator[Path]:
    """Hold the study alone; yields its path. Removes the half-written files of killed collectors.

    Raises StoreError where a collector is running, or where the folder is not on this machine; FolderError where it cannot be written to.
    """
    if folder.local is None:
        raise StoreError(f"{folder} is not on this machine. Copy it here, pack the copy, and copy that back.")
    with _opened(folder.local / ".lock", "Copy the study to a folder that can be, and give --study that.") as lock:
        if not _acquire(lock, fcntl.LOCK_EX):
            raise StoreError(f"A needle collect is running on {folder}. Wait for it, or stop it with Ctrl-C.")
        _clean(folder.local)
        yield folder.local


@contextmanager
def _opened(path: Path, advice: str) -> Iterator[int]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opened = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise FolderError(f"{path.parent} cannot be written to: {error.strerror}. {advice}") from error
    try:
        yield opened
    finally:
        os.close(opened)


def _acquire(lock: int, kind: int) -> bool:
    """Take a lock without waiting; returns False where another process holds a conflicting one."""
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _clean(path: Path) -> None:
    """Remove half-written files and stale leases. No other process may be writing to the study."""
    for fact in (*FACTS, "."):
        for left in (path / fact).glob(f"*{WRITING}"):
            left.unlink(missing_ok=True)
    for left in (path / ".collector").glob("*"):
        left.unlink(missing_ok=True)
