"""Lists a folder with one subfolder a class, or with folders train, validation and test that have one subfolder a class each."""

import mimetypes
import os
from collections.abc import Iterator
from pathlib import Path

from collector.datasets.own.listing import SPLITS, Entry, Listing, OwnImagesError, Skipped, named, relative, shown

# Python's own table: an instance does not read the machine's files, which differ.
_TYPES = mimetypes.MimeTypes()
_SYSTEM = {"thumbs.db", "desktop.ini", "__macosx"}
OUTSIDE = "links that lead outside the folder"


def list_folder(where: Path) -> Listing:
    """List the images of all classes, those in folders inside a class's folder, too. Raises OwnImagesError."""
    root = where.resolve()
    skipped: list[Skipped] = []
    folders = _children(root, root, skipped)
    if not folders:
        raise OwnImagesError(f"{shown(where)} has no subfolders. Put the images of each class into a subfolder with its name.")
    splits = _splits(where, folders)
    if splits:
        found = {split: {path.name: path for path in _children(folder, root, skipped)} for split, folder in splits.items()}
    else:
        found = {None: {path.name: path for path in folders}}
    entries = [
        Entry(file, label, split)
        for split, classes in found.items()
        for label, folder in sorted(classes.items())
        for file in _files(folder, root, skipped)
    ]
    names = sorted({label for classes in found.values() for label in classes})
    return Listing(root, tuple(names), tuple(entries), tuple(skipped))


def list_files(where: Path) -> tuple[list[Path], list[Skipped]]:
    """List the files of a folder without classes, also those in folders inside it, and what is left out. Raises OwnImagesError."""
    root, skipped = where.resolve(), list[Skipped]()
    return [where / path.relative_to(root) for path in _files(root, root, skipped)], skipped


def _splits(where: Path, folders: list[Path]) -> dict[str | None, Path] | None:
    """The folder of each split, in the order train, validation, test; None where the folders are classes.

    A class may be called train: then it has no folders inside.
    """
    known = [path for path in folders if path.name.lower() in SPLITS]
    if not any(path.name.lower() == "train" and _has_folders(path) for path in known):
        if len(known) == len(folders):
            needed = "a folder 'train', and one subfolder a class in it"
            raise OwnImagesError(f"{shown(where)} has only {named([shown(path.name) for path in known])}: it needs {needed}.")
        return None
    others = [shown(path.name) for path in folders if path not in known]
    if others:
        raise OwnImagesError(
            f"{shown(where)} has the folder 'train' with subfolders, so that it is divided into train, validation and test, and "
            f"besides {named(others)}. Move that elsewhere."
        )
    splits: dict[str | None, Path] = {}
    for split in dict.fromkeys(SPLITS.values()):
        same = [path for path in known if SPLITS[path.name.lower()] == split]
        if len(same) > 1:
            raise OwnImagesError(f"{shown(where)} has several folders for {split}: {named([path.name for path in same])}.")
        if same:
            splits[split] = same[0]
    return splits


def _has_folders(folder: Path) -> bool:
    return bool(_children(folder, folder, []))


def _children(folder: Path, root: Path, skipped: list[Skipped]) -> list[Path]:
    """The folders inside a folder, sorted; the files beside them are skipped, because they have no class."""
    folders = []
    for path in _listed(folder):
        reason = _reason(path, root)
        if reason is None and not path.is_dir():
            reason = "not in the folder of a class"
        if reason is None:
            folders.append(path)
        else:
            skipped.append(Skipped(relative(path, root), reason))
    return folders


def _files(folder: Path, root: Path, skipped: list[Skipped]) -> Iterator[Path]:
    for path in _listed(folder):
        reason = _reason(path, root)
        if reason is not None:
            skipped.append(Skipped(relative(path, root), reason))
        elif path.is_dir():
            yield from _files(path, root, skipped)
        else:
            yield path


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise OwnImagesError(f"{shown(folder)} cannot be read: {error.strerror}.") from error


def _reason(path: Path, root: Path) -> str | None:
    """Why a file or folder is skipped without being opened."""
    if path.name.startswith(".") or path.name.lower() in _SYSTEM:
        return "hidden or the system's"
    if path.is_symlink():
        if not Path(os.path.realpath(path)).is_relative_to(root):  # Path.resolve raises for a link to itself
            return OUTSIDE
        if path.is_dir():
            return "links to folders"  # which may lead in a circle
    kind = _TYPES.guess_type("x" + path.suffix)[0]
    if kind is not None and not kind.startswith("image/") and not path.is_dir():
        return "not images by their names"
    return None
