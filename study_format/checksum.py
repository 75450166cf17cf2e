"""How a Parquet file of a study proves that it is whole, and which part of which study it is.

The collector writes a mark into the file's metadata, where every other reader passes over it: the SHA-256 of the whole file (the
digest's own 64 characters taken as zeros), the study's digest and the part's name. Parquet has checksums of pages of its own, but
they leave out the footer, and DuckDB 2.0 reads past wrong ones without a word.
"""

import hashlib
import mmap
from dataclasses import dataclass
from pathlib import Path

KEY = "needle.part"
DIGEST = 64  # hexadecimal digits
ZEROS = b"0" * DIGEST
SMALL = 2**24  # bytes of a file that is read at once
# In the footer, a text is the byte 0x18, its length, its characters (Thrift's compact protocol).
_MARK = KEY.encode() + b"\x18"


class ChecksumError(Exception):
    """A file is not what was written, or not what its name says: why."""


@dataclass(frozen=True)
class Mark:
    """What a file says of itself: the digest of its study, and its part's name."""

    study: str
    part: str


def place_of_digest(content: bytes | bytearray) -> int:
    """Where the digest stands in a file whose mark has zeros for it. Raises ChecksumError where it has no mark."""
    found = _found(memoryview(content))
    if found is None:
        raise ChecksumError("it has no mark")
    return found[0]


def read_mark(content: bytes | memoryview) -> Mark | None:
    """The mark of a file's content; None where it has none. Raises ChecksumError where the content is not what was written."""
    content = memoryview(content)
    found = _found(content)
    if found is None:
        return None
    place, text = found
    digest = hashlib.sha256(content[:place])
    digest.update(ZEROS)
    digest.update(content[place + DIGEST :])
    if text[:DIGEST] != digest.hexdigest().encode():
        raise ChecksumError("its checksum is not that of its content")
    _, study, part = text.decode(errors="replace").split(" ", 2)
    return Mark(study, part)


def read_mark_of(path: Path) -> Mark | None:
    """The mark of a file, however large. Raises as read_mark does, and OSError."""
    with open(path, "rb") as file:
        if path.stat().st_size < SMALL:
            return read_mark(file.read())
        return read_mark(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))


def check(mark: Mark | None, expected: Mark) -> None:
    """Raise ChecksumError unless the mark of a file is the expected one."""
    if mark is None:
        raise ChecksumError("it has no checksum: it is cut off, or not from this study's collector")
    if mark.study != expected.study:
        raise ChecksumError("it is a part of a study with another protocol")
    if mark.part != expected.part:
        raise ChecksumError(f"it is the part {mark.part} of this study under another name")


def _found(content: memoryview) -> tuple[int, bytes] | None:
    """Where the mark's text begins, and the text; None without one. Only the footer is searched, which the last 8 bytes measure."""
    if len(content) < 12 or bytes(content[-4:]) != b"PAR1":
        return None
    footer = int.from_bytes(content[-8:-4], "little")
    start = max(0, len(content) - 8 - footer)
    tail = bytes(content[start:])
    place = tail.rfind(_MARK)
    if place < 0:
        return None
    place += len(_MARK)
    length, shift = 0, 0
    while place < len(tail):
        byte = tail[place]
        length |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            break
    text = tail[place : place + length]
    return (start + place, text) if len(text) == length and text.count(b" ") >= 2 else None
