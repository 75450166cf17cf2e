"""Keeps a study in Parquet: a file for what was measured at once, named after the runs it holds, and never changed.

A part is FACT/NAME.parquet, its name the key of its one run (MODEL+DATASET+RATE+REPEAT) or of a proxy's cell with all runs that the
protocol asks for (PROXY+MODEL+DATASET). So the names alone say what is done. What is stored first stays: however many collectors
are at work, and whatever is killed when, no run is there twice, none is half there, and none that was stored is lost.
Each part carries its checksum, its study's and its own name (`checksum`). One that is not what it says is moved to aside/ and told of;
its runs are then missing. A packed study (`collector.storage.packing`) has its parts in FACT/1/, later FACT/2/; the highest number counts.
"""

import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from collector.storage.folder import Folder
from collector.storage.part import digest, encode, says_its_runs
from study_format import checksum
from study_format.checksum import ChecksumError, Mark
from study_format.columns import KEYS, SCHEMAS, Row
from study_format.layout import END, FACTS, METADATA, StrayFolderError, newest


class StoreError(Exception):
    """A study folder that cannot be added to: which file, and what to do."""


class DamagedMetadataError(StoreError):
    """A file of metadata is not what was written. `move_damaged` moves it aside."""


@dataclass(frozen=True)
class Store:
    """A study's folder, open for adding. study: the digest of its protocol. parts: where each fact's parts are."""

    folder: Folder
    study: str
    parts: dict[str, str]

    def path(self, fact: str, name: str) -> str:
        """Where a part is, within the folder."""
        return f"{self.parts[fact]}/{name}{END}"

    def has(self, fact: str, name: str) -> bool:
        """Whether a part is there."""
        return self.folder.has(self.path(fact, name))

    def add(self, fact: str, name: str, rows: Sequence[Row]) -> bool:
        """Store the rows of a part; False where it was there before, which stays."""
        mark = Mark(self.study, f"{fact}/{name}")
        return self.folder.put(self.path(fact, name), encode(pa.Table.from_pylist(rows, SCHEMAS[fact]), mark, small=True))


def open_store(folder: Folder, protocol: pa.Table) -> Store:
    """The store of a study. Raises StoreError where the folder holds results of another protocol."""
    check_protocol(folder, protocol)
    return Store(folder, digest(protocol), {fact: parts_of(folder, fact)[0] for fact in FACTS})


def parts_of(folder: Folder, fact: str) -> tuple[str, list[str]]:
    """Where the parts of a fact are, and their names: in the folder that packing made last, if there is any.

    Raises StoreError that names a folder which packing did not make.
    """
    files, folders = folder.entries(fact)
    names = [name.removesuffix(END) for name in files if name.endswith(END)]
    try:
        number = newest(bool(names), folders)
    except StrayFolderError as error:
        raise _stray(folder, f"{fact}/{error}") from error
    if number is None:
        return fact, names
    where = f"{fact}/{number}"
    packed = [name.removesuffix(END) for name in folder.entries(where)[0] if name.endswith(END)]
    if not packed:
        raise _stray(folder, where)
    return where, packed


def _stray(folder: Folder, where: str) -> StoreError:
    return StoreError(f"{folder.at(where)} is no part of a study. Move its files up if they belong to it, or move it away.")


def write_metadata(folder: Folder, models: pa.Table, datasets: pa.Table, protocol: pa.Table) -> None:
    """Write model, dataset and protocol.parquet where they are not there or say something else."""
    study = digest(protocol)
    for name, table in zip(METADATA, (models, datasets, protocol), strict=True):
        try:
            written = _table(folder.read(f"{name}{END}")).to_pylist() == table.to_pylist()
        except (OSError, pa.ArrowException):
            written = False
        if not written:
            folder.replace(f"{name}{END}", encode(table, Mark(study, name)))


def check_protocol(folder: Folder, protocol: pa.Table) -> None:
    """Raise StoreError where the folder holds results of another protocol: its rows could not be compared with ours."""
    try:
        (stored,), (ours,) = read_metadata(folder, "protocol").to_pylist(), protocol.to_pylist()
    except FileNotFoundError:
        return
    different = [
        f"{name} is {stored.get(name)!r} there and {value!r} here" for name, value in ours.items() if stored.get(name) != value
    ]
    if different:
        raise StoreError(
            f"{folder} was collected under another protocol: {'; '.join(different)}. Collect into another folder with --out, "
            f"or move {folder} away."
        )


def read_metadata(folder: Folder, name: str) -> pa.Table:
    """The rows of a file of metadata. Raises StoreError that names one which is none, is damaged, or is a protocol of any other number of
    rows than one; FileNotFoundError."""
    path = f"{name}{END}"
    content = folder.read(path)
    try:
        checksum.read_mark(content)
        table = _table(content)
    except (ChecksumError, pa.ArrowException, OSError) as error:
        raise DamagedMetadataError(
            f"{folder.at(path)} is damaged ({error}). Move it away; needle collect writes it anew."
        ) from error
    if name == "protocol" and len(table) != 1:
        raise StoreError(
            f"{folder.at(path)} has {len(table)} rows; a study has one protocol, and one row of it. Move the file away; needle collect "
            "writes it anew."
        )
    return table


def study_of(folder: Folder) -> str | None:
    """The digest that all parts of a study must carry; None of a study that others made, whose parts have no checksums."""
    try:
        mark = checksum.read_mark(folder.read(f"protocol{END}"))
    except FileNotFoundError:
        return None
    except ChecksumError as error:
        raise StoreError(
            f"{folder.at('protocol.parquet')} is damaged: {error}. Move it away; needle collect writes it anew."
        ) from error
    return mark.study if mark else None


def read_part(folder: Folder, path: str, fact: str, study: str | None) -> pa.Table:
    """The rows of a part. Raises StoreError that names one which is not what it says, FolderError that names one not to be read."""
    try:
        return _checked(folder.read(path), path, fact, study)
    except (ChecksumError, pa.ArrowException, OSError, KeyError) as error:
        raise StoreError(
            f"{folder.at(path)} is not a part of this study ({error}). needle collect moves it aside and makes its cell anew."
        ) from error


def _checked(content: bytes, path: str, fact: str, study: str | None) -> pa.Table:
    mark = checksum.read_mark(content)
    if mark or study:
        name = path.rsplit("/", 1)[-1].removesuffix(END)
        checksum.check(mark, Mark(study or (mark.study if mark else ""), f"{fact}/{name}"))
    table = _table(content)
    for field in SCHEMAS[fact]:  # others leave out what they do not know
        if field.name not in table.column_names and field.name not in KEYS[fact]:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(SCHEMAS[fact].names).cast(SCHEMAS[fact])


def _table(content: bytes) -> pa.Table:
    # Without the mark, which would go along into what is written from it.
    return pq.ParquetFile(pa.BufferReader(content)).read().replace_schema_metadata(None)


def read_facts(folder: Folder, fact: str) -> pa.Table:
    """All rows of a fact, from every part. Raises StoreError that names a part which is not what it says."""
    return _read_parts(folder, fact, lambda name: True)


def read_packed(folder: Folder, fact: str) -> pa.Table:
    """The rows of those parts whose names do not say which runs they hold. Raises as read_facts does."""
    return _read_parts(folder, fact, lambda name: not says_its_runs(fact, name))


def _read_parts(folder: Folder, fact: str, wanted: Callable[[str], bool]) -> pa.Table:
    """Of a study that others made, every part, whatever its name: they have names of their own."""
    where, names = parts_of(folder, fact)
    study = study_of(folder)
    found = [name for name in sorted(names) if study is None or wanted(name)]
    tables = [read_part(folder, f"{where}/{name}{END}", fact, study) for name in found]
    return pa.concat_tables([SCHEMAS[fact].empty_table(), *tables])


def move_damaged(folder: Folder) -> list[str]:
    """Move aside every part that is damaged, cut off, or not this study's; say which, and why. Their runs are then missing."""
    moved = []
    for name in METADATA:
        try:
            content = folder.read(f"{name}{END}")
            checksum.read_mark(content)
            _table(content)  # cut off, it has no mark
        except FileNotFoundError:
            continue
        except (ChecksumError, pa.ArrowException, OSError) as error:
            moved.append(_move_aside(folder, f"{name}{END}", str(error), []))
    study = study_of(folder)
    for fact in FACTS:
        where, names = parts_of(folder, fact)
        for name in names:
            path = f"{where}/{name}{END}"
            try:
                content = folder.read(path)
                if study is None or not says_its_runs(fact, name):
                    _checked(content, path, fact, study)
                else:  # what its checksum covers need not be decoded
                    checksum.check(checksum.read_mark(content), Mark(study, f"{fact}/{name}"))
            except FileNotFoundError:
                if name in parts_of(folder, fact)[1]:  # else another collector was quicker
                    moved.append(_move_aside(folder, path, "it is a link to nothing", []))
            except (ChecksumError, pa.ArrowException, OSError, KeyError) as error:
                moved.append(_move_aside(folder, path, str(error), []))
    return moved


def move_replaced(folder: Folder, fact: str, names: Iterable[str]) -> int:
    """Move these parts aside, for their runs to be made again; how many there were. The log keeps where their rows came from."""
    where, there = parts_of(folder, fact)
    found = sorted(set(names) & set(there))
    study = study_of(folder)
    for name in found:
        path = f"{where}/{name}{END}"
        _move_aside(folder, path, "measured again", read_part(folder, path, fact, study).to_pylist())
    return len(found)


def _move_aside(folder: Folder, path: str, reason: str, rows: Sequence[Row]) -> str:
    token = secrets.token_hex(4)
    to = f"aside/{path.removesuffix(END)}.{token}{END}"
    now = datetime.now(UTC)
    entry = {"at": now.isoformat(), "part": path, "moved_to": to, "reason": reason, "rows": rows}
    # The log first: killed in between, it tells of a part that is still there, and that is then told once more.
    folder.put(f"history/{now:%Y%m%dT%H%M%S.%fZ}-{token}.json", json.dumps(entry, default=str, indent=1).encode())
    try:
        folder.move(path, to)
    except FileNotFoundError:
        return f"{path}: {reason}; another collector moved it aside."
    return f"{path}: {reason}. It is now {to}; what it held is measured again."
