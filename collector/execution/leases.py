"""Leases on work items, so that several collectors of one study share it. Needs no locks, and no clock that anybody sets.

Each collector keeps one file, .collector/ID, which holds its leases and a counter that it increments while it lives. To take a lease it
writes its own file first and reads the others' afterwards; whoever sees the lease in another file withdraws. So no two living
collectors hold one lease: one of them read last, and saw the other. (This needs reads that see finished writes, as local disks and
today's object stores give; on a network file system that shows them seconds late a cell may be measured twice, and the first result
stays.) A collector whose counter has stood still for `patience` seconds of the reader's own monotonic clock is gone or stuck, and its
leases are void.
"""

import json
import secrets
import threading
import time
from types import TracebackType

from collector.storage.folder import Folder, FolderError

LEASES = ".collector"  # the folder of these files, in the study's
READ_ATTEMPTS = 8


class Leases:
    """This collector's leases on a study. Entering starts its counter, leaving releases every lease.

    patience: seconds without a change after which another collector's leases are void.
    """

    def __init__(self, folder: Folder, patience: float = 60.0) -> None:
        self.folder = folder
        self.patience = patience
        self.name = secrets.token_hex(8)
        self.held: set[str] = set()
        self._beats = 0
        self._seen: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.RLock()
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Leases":
        self._write()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._left.set()
        self._thread.join()
        self.folder.remove(f"{LEASES}/{self.name}")

    def take(self, lease: str) -> bool:
        """Take a lease; False where another collector holds it. Raises FolderError."""
        with self._lock:
            self.held.add(lease)
            self._write()
        if lease not in self.others():
            return True
        self.release(lease)
        return False

    def release(self, lease: str) -> None:
        """Release a lease: its work item is stored, or given up. Raises FolderError."""
        with self._lock:
            self.held.discard(lease)
            self._write()

    def others(self) -> set[str]:
        """The leases that other living collectors hold. Raises FolderError where one of their files cannot be read."""
        found: set[str] = set()
        now = time.monotonic()
        names = [name for name in self.folder.entries(LEASES)[0] if name != self.name]
        for name in names:
            content = self._read(f"{LEASES}/{name}")
            if content is None:
                continue
            before, since = self._seen.get(name, (b"", now))
            if content != before:
                since = now
                self._seen[name] = content, now
            if now - since < self.patience:
                found.update(json.loads(content)["leases"])
            else:
                self.folder.remove(f"{LEASES}/{name}")  # one that was only stuck writes it again
        return found

    def _read(self, path: str) -> bytes | None:
        """The content of another collector's file; None where that has left.

        A store looks a file up and then reads it: of one that is replaced in between it may return half, an error or nothing, so the
        read is tried again.
        """
        failed: Exception = FileNotFoundError(path)
        for _ in range(READ_ATTEMPTS):
            try:
                content = self.folder.read(path)
                json.loads(content)
                return content
            except FileNotFoundError:
                if not self.folder.has(path):
                    return None
            except (FolderError, ValueError) as error:
                failed = error
        raise FolderError(f"{self.folder.at(path)} cannot be read: {failed}") from failed

    def _write(self) -> None:
        with self._lock:
            self._beats += 1
            content = json.dumps({"beats": self._beats, "leases": sorted(self.held)}).encode()
            self.folder.replace(f"{LEASES}/{self.name}", content, durable=False)

    def _beat(self) -> None:
        while not self._left.wait(self.patience / 4):
            try:
                self._write()
            except FolderError:  # the disk is full: whoever stores a row will report it
                continue
