"""Packs a study's many small files into one a fact, which opens sooner and can be tracked; and takes it apart again.

The new files are made beside the old ones, in a folder of their own, flushed, read again and compared: as many rows, the same keys
and values, the checksums right. Then one rename puts the folder in its place, as FACT/1/, FACT/2/ ...; the highest number is the study.
What was there before is removed last. Killed at any moment, a study is wholly the old or wholly the new one.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from collector.storage.folder import WRITING, Folder, sync, words, write
from collector.storage.lock import exclusive_lock
from collector.storage.part import digest, encode, part_name
from collector.storage.store import StoreError, parts_of, read_facts, read_metadata, read_part, study_of
from study_format.checksum import Mark
from study_format.columns import KEYS, SCHEMAS, Row
from study_format.layout import END, FACTS, METADATA

PACKED = "packed"
PACKING = ".packing"
Parts = Iterator[tuple[str, pa.Table]]


def pack(folder: Folder) -> dict[str, int]:
    """Put every fact of a study into one part; the number of rows of each. Raises StoreError where rows contradict each other,
    FolderError where it cannot be read or written."""
    return _rewrite(folder, lambda fact, rows, protocol: iter([(PACKED, rows)] if len(rows) else []))


def unpack(folder: Folder) -> dict[str, int]:
    """Give every run, and every whole cell of a proxy, a part of its own again; the number of rows of each fact. Raises as pack does."""
    return _rewrite(folder, _apart)


def _rewrite(folder: Folder, split: Callable[[str, pa.Table, Row], Parts]) -> dict[str, int]:
    for name in METADATA[::-1]:
        if not folder.has(f"{name}{END}"):
            raise StoreError(f"{folder} is no study: it has no {name}.parquet.")
    with exclusive_lock(folder) as path, words(folder):
        protocol = read_metadata(folder, "protocol")
        marked = study_of(folder)
        study = marked or digest(protocol)
        (row,) = protocol.to_pylist()
        shutil.rmtree(path / PACKING, ignore_errors=True)
        there = {fact: _there(folder, path, fact) for fact in FACTS}  # all of it, before anything is changed
        for fact, (where, names, rows) in there.items():
            _remove_superseded(path, fact)
            if names:
                _rewrite_fact(folder, path, fact, where, set(names), rows, study, split(fact, rows, row))
        if marked is None:  # a study that others made: from now on every part must have its checksum
            for name in METADATA:
                folder.replace(f"{name}{END}", encode(read_metadata(folder, name), Mark(study, name)))
        return {fact: len(rows) for fact, (_, _, rows) in there.items()}


def _there(folder: Folder, path: Path, fact: str) -> tuple[str, list[str], pa.Table]:
    """Where the parts of a fact are, their names and their rows."""
    where, names = parts_of(folder, fact)
    _refuse_what_else_there_is(folder, path, fact, where)
    return where, names, unique(fact, read_facts(folder, fact), str(folder))


def _rewrite_fact(
    folder: Folder, path: Path, fact: str, where: str, names: set[str], rows: pa.Table, study: str, split: Parts
) -> None:
    made = {name: encode(part, Mark(study, f"{fact}/{name}"), small=name != PACKED) for name, part in split}
    if set(made) == names and all(folder.read(f"{where}/{name}{END}") == content for name, content in made.items()):
        return
    beside = path / PACKING
    beside.mkdir()
    for name, content in made.items():
        write(beside / f"{name}{END}", content)
    sync(beside)
    _verify(beside, fact, study, rows, set(made))
    target = path / fact / str(int(where.removeprefix(fact).strip("/") or 0) + 1)
    os.rename(beside, target)
    sync(path / fact)
    _remove_superseded(path, fact)


def _refuse_what_else_there_is(folder: Folder, path: Path, fact: str, where: str) -> None:
    """Interrupted, packing leaves what was before; whatever is older and holds other rows is somebody's, and not to be removed.

    Nor is what lies among packed parts and is none, whose folder is removed as a whole.
    """
    for one in (path / fact).glob("[0-9]*/*"):
        if not one.is_file() or one.suffix not in (END, WRITING):
            raise StoreError(f"{one} is no part of a study, and its folder is to be removed. Move it away.")
    older = [one for one in (path / fact).rglob(f"*{END}") if str(one.parent.relative_to(path)) != where]
    if not older:
        return
    there = read_facts(folder, fact).to_pylist()
    for one in older:
        place = str(one.relative_to(path))
        if any(row not in there for row in read_part(folder, place, fact, study_of(folder)).to_pylist()):
            raise StoreError(f"{folder.at(place)} has rows that {folder.at(where)} lacks. Move one of the two away.")


def _verify(beside: Path, fact: str, study: str, rows: pa.Table, names: set[str]) -> None:
    """Raise StoreError unless the new parts, read from the disk, are whole and hold just these rows."""
    found = {path.stem for path in beside.iterdir()}
    tables = [read_part(Folder(str(beside)), f"{name}{END}", fact, study) for name in sorted(found)]
    if found != names or not unique(fact, pa.concat_tables(tables), str(beside)).equals(rows):
        raise StoreError(f"{beside} does not hold what was written into it; the {fact} parts are as they were.")


def unique(fact: str, table: pa.Table, where: str) -> pa.Table:
    """The rows in the order of their keys, each once. Raises StoreError where two rows of one key differ."""
    kinds = [(field.name, field.type) for field in SCHEMAS[fact]]
    # Arrow groups by no lists: by their text instead.
    values = {
        name: pa.array(map(repr, table[name].to_pylist())) if pa.types.is_list(kind) else table[name] for name, kind in kinds
    }
    numbered = pa.table({**values, "number": range(len(table))})
    rows = table.take(numbered.group_by(list(values), use_threads=False).aggregate([("number", "min")])["number_min"])
    counts = rows.group_by(list(KEYS[fact])).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1)).slice(0, 1).to_pylist()
    if twice:
        key = ", ".join(str(twice[0][name]) for name in KEYS[fact])
        raise StoreError(f"{where} has two different {fact} rows of {key}. Move one of their files away.")
    # A proxy without a learning rate comes before those with one.
    order = pc.sort_indices(rows, sort_keys=[(name, "ascending", "at_start") for name in KEYS[fact]])
    return rows.take(order).combine_chunks()


def _apart(fact: str, rows: pa.Table, protocol: Row) -> Parts:
    """The parts that a collector would have made: of one run, of a cell for representations and for a proxy's complete ones."""
    heads = {"linear": len(protocol["linear_learning_rates"] or ()) * (protocol["linear_repeats"] or 0)}
    names = KEYS[fact][: 3 if fact == "proxy" else 2]
    cells: dict[tuple[str, ...], list[Row]] = {}
    for row in rows.to_pylist():
        cells.setdefault(tuple(row[name] for name in names), []).append(row)
    for cell, found in cells.items():
        if fact == "representation" or (fact == "proxy" and len(found) == heads.get(cell[0], 1)):
            yield part_name(cell), pa.Table.from_pylist(found, SCHEMAS[fact])
        else:
            for row in found:
                yield part_name(cell, (row["learning_rate"], row["repeat"])), pa.Table.from_pylist([row], SCHEMAS[fact])


def _remove_superseded(path: Path, fact: str) -> None:
    """What is older than the highest number is no part of the study any more."""
    numbers = sorted(int(one.name) for one in (path / fact).glob("[0-9]*") if one.name.isdecimal())
    if numbers:
        for old in (path / fact).glob(f"*{END}"):
            old.unlink()
        for number in numbers[:-1]:
            shutil.rmtree(path / fact / str(number))
