"""Reads CSV files of any shape, or says which file, which line and what is accepted."""

import csv
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from study_format.suggestions import nearest


class ImportFileError(Exception):
    """A file that cannot be imported: what is wrong, in which line, what is accepted, and what to do."""


@dataclass(frozen=True)
class Line:
    """One line of a file below its header."""

    file: str
    number: int  # from 1, as editors count; of the record's last line where a quoted field holds line breaks
    values: dict[str, str]  # {column: text without the white space around it}

    @property
    def where(self) -> str:
        return f"{self.file}, line {self.number}"


def read_lines(path: Path, columns: Sequence[str]) -> tuple[list[str], list[Line]]:
    """Return the header and the lines of a CSV file that must have these columns, without empty lines."""
    (_, header), *rest = read_records(path)
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise ImportFileError(f"{path}: the column {twice[0]!r} stands there twice. Rename one, or leave it out.")
    for column in columns:
        if column not in header:
            raise ImportFileError(f"{path} has no column {column!r}.{nearest(column, header)} It has {', '.join(header)}.")
    lines = []
    for number, record in rest:
        if len(record) != len(header):
            raise ImportFileError(f"{path}, line {number}: {len(record)} fields under a header of {len(header)}.")
        lines.append(Line(path.name, number, dict(zip(header, record, strict=True))))
    return header, lines


def read_records(path: Path) -> list[tuple[int, list[str]]]:
    """The records of a CSV file with their line numbers, at least one below the first; every field without white space around it."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:  # a spreadsheet's CSV starts with a byte-order mark
            reader = csv.reader(file, strict=True)
            records = [(reader.line_num, [field.strip() for field in record]) for record in reader]
    except FileNotFoundError as error:
        raise ImportFileError(f"There is no file {path}.") from error
    except OSError as error:
        raise ImportFileError(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ImportFileError(f"{path} is not a CSV file in UTF-8 ({error}).") from error
    records = [(number, record) for number, record in records if any(record)]
    if not records:
        raise ImportFileError(f"{path} is empty.")
    if len(records[0][1]) < 2:
        raise ImportFileError(f"{path} is not a CSV file: its first line has no comma.")
    if len(records) < 2:
        raise ImportFileError(f"{path} has a header and no line below it.")
    return records


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
