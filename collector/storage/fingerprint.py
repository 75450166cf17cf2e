"""Makes sure that a study uses the same SavedModel of a network throughout: its SHA-256 is stored at the first use and compared later.

A network converted from a package needs no fingerprint: its package has a checksum (`packages`), and its cache folder is named after it.
"""

import hashlib
from pathlib import Path

from collector.storage.folder import Folder
from collector.storage.part import part_name


class FingerprintError(ValueError):
    """A SavedModel is not the one that the study began with."""


def check_unchanged(folder: Folder, model: str, saved_model: Path) -> str:
    """Store a SavedModel's SHA-256 in the study, or compare it with the stored one, and return it.

    Raises FingerprintError where they differ.
    """
    found = fingerprint(saved_model)
    name = f"saved_model/{part_name((model,))}.sha256"
    if folder.put(name, f"{found}  {saved_model.name}\n".encode()):
        return found
    stored = folder.read(name).decode(errors="replace").split(" ")[0]
    if stored != found:
        raise FingerprintError(
            f"the SavedModel of {model} in {saved_model} is not the one that this study began with: its SHA-256 is {found[:12]}… and was "
            f"{stored[:12]}…. Put the old one back; or, to continue with the new one, move {folder.at(name)} away and measure the model "
            f"again (--models {model} --again)."
        )
    return found


def fingerprint(saved_model: Path) -> str:
    """Return the SHA-256 of a folder, in hexadecimal: of each file's name and content, sorted by name."""
    digest = hashlib.sha256()
    for path in sorted(path for path in saved_model.rglob("*") if path.is_file()):
        with open(path, "rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.relative_to(saved_model).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()
