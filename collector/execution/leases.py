"""Says to other collectors of a study what this one is at, and hears what they are at. No lock, no clock that anybody sets.

Each collector keeps one file, .collector/ID, that counts up while it lives and lists its claims. To take a cell it writes its claim
first and reads the others' after; whoever sees another's claim withdraws. So no two that live take the same cell: one of them read
last, and saw the other. (It needs reads that see finished writes, as local disks and today's object stores give; a network file
system that shows them seconds late costs a cell done twice, of which the first stays.) A file that does not count up within
`patience` seconds, by the reader's own monotonic clock, is of a collector that is gone or stuck, and its claims are void.
"""

import json
import secrets
import threading
import time
from types import TracebackType

from collector.storage.folder import Folder, FolderError

WHERE = ".collector"
READS = 8  # of what another collector says, before that is an error


class Leases:
    """This collector's claims on a study. Entering begins to count, leaving takes everything back."""

    def __init__(self, folder: Folder, patience: float = 60.0) -> None:
        self.folder = folder
        self.patience = patience
        self.name = secrets.token_hex(8)
        self.mine: set[str] = set()
        self._beats = 0
        self._seen: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.RLock()
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)

    def __enter__(self) -> "Leases":
        self._write()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._left.set()
        self._thread.join()
        self.folder.remove(f"{WHERE}/{self.name}")

    def take(self, lease: str) -> bool:
        """Claim a cell; False where another collector is at it."""
        with self._lock:
            self.mine.add(lease)
            self._write()
        if lease not in self.others():
            return True
        self.release(lease)
        return False

    def release(self, lease: str) -> None:
        """Take a claim back: the cell is stored, or given up."""
        with self._lock:
            self.mine.discard(lease)
            self._write()

    def others(self) -> set[str]:
        """What other living collectors are at."""
        found: set[str] = set()
        now = time.monotonic()
        names = [name for name in self.folder.entries(WHERE)[0] if name != self.name]
        for name in names:
            content = self._read(f"{WHERE}/{name}")
            if content is None:
                continue
            before, since = self._seen.get(name, (b"", now))
            if content != before:
                since = now
                self._seen[name] = content, now
            if now - since < self.patience:
                found.update(json.loads(content)["claims"])
            else:
                self.folder.remove(f"{WHERE}/{name}")  # one that was only stuck writes it again
        return found

    def _read(self, path: str) -> bytes | None:
        """What another collector says; None where it has left.

        A store looks a file up and then reads it: of one that was replaced in between comes half, an error or nothing. It is asked again.
        """
        failed: Exception = FileNotFoundError(path)
        for _ in range(READS):
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
            content = json.dumps({"beats": self._beats, "claims": sorted(self.mine)}).encode()
            self.folder.replace(f"{WHERE}/{self.name}", content, durable=False)

    def _count(self) -> None:
        while not self._left.wait(self.patience / 4):
            try:
                self._write()
            except FolderError:  # the disk is full: whoever stores a row will say so
                continue
