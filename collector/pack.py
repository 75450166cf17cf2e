"""Packs a study's many small files into one a fact, which opens sooner and can be tracked. Nothing is lost on the way.

The parts of a fact are removed only after the packed file was read again and holds the same rows. Killed in between, a study has
rows twice, in the packed file and in a part; packing it again puts that right, and a row that is there twice with other values is
refused. A packed study resumes like any other: what is added to it later comes as parts.
"""

from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from collector.contract import FACTS, Row
from collector.store import StoreError, owned, read_rows, write

PACKED = "packed.parquet"
KEYS = {
    "finetune": ("model", "dataset", "learning_rate", "repeat"),
    "proxy": ("proxy", "model", "dataset", "learning_rate", "repeat"),
    "representation": ("model", "dataset"),
}


def pack(folder: Path) -> dict[str, int]:
    """Pack every fact of a study; the number of rows of each. Raises StoreError where rows contradict each other."""
    if not (folder / "protocol.parquet").is_file():
        raise StoreError(f"{folder} is no study: it has no protocol.parquet.")
    with owned(folder):
        return {fact: _pack(folder, fact) for fact in FACTS}


def _pack(folder: Path, fact: str) -> int:
    parts = sorted((folder / fact).rglob("*.parquet"))
    if not parts:
        return 0
    rows = _unique(folder, fact, read_rows(folder, fact))
    path = folder / fact / PACKED
    write(path, pa.Table.from_pylist(rows, FACTS[fact]))
    if pq.read_table(path, schema=FACTS[fact]).to_pylist() != rows:
        raise StoreError(f"{path} does not hold what was written into it; its parts are kept.")
    for part in parts:
        if part != path:
            part.unlink()
    return len(rows)


def _unique(folder: Path, fact: str, rows: list[Row]) -> list[Row]:
    """The rows in the order of their keys, each once."""
    found = {tuple(row.values()): row for row in rows}.values()
    counts = Counter(_key(fact, row) for row in found)
    twice = [key for key, count in counts.items() if count > 1]
    if twice:
        raise StoreError(
            f"{folder} has two different {fact} rows of {', '.join(map(str, twice[0]))}. Move one of their files away."
        )
    # A proxy without a learning rate comes before those with one.
    return sorted(found, key=lambda row: tuple((value is not None, value) for value in _key(fact, row)))


def _key(fact: str, row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in KEYS[fact])
