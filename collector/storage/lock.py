"""Who may write into a study of this machine: many collectors at once, or one that packs."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.storage.folder import WRITING, Folder, FolderError
from collector.storage.store import StoreError
from study_format.layout import FACTS


@contextmanager
def shared(folder: Folder) -> Iterator[None]:
    """Work on the study beside other collectors, but not while it is packed. What killed ones left half written is removed.

    Raises StoreError where the study is being packed. An object store has no such lock: there nothing is packed.
    """
    if folder.local is None:
        yield
        return
    with _lock(folder.local, "Name another folder with --out.") as lock:
        if _alone(lock):
            _clean(folder.local)
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"{folder} is being packed. Wait for that, and type the same command.") from error
        try:
            yield
        finally:
            if _alone(lock):
                _clean(folder.local)


@contextmanager
def alone(folder: Folder) -> Iterator[Path]:
    """Hold the study against everybody else. Raises StoreError where a collector is at work, or it is no folder of this machine."""
    if folder.local is None:
        raise StoreError(f"{folder} is not on this machine. Copy it here, pack the copy, and copy that back.")
    with _lock(folder.local, "Copy the study to a folder that can be, and give --study that.") as lock:
        if not _alone(lock):
            raise StoreError(f"A needle collect is at work on {folder}. Wait for it, or stop it with Ctrl-C.")
        _clean(folder.local)
        yield folder.local


@contextmanager
def _lock(path: Path, instead: str) -> Iterator[int]:
    try:
        path.mkdir(parents=True, exist_ok=True)
        opened = os.open(path / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise FolderError(f"{path} cannot be written to: {error.strerror}. {instead}") from error
    try:
        yield opened
    finally:
        os.close(opened)


def _alone(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _clean(path: Path) -> None:
    """Nobody else is here: what is half written, and who said to be at work, is left over."""
    for fact in (*FACTS, "."):
        for left in (path / fact).glob(f"*{WRITING}"):
            left.unlink(missing_ok=True)
    for left in (path / ".collector").glob("*"):
        left.unlink(missing_ok=True)
