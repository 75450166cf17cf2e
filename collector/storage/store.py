"""Keeps a study in Parquet parts: each holds runs that were measured together, is named after them, and never changes.

A part is FACT/NAME.parquet, where NAME is the key of one run (MODEL+DATASET+RATE+REPEAT), or of a proxy's cell with all the runs of the
protocol (PROXY+MODEL+DATASET). So the names alone show what is done. What is stored first stays: however many collectors run, and
whenever they are killed, no run is stored twice or in part, and no stored run is lost.
Each part carries a checksum, its study's digest and its own name (`checksum`). A part that does not match them is moved to aside/ and
reported; its runs are then missing. A packed study (`packing`) has its parts in FACT/1/, later FACT/2/; the highest number counts.
"""

import contextlib
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq

from collector.storage.folder import Folder
from collector.storage.part import GROWING, digest, encode, says_its_runs
from collector.storage.tables import grown
from study_format import checksum
from study_format.checksum import ChecksumError, Mark
from study_format.columns import KEYS, SCHEMAS, Row
from study_format.layout import END, FACTS, METADATA, StrayFolderError, newest


class StoreError(Exception):
    """A study cannot be read or added to: which file is wrong, and what to do."""


class DamagedMetadataError(StoreError):
    """A file of metadata is damaged. `move_damaged` moves it aside."""


@dataclass(frozen=True)
class Store:
    """A study's folder, open for adding. study: the digest of its protocol. parts: the folder of each fact's parts."""

    folder: Folder
    study: str
    parts: dict[str, str]

    def path(self, fact: str, name: str) -> str:
        """The path of a part, within the study's folder."""
        return f"{self.parts[fact]}/{name}{END}"

    def has(self, fact: str, name: str) -> bool:
        """Whether a part is stored. Raises FolderError."""
        return self.folder.has(self.path(fact, name))

    def add(self, fact: str, name: str, rows: Sequence[Row]) -> bool:
        """Store the rows of a part; returns False where the part exists, which stays as it is. Raises FolderError."""
        mark = Mark(self.study, f"{fact}/{name}")
        return self.folder.put(self.path(fact, name), encode(pa.Table.from_pylist(rows, SCHEMAS[fact]), mark, small=True))


def open_store(folder: Folder, protocol: pa.Table) -> Store:
    """Open the store of a study. Raises StoreError where the folder holds results of another protocol."""
    check_protocol(folder, protocol)
    return Store(folder, digest(protocol), {fact: parts_of(folder, fact)[0] for fact in FACTS})


def parts_of(folder: Folder, fact: str) -> tuple[str, list[str]]:
    """Return the folder of a fact's parts (the newest that packing created, if any) and their names, without suffix.

    Raises StoreError that names a folder which packing did not create.
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
    return StoreError(f"{folder.at(where)} is not part of a study. Move its files up if they belong to it, or move it away.")


def write_metadata(folder: Folder, models: pa.Table, datasets: pa.Table, protocol: pa.Table) -> None:
    """Write model, dataset and protocol.parquet where they are missing, damaged or different. Raises FolderError.

    A protocol that lists fewer proxies than the stored one takes none away.
    """
    study = digest(protocol)
    with contextlib.suppress(FileNotFoundError, DamagedMetadataError):
        protocol = grown(protocol, read_metadata(folder, "protocol"))
    for name, table in zip(METADATA, (models, datasets, protocol), strict=True):
        try:
            written = _table(folder.read(f"{name}{END}")).to_pylist() == table.to_pylist()
        except (OSError, pa.ArrowException):
            written = False
        if not written:
            folder.replace(f"{name}{END}", encode(table, Mark(study, name)))


def check_protocol(folder: Folder, protocol: pa.Table) -> None:
    """Raise StoreError where the folder holds results of another protocol, whose rows could not be compared with ours.

    The lists of proxies may differ, since proxies can be added to a study.
    Raises DamagedMetadataError where its protocol cannot be read.
    """
    try:
        (stored,), (ours,) = read_metadata(folder, "protocol").to_pylist(), protocol.to_pylist()
    except FileNotFoundError:
        return
    different = [
        f"{name} is {stored.get(name)!r} there and {value!r} here"
        for name, value in ours.items()
        if name not in GROWING and stored.get(name) != value
    ]
    if different:
        raise StoreError(
            f"{folder} was collected under another protocol: {'; '.join(different)}. Collect into another folder with --out, "
            f"or move {folder} away."
        )


def read_metadata(folder: Folder, name: str) -> pa.Table:
    """Read model, dataset or protocol.parquet.

    Raises DamagedMetadataError for a damaged file, StoreError for a protocol of more or fewer rows than one, and
    FileNotFoundError.
    """
    path = f"{name}{END}"
    content = folder.read(path)
    try:
        checksum.read_mark(content)
        table = _table(content)
    except (ChecksumError, pa.ArrowException, OSError) as error:
        raise DamagedMetadataError(
            f"{folder.at(path)} is damaged ({error}). Move it away; needle collect writes it again."
        ) from error
    if name == "protocol" and len(table) != 1:
        raise StoreError(
            f"{folder.at(path)} has {len(table)} rows; a study has one protocol, in one row. Move the file away; needle collect writes "
            "it again."
        )
    return table


def stored_digest(folder: Folder) -> str | None:
    """Return the digest that all parts of a study must carry; None for a study that no collector wrote, whose parts have no checksums.

    Raises StoreError where protocol.parquet is damaged.
    """
    try:
        mark = checksum.read_mark(folder.read(f"protocol{END}"))
    except FileNotFoundError:
        return None
    except ChecksumError as error:
        raise StoreError(
            f"{folder.at('protocol.parquet')} is damaged: {error}. Move it away; needle collect writes it again."
        ) from error
    return mark.study if mark else None


def read_part(folder: Folder, path: str, fact: str, study: str | None) -> pa.Table:
    """Read a part. path: in the folder. study: its digest, if any. Raises StoreError where it is not that part, FolderError."""
    try:
        return _checked(folder.read(path), path, fact, study)
    except (ChecksumError, pa.ArrowException, OSError, KeyError) as error:
        raise StoreError(
            f"{folder.at(path)} is not a part of this study ({error}). needle collect moves it aside and measures its runs again."
        ) from error


def _checked(content: bytes, path: str, fact: str, study: str | None) -> pa.Table:
    mark = checksum.read_mark(content)
    if mark or study:
        name = path.rsplit("/", 1)[-1].removesuffix(END)
        checksum.check(mark, Mark(study or (mark.study if mark else ""), f"{fact}/{name}"))
    table = _table(content)
    for field in SCHEMAS[fact]:  # tables that no collector wrote may lack columns
        if field.name not in table.column_names and field.name not in KEYS[fact]:
            table = table.append_column(field, pa.nulls(len(table), field.type))
    return table.select(SCHEMAS[fact].names).cast(SCHEMAS[fact])


def _table(content: bytes) -> pa.Table:
    # Without threads: one of Arrow's that releases these bytes while the interpreter exits aborts the process (apache/arrow, issue 34314).
    table = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
    return table.replace_schema_metadata(None)  # drop the mark, which would be copied into whatever is written from this table


def read_facts(folder: Folder, fact: str) -> pa.Table:
    """Read all rows of a fact, from every part. Raises StoreError that names a damaged part."""
    return _read_parts(folder, fact, lambda name: True)


def read_packed(folder: Folder, fact: str) -> pa.Table:
    """Read the rows of those parts whose names do not give their runs. Raises as read_facts does."""
    return _read_parts(folder, fact, lambda name: not says_its_runs(fact, name))


def _read_parts(folder: Folder, fact: str, wanted: Callable[[str], bool]) -> pa.Table:
    """Read the parts whose names are wanted; of a study that no collector wrote, all parts, whose names mean nothing."""
    where, names = parts_of(folder, fact)
    study = stored_digest(folder)
    found = [name for name in sorted(names) if study is None or wanted(name)]
    tables = [read_part(folder, f"{where}/{name}{END}", fact, study) for name in found]
    return pa.concat_tables([SCHEMAS[fact].empty_table(), *tables])


def move_damaged(folder: Folder) -> list[str]:
    """Move aside every part that is damaged, cut off or of another study; returns a message for each. Their runs are then missing."""
    moved = []
    for name in METADATA:
        try:
            content = folder.read(f"{name}{END}")
            checksum.read_mark(content)
            _table(content)  # one that is cut off has no mark
        except FileNotFoundError:
            continue
        except (ChecksumError, pa.ArrowException, OSError) as error:
            moved.append(_move_aside(folder, f"{name}{END}", str(error), []))
    study = stored_digest(folder)
    for fact in FACTS:
        where, names = parts_of(folder, fact)
        for name in names:
            path = f"{where}/{name}{END}"
            try:
                content = folder.read(path)
                if study is None or not says_its_runs(fact, name):
                    _checked(content, path, fact, study)
                else:  # its checksum covers everything: no need to decode it
                    checksum.check(checksum.read_mark(content), Mark(study, f"{fact}/{name}"))
            except FileNotFoundError:
                if name in parts_of(folder, fact)[1]:  # otherwise another collector moved it first
                    moved.append(_move_aside(folder, path, "it is a broken link", []))
            except (ChecksumError, pa.ArrowException, OSError, KeyError) as error:
                moved.append(_move_aside(folder, path, str(error), []))
    return moved


def move_replaced(folder: Folder, fact: str, names: Iterable[str]) -> int:
    """Move these parts aside, so that their runs are measured again; returns how many existed. Their rows are kept in the log."""
    where, there = parts_of(folder, fact)
    found = sorted(set(names) & set(there))
    study = stored_digest(folder)
    for name in found:
        path = f"{where}/{name}{END}"
        _move_aside(folder, path, "measured again", read_part(folder, path, fact, study).to_pylist())
    return len(found)


def _move_aside(folder: Folder, path: str, reason: str, rows: Sequence[Row]) -> str:
    token = secrets.token_hex(4)
    to = f"aside/{path.removesuffix(END)}.{token}{END}"
    now = datetime.now(UTC)
    entry = {"at": now.isoformat(), "part": path, "moved_to": to, "reason": reason, "rows": rows}
    # Write the log first: if we are killed in between, the part is still there and is logged once more.
    folder.put(f"history/{now:%Y%m%dT%H%M%S.%fZ}-{token}.json", json.dumps(entry, default=str, indent=1).encode())
    try:
        folder.move(path, to)
    except FileNotFoundError:
        return f"{path}: {reason}; another collector moved it aside."
    return f"{path}: {reason}. It is now {to}; its runs are measured again."
