"""Reads files from the archives that package registries ship. Nothing is unpacked to disk, so a malicious member name has no effect."""

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

Predicate = Callable[[str], bool]
Members = tuple[dict[str, bytes], list[str]]  # the content of the selected members by name, and the names of all members


def read_zip(file: Path, wanted: Predicate) -> Members:
    """Read the wanted members of a wheel."""
    with zipfile.ZipFile(file) as opened:
        names = opened.namelist()
        return {name: opened.read(name) for name in names if wanted(name)}, names


def read_npm(file: Path, wanted: Predicate) -> Members:
    """Read the wanted members of an npm tarball. Names are without the folder package/ that every such tarball has."""
    with file.open("rb") as opened:
        return _read_tar(opened, "r|gz", "package/", wanted)


def read_debian(file: Path, wanted: Predicate) -> Members:
    """Read the wanted members of a Debian package, an ar archive with a tar archive in it. Names are without the leading ./"""
    content = file.read_bytes()
    offset = 8  # behind the magic !<arch>\n; each member has a header of 60 bytes, and is padded to an even length
    while offset < len(content):
        name, size = content[offset : offset + 16].decode().strip().rstrip("/"), int(content[offset + 48 : offset + 58])
        if name.startswith("data.tar"):
            return _read_tar(io.BytesIO(content[offset + 60 : offset + 60 + size]), "r:*", "./", wanted)
        offset += 60 + size + size % 2
    raise tarfile.ReadError(f"{file.name} is not a Debian package: it has no data.tar")


def _read_tar(file: IO[bytes], mode: str, prefix: str, wanted: Predicate) -> Members:
    found, names = {}, []
    with tarfile.open(fileobj=file, mode=mode) as opened:  # type: ignore[call-overload]
        for member in opened:
            name = member.name.removeprefix(prefix)
            names.append(name)
            if member.isfile() and wanted(name):
                found[name] = opened.extractfile(member).read()
    return found, names
