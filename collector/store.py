"""Keeps a study in Parquet: one file a cell, replaced whole, so that whoever reads sees a cell's rows all or not at all.

A cell is (procedure, model, dataset). Its file is written under another name in the same folder, flushed to the disk and renamed:
killed at any moment, at most the rows in flight are lost. One collector works on a study at a time.
"""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.parquet as pq

from collector.contract import FACTS, Row

TEMPORARY = ".writing"


class StoreError(Exception):
    """A study folder that cannot be added to: which file, and what to do."""


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Hold the study for one collector; what it or a killed one left half written is removed. Raises StoreError where it is held."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(f"Another needle collect is at work on {folder}. Wait for it, or stop it with Ctrl-C.") from error
        try:
            _clean(folder)
            yield
        finally:
            _clean(folder)


def _clean(folder: Path) -> None:
    for left in folder.rglob(f"*{TEMPORARY}"):
        left.unlink()


def write_metadata(folder: Path, models: pa.Table, datasets: pa.Table, protocol: pa.Table) -> None:
    """Write model, dataset and protocol.parquet."""
    for name, table in (("model", models), ("dataset", datasets), ("protocol", protocol)):
        write(folder / f"{name}.parquet", table)


def check_protocol(folder: Path, protocol: pa.Table) -> None:
    """Raise StoreError where the folder holds results of another protocol: its rows could not be compared with ours."""
    path = folder / "protocol.parquet"
    if not path.exists():
        return
    (stored,), (ours,) = _read(path).to_pylist(), protocol.to_pylist()
    different = [
        f"{name} is {stored.get(name)!r} there and {value!r} here" for name, value in ours.items() if stored.get(name) != value
    ]
    if different:
        raise StoreError(
            f"{folder} was collected under another protocol: {'; '.join(different)}. Collect into another folder with --out, "
            f"or move {folder} away."
        )


def read_rows(folder: Path, fact: str) -> list[Row]:
    """All rows of a fact, from every part. Raises StoreError that names a part which is no Parquet file of that fact."""
    return [row for path in sorted((folder / fact).rglob("*.parquet")) for row in _read(path, FACTS[fact]).to_pylist()]


def add_rows(folder: Path, fact: str, cell: Sequence[str], rows: Sequence[Row]) -> None:
    """Add rows to the file of a cell (the parts of its name), keeping those it has."""
    path = folder / fact / ("+".join(quote(part, safe=" ") for part in cell) + ".parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = _read(path, FACTS[fact]).to_pylist() if path.exists() else []
    write(path, pa.Table.from_pylist([*kept, *rows], FACTS[fact]))


def _read(path: Path, schema: pa.Schema | None = None) -> pa.Table:
    try:
        table = pq.ParquetFile(path).read()
        return table.select(schema.names).cast(schema) if schema else table
    except (pa.ArrowException, OSError, KeyError) as error:
        raise StoreError(
            f"{path} is not a Parquet file of this study ({error}). Move it away; its cell is then made anew."
        ) from error


def write(path: Path, table: pa.Table) -> None:
    """Write a Parquet file that is there whole or not at all, and stays after a power cut."""
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        with open(temporary, "wb") as file:
            pq.write_table(table, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)  # the rename itself must reach the disk
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
