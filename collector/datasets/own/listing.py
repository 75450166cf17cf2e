"""Describes what was found before any image is read: files with labels, and what was left out of them."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from collector.spec.dataset import DatasetError

NAMED = 5
SPLITS = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation", "test": "test"}


class OwnImagesError(DatasetError):
    """The user's images cannot be used. The message says why and what to do."""


@dataclass(frozen=True)
class Entry:
    """A file that should be an image. split: train, validation, test, or None where the user gives no split."""

    path: Path
    label: str
    split: str | None


@dataclass(frozen=True)
class Skipped:
    """A file that is left out, and why, as a phrase that others may share."""

    name: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """The files of a folder or table, in a fixed order. folder: the names in messages are relative to it. classes: in the labels' order."""

    folder: Path
    classes: tuple[str, ...]
    entries: tuple[Entry, ...]
    skipped: tuple[Skipped, ...]


def shown(name: str | Path) -> str:
    """Return a name as printable text: bytes that are not UTF-8, and control characters, with backslash escapes."""
    text = os.fsencode(name).decode(errors="backslashreplace")
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)


def relative(path: Path, folder: Path) -> str:
    """Return a file's name for messages, relative to the folder where it is inside."""
    return shown(path.relative_to(folder) if path.is_relative_to(folder) else path)


def named(names: Sequence[str]) -> str:
    """Join names, at most NAMED of them: `a, b, c, d, e and 7 more`."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more:,} more" if more > 0 else "")


def counted(number: int, noun: str) -> str:
    """Return the number with its noun: `1 image`, `2 images`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def describe(skipped: Iterable[Skipped]) -> list[str]:
    """Return one line for each reason, with the number of files and their names."""
    reasons: dict[str, list[str]] = {}
    for one in skipped:
        reasons.setdefault(one.reason, []).append(one.name)
    return [f"{counted(len(names), 'file')} skipped, {reason}: {named(names)}." for reason, names in reasons.items()]
