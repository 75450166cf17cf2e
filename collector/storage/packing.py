"""Packs a study's many small files into one per fact table, which opens sooner and fits version control; and unpacks it again.

The new files are written into a folder of their own, flushed, read back and compared: the same rows, valid checksums. Then one rename
makes that folder FACT/1/, FACT/2/ ...; the highest number holds the study. The old files are removed last. Whenever the process is
killed, the study is entirely the old one or entirely the new one.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from collector.storage.folder import WRITING, Folder, sync_folder, translate_os_errors, write_file
from collector.storage.lock import exclusive_lock
from collector.storage.part import digest, encode, part_name
from collector.storage.store import StoreError, parts_of, read_facts, read_metadata, read_part, stored_digest
from study_format.checksum import Mark
from study_format.columns import KEYS, SCHEMAS, Row
from study_format.layout import END, FACTS, METADATA

PACKED = "packed"
PACKING = ".packing"
Parts = Iterator[tuple[str, pa.Table]]


def pack(folder: Folder) -> dict[str, int]:
    """Pack every fact of a study into one part; returns the number of rows of each.

    Raises StoreError where rows contradict each other, a part is damaged, or a collector is running; FolderError where the folder cannot
    be read or written.
    """
    return _rewrite(folder, lambda fact, rows, protocol: iter([(PACKED, rows)] if len(rows) else []))


def unpack(folder: Folder) -> dict[str, int]:
    """Write every run, and every complete cell of a proxy, as a part of its own; returns and raises as pack does."""
    return _rewrite(folder, _split)


def _rewrite(folder: Folder, split: Callable[[str, pa.Table, Row], Parts]) -> dict[str, int]:
    for name in METADATA[::-1]:
        if not folder.has(f"{name}{END}"):
            raise StoreError(f"{folder} is not a study: it has no {name}.parquet.")
    with exclusive_lock(folder) as path, translate_os_errors(folder):
        protocol = read_metadata(folder, "protocol")
        marked = stored_digest(folder)
        study = marked or digest(protocol)
        (row,) = protocol.to_pylist()
        shutil.rmtree(path / PACKING, ignore_errors=True)
        parts = {fact: _read_fact(folder, path, fact) for fact in FACTS}  # read everything before anything is changed
        for fact, (where, names, rows) in parts.items():
            _remove_superseded(path, fact)
            if names:
                _rewrite_fact(folder, path, fact, where, set(names), rows, study, split(fact, rows, row))
        if marked is None:  # no collector wrote it: from now on every part must have a checksum
            for name in METADATA:
                folder.replace(f"{name}{END}", encode(read_metadata(folder, name), Mark(study, name)))
        return {fact: len(rows) for fact, (_, _, rows) in parts.items()}


def _read_fact(folder: Folder, path: Path, fact: str) -> tuple[str, list[str], pa.Table]:
    """The folder of a fact's parts, their names and their rows."""
    where, names = parts_of(folder, fact)
    _check_other_files(folder, path, fact, where)
    return where, names, unique(fact, read_facts(folder, fact), str(folder))


def _rewrite_fact(
    folder: Folder, path: Path, fact: str, where: str, names: set[str], rows: pa.Table, study: str, split: Parts
) -> None:
    made = {name: encode(part, Mark(study, f"{fact}/{name}"), small=name != PACKED) for name, part in split}
    if set(made) == names and all(folder.read(f"{where}/{name}{END}") == content for name, content in made.items()):
        return
    temporary = path / PACKING
    temporary.mkdir()
    for name, content in made.items():
        write_file(temporary / f"{name}{END}", content)
    sync_folder(temporary)
    _verify(temporary, fact, study, rows, set(made))
    target = path / fact / str(int(where.removeprefix(fact).strip("/") or 0) + 1)
    os.rename(temporary, target)
    sync_folder(path / fact)
    _remove_superseded(path, fact)


def _check_other_files(folder: Folder, path: Path, fact: str, where: str) -> None:
    """Raise StoreError for files that packing would remove although they are not parts, or hold rows that it does not pack.

    Older parts are expected where packing was interrupted, but then all of their rows are in the newer parts.
    """
    for file in (path / fact).glob("[0-9]*/*"):
        if not file.is_file() or file.suffix not in (END, WRITING):
            raise StoreError(f"{file} is not part of a study, and packing would remove its folder. Move it away.")
    older = [file for file in (path / fact).rglob(f"*{END}") if str(file.parent.relative_to(path)) != where]
    if not older:
        return
    kept = read_facts(folder, fact).to_pylist()
    for file in older:
        name = str(file.relative_to(path))
        if any(row not in kept for row in read_part(folder, name, fact, stored_digest(folder)).to_pylist()):
            raise StoreError(f"{folder.at(name)} has rows that {folder.at(where)} lacks. Move one of the two away.")


def _verify(temporary: Path, fact: str, study: str, rows: pa.Table, names: set[str]) -> None:
    """Raise StoreError unless the new parts, read back from disk, are whole and hold exactly these rows."""
    found = {path.stem for path in temporary.iterdir()}
    tables = [read_part(Folder(str(temporary)), f"{name}{END}", fact, study) for name in sorted(found)]
    if found != names or not unique(fact, pa.concat_tables(tables), str(temporary)).equals(rows):
        raise StoreError(f"{temporary} does not hold what was written into it; the {fact} parts are as they were.")


def unique(fact: str, table: pa.Table, where: str) -> pa.Table:
    """Return the rows sorted by key, each once. Raises StoreError, which names their source (where), if two rows of a key differ."""
    kinds = [(field.name, field.type) for field in SCHEMAS[fact]]
    # Arrow cannot group by lists: group by their text instead.
    values = {
        name: pa.array(map(repr, table[name].to_pylist())) if pa.types.is_list(kind) else table[name] for name, kind in kinds
    }
    numbered = pa.table({**values, "number": range(len(table))})
    rows = table.take(numbered.group_by(list(values), use_threads=False).aggregate([("number", "min")])["number_min"])
    counts = rows.group_by(list(KEYS[fact])).aggregate([([], "count_all")])
    duplicates = counts.filter(pc.greater(counts["count_all"], 1)).slice(0, 1).to_pylist()
    if duplicates:
        key = ", ".join(str(duplicates[0][name]) for name in KEYS[fact])
        raise StoreError(f"{where} has two different {fact} rows of {key}. Move one of their files away.")
    # A proxy without a learning rate comes before those with one.
    order = pc.sort_indices(rows, sort_keys=[(name, "ascending", "at_start") for name in KEYS[fact]])
    return rows.take(order).combine_chunks()


def _split(fact: str, rows: pa.Table, protocol: Row) -> Parts:
    """The parts that a collector would have written: one per run, or per cell for representations and complete proxies."""
    heads = {"linear": len(protocol["linear_learning_rates"] or ()) * (protocol["linear_repeats"] or 0)}
    names = KEYS[fact][: 3 if fact == "proxy" else 2]
    cells: dict[tuple[str, ...], list[Row]] = {}
    for row in rows.to_pylist():
        cells.setdefault(tuple(row[name] for name in names), []).append(row)
    for cell, found in cells.items():
        if fact in ("representation", "embedding") or (fact == "proxy" and len(found) == heads.get(cell[0], 1)):
            yield part_name(cell), pa.Table.from_pylist(found, SCHEMAS[fact])
        else:
            for row in found:
                yield part_name(cell, (row["learning_rate"], row["repeat"])), pa.Table.from_pylist([row], SCHEMAS[fact])


def _remove_superseded(path: Path, fact: str) -> None:
    """Remove everything older than the highest number."""
    numbers = sorted(int(one.name) for one in (path / fact).glob("[0-9]*") if one.name.isdecimal())
    if numbers:
        for old in (path / fact).glob(f"*{END}"):
            old.unlink()
        for number in numbers[:-1]:
            shutil.rmtree(path / fact / str(number))
