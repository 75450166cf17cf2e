"""Joins two studies into a third, where that says nothing wrong: one protocol, and no run with two results."""

import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from collector.storage.folder import Folder, FolderError, sync, write
from collector.storage.packing import PACKED, unique
from collector.storage.part import digest, encode
from collector.storage.store import StoreError, read_facts, read_metadata
from study_format.checksum import Mark
from study_format.columns import Row
from study_format.layout import END, FACTS, METADATA


@dataclass(frozen=True)
class Merged:
    """What became of the rows of one relation: of each study, in both and the same, and together."""

    relation: str
    first: int
    second: int
    both: int
    together: int


def merge(first: Folder, second: Folder, out: Path) -> list[Merged]:
    """Write a study with the rows of both, packed, into a new folder that appears complete, with merge.json beside them.

    Only their names (`protocol.study`) may differ; the new one has the first's. Raises StoreError, with nothing written, where the
    protocols differ, a model or dataset of both is described differently, or a run of both has two results; FolderError where it
    cannot be written.
    """
    if os.path.lexists(out):
        raise StoreError(f"{out} is already there. Name another folder with --out, or move it away.")
    metadata = [{name: _metadata(one, name) for name in METADATA} for one in (first, second)]
    _same_protocol(first, second, *(one["protocol"] for one in metadata))
    study = digest(metadata[0]["protocol"])
    report, files = [], {f"protocol{END}": encode(metadata[0]["protocol"], Mark(study, "protocol"))}
    for name in ("model", "dataset"):
        table, counts = _described(name, first, second, metadata[0][name], metadata[1][name])
        report.append(counts)
        files[f"{name}{END}"] = encode(table, Mark(study, name))
    for fact in FACTS:
        tables = [read_facts(one, fact) for one in (first, second)]
        rows = unique(fact, pa.concat_tables(tables), f"{first} together with {second}")
        report.append(Merged(fact, len(tables[0]), len(tables[1]), len(tables[0]) + len(tables[1]) - len(rows), len(rows)))
        if len(rows):
            files[f"{fact}/{PACKED}{END}"] = encode(rows, Mark(study, f"{fact}/{PACKED}"))
    words = {"first": str(first), "second": str(second), "relations": [asdict(one) for one in report]}
    files["merge.json"] = json.dumps(words, indent=1).encode()
    _write(out, files)
    return report


def _metadata(folder: Folder, name: str) -> pa.Table:
    try:
        return read_metadata(folder, name)
    except FileNotFoundError as error:
        raise StoreError(f"{folder} is no study: it has no {name}.parquet.") from error


def _same_protocol(first: Folder, second: Folder, ours: pa.Table, theirs: pa.Table) -> None:
    (one,), (other,) = ours.to_pylist(), theirs.to_pylist()
    different = _different(one | {"study": None}, other | {"study": None})
    if different:
        raise StoreError(f"{first} and {second} have different protocols, their rows cannot be compared: {'; '.join(different)}.")


def _described(name: str, first: Folder, second: Folder, ours: pa.Table, theirs: pa.Table) -> tuple[pa.Table, Merged]:
    """All models, or all datasets, of both."""
    found: dict[str, Row] = {row[name]: row for row in ours.to_pylist()}
    both = 0
    for row in theirs.to_pylist():
        before = found.setdefault(row[name], row)
        both += before is not row
        different = _different(before, row)
        if different:
            raise StoreError(f"{name} {row[name]!r} is not the same in {first} and {second}: {'; '.join(different)}.")
    schema = pa.unify_schemas([ours.schema, theirs.schema], promote_options="permissive")
    return pa.Table.from_pylist(list(found.values()), schema), Merged(name, len(ours), len(theirs), both, len(found))


def _different(one: Row, other: Row) -> list[str]:
    """In which columns, in words."""
    return [
        f"{name} is {one.get(name)!r} and {other.get(name)!r}" for name in {**one, **other} if one.get(name) != other.get(name)
    ]


def _write(out: Path, files: dict[str, bytes]) -> None:
    beside = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        beside.mkdir(parents=True)
        for name, content in files.items():
            path = beside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path, content)
        os.rename(beside, out)
        sync(out.parent)
    except OSError as error:
        raise FolderError(f"{out} cannot be written: {error.strerror}. Name another folder with --out.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # where it has not become the study
