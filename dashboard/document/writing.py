"""Writes pages and sites: complete or not at all, and never over what is not ours."""

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import duckdb

from dashboard.document.html import MARK

SITE = "needle-site.json"  # in the folder of a site: the files that are ours


class WriteError(Exception):
    """A page that cannot be written: where to, and why."""


def check_page(path: Path) -> None:
    """Raise WriteError where a page may not be written because something else is there."""
    if path.is_dir():
        raise WriteError(f"{path} is a folder. Name a file in it, such as {path / 'report.html'}.")
    try:
        with path.open("rb") as file:
            ours = file.read(len(MARK)) == MARK.encode()
    except FileNotFoundError:
        ours = not os.path.lexists(path)
    except OSError as error:
        raise WriteError(f"{path} cannot be written: {error.strerror}.") from error
    if not ours:
        raise WriteError(f"{path} is not a page that needle wrote, and is kept. Move it away, or choose another name.")


def write_page(path: Path, text: str) -> None:
    """Write a page under a temporary name beside its own, then rename it; a page of ours is replaced. Raises WriteError."""
    check_page(path)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.absolute().parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)  # not the private mode of temporary files, since pages are for others
        temporary.replace(path)
    except OSError as error:
        if temporary:
            temporary.unlink(missing_ok=True)
        raise WriteError(f"{path} cannot be written: {error.strerror}.") from error


def check_site(folder: Path) -> None:
    """Raise WriteError where a site may not be written because something else is there."""
    try:
        if os.path.lexists(folder) and any(folder.iterdir()) and not _files_of_site(folder):
            raise WriteError(f"{folder} is not empty and holds no site that needle wrote. It is kept; choose another folder.")
    except OSError as error:
        raise WriteError(f"{folder} cannot be written: {error.strerror}.") from error


def write_site(folder: Path, build: Callable[[Path], None]) -> None:
    """Write a site, or replace one of ours; what others put into its folder stays.

    build: writes the site into an empty folder. That one is within the folder until it is complete; then its files are renamed, which
    needs no more room. Raises WriteError.
    """
    check_site(folder)
    is_new = not folder.exists()
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".needle-", dir=folder))
        build(temporary)
        _replace(folder, temporary)
    except (OSError, duckdb.IOException) as error:
        raise WriteError(f"{folder} cannot be written: {getattr(error, 'strerror', None) or error}.") from error
    finally:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)
        if is_new and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _replace(folder: Path, built: Path) -> None:
    """Move the files of a built site to their places, and remove those of the one before that it lacks."""
    before = _files_of_site(folder)
    files = sorted(path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file())
    (built / SITE).write_text(json.dumps(sorted({*files, *before}), indent=0))
    (built / SITE).replace(folder / SITE)  # first, so that a site that is half replaced is still known as ours
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (built / name).replace(folder / name)
    for name in set(before) - set(files):
        (folder / name).unlink(missing_ok=True)
        for parent in list((folder / name).parents)[: name.count("/")]:
            if parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()
    (built / SITE).write_text(json.dumps(files, indent=0))
    (built / SITE).replace(folder / SITE)


def _files_of_site(folder: Path) -> list[str]:
    """Return the files of the site of ours in a folder; none where there is no such site. Names that lead out of it do not count."""
    try:
        names = json.loads((folder / SITE).read_text())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return []
    inside = folder.resolve()
    return [name for name in names if isinstance(name, str) and (folder / name).resolve().is_relative_to(inside)]
