"""Merges two studies into a third, provided that they share a protocol and no run has two results."""

import json
import os
import secrets
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from collector.storage.folder import Folder, FolderError, sync_folder, write_file
from collector.storage.packing import PACKED, unique
from collector.storage.part import GROWING, digest, encode
from collector.storage.store import StoreError, read_facts, read_metadata
from collector.storage.tables import grown
from study_format.checksum import Mark
from study_format.columns import Row
from study_format.layout import END, FACTS, METADATA


@dataclass(frozen=True)
class Merged:
    """How many rows of one relation there are: in each study, equal in both, and together."""

    relation: str
    first: int
    second: int
    both: int
    together: int


def merge(first: Folder, second: Folder, out: Path) -> list[Merged]:
    """Write the rows of both studies, packed, into a new folder that appears complete, and the returned report into merge.json there.

    Of the protocol only the name (`study`) and the proxies may differ; the new study has the first's name, and the proxies of both.
    Raises StoreError, with nothing written, where the folder exists, the protocols differ, or a model, dataset or run is in both and
    differs; FolderError where it cannot be written.
    """
    if os.path.lexists(out):
        raise StoreError(f"{out} already exists. Name another folder with --out, or move it away.")
    metadata = [{name: _metadata(one, name) for name in METADATA} for one in (first, second)]
    _check_same_protocol(first, second, *(one["protocol"] for one in metadata))
    protocol = grown(metadata[0]["protocol"], metadata[1]["protocol"])
    study = digest(protocol)
    report, files = [], {f"protocol{END}": encode(protocol, Mark(study, "protocol"))}
    for name in ("model", "dataset"):
        table, counts = _merge_metadata(name, first, second, metadata[0][name], metadata[1][name])
        report.append(counts)
        files[f"{name}{END}"] = encode(table, Mark(study, name))
    for fact in FACTS:
        tables = [read_facts(one, fact) for one in (first, second)]
        rows = unique(fact, pa.concat_tables(tables), f"{first} together with {second}")
        report.append(Merged(fact, len(tables[0]), len(tables[1]), len(tables[0]) + len(tables[1]) - len(rows), len(rows)))
        if len(rows):
            files[f"{fact}/{PACKED}{END}"] = encode(rows, Mark(study, f"{fact}/{PACKED}"))
    written = {"first": str(first), "second": str(second), "relations": [asdict(one) for one in report]}
    files["merge.json"] = json.dumps(written, indent=1).encode()
    _write(out, files)
    return report


def _metadata(folder: Folder, name: str) -> pa.Table:
    try:
        return read_metadata(folder, name)
    except FileNotFoundError as error:
        raise StoreError(f"{folder} is not a study: it has no {name}.parquet.") from error


def _check_same_protocol(first: Folder, second: Folder, ours: pa.Table, theirs: pa.Table) -> None:
    (one,), (other,) = ours.to_pylist(), theirs.to_pylist()
    may_differ = dict.fromkeys(("study", *GROWING))
    different = _differences(one | may_differ, other | may_differ)
    if different:
        raise StoreError(
            f"{first} and {second} have different protocols, so their rows cannot be compared: {'; '.join(different)}."
        )


def _merge_metadata(name: str, first: Folder, second: Folder, ours: pa.Table, theirs: pa.Table) -> tuple[pa.Table, Merged]:
    """Merge the models, or the datasets, of both studies. Raises StoreError where one is in both and differs."""
    found: dict[str, Row] = {row[name]: row for row in ours.to_pylist()}
    both = 0
    for row in theirs.to_pylist():
        before = found.setdefault(row[name], row)
        both += before is not row
        different = _differences(before, row)
        if different:
            raise StoreError(f"{name} {row[name]!r} is not the same in {first} and {second}: {'; '.join(different)}.")
    schema = pa.unify_schemas([ours.schema, theirs.schema], promote_options="permissive")
    return pa.Table.from_pylist(list(found.values()), schema), Merged(name, len(ours), len(theirs), both, len(found))


def _differences(one: Row, other: Row) -> list[str]:
    """The columns in which two rows differ, as text."""
    return [
        f"{name} is {one.get(name)!r} and {other.get(name)!r}" for name in {**one, **other} if one.get(name) != other.get(name)
    ]


def _write(out: Path, files: dict[str, bytes]) -> None:
    temporary = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        temporary.mkdir(parents=True)
        for name, content in files.items():
            path = temporary / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_file(path, content)
        os.rename(temporary, out)
        sync_folder(out.parent)
    except OSError as error:
        raise FolderError(f"{out} cannot be written: {error.strerror}. Name another folder with --out.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)  # unless it was renamed
