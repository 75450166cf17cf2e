"""Shares the work items of a study among several collectors by leases. Needs neither file locks nor the wall clock.

Each collector keeps one file, .collector/ID, with its leases and a counter that it increments as long as it runs. To take a lease it
writes its own file first and reads the others' afterwards; a collector that sees the lease in another file withdraws. So no two running
collectors hold the same lease: one of them read last, and saw the other's. (This requires that a read sees every finished write, which
local disks and today's object stores guarantee. On a network file system that shows writes seconds late, a cell may be measured twice;
the first result stays.) If a counter has not changed for `patience` seconds of the reader's own monotonic clock, its collector is dead
or stuck, and its leases expire.
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

    patience: seconds without a change of its counter after which another collector's leases expire.
    """

    def __init__(self, folder: Folder, patience: float = 60.0) -> None:
        self.folder = folder
        self.patience = patience
        self.name = secrets.token_hex(8)
        self.held: set[str] = set()
        self._beats = 0
        self._seen: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Leases":
        self._write()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closed.set()
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
        """Release a lease, once its work item is stored or has failed. Raises FolderError."""
        with self._lock:
            self.held.discard(lease)
            self._write()

    def others(self) -> set[str]:
        """Return the leases that other running collectors hold. Raises FolderError where one of their files cannot be read."""
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
                self.folder.remove(f"{LEASES}/{name}")  # a collector that was only stuck writes it again
        return found

    def _read(self, path: str) -> bytes | None:
        """Return the content of another collector's file; None where that collector has ended.

        An object store looks a file up and then reads it. If the file is replaced in between, the store may return half of it, an error
        or nothing, so the read is tried again.
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
        while not self._closed.wait(self.patience / 4):
            try:
                self._write()
            except FolderError:  # such as a full disk, which the next row that is stored will report
                continue
