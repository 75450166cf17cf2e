"""What a part of a study is called, and how it is written: its name says its runs, its mark that it is whole (`checksum`)."""

import hashlib
import json
from collections.abc import Sequence
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.parquet as pq

from study_format import checksum
from study_format.checksum import Mark

LONGEST = 180  # bytes of a part's name; file systems take 255
Run = tuple[float | None, int]  # learning rate, repeat


def part_name(cell: Sequence[str], run: Run | None = None) -> str:
    """The name of a part: of a cell, or of one run of it. Two keys never share one, and none leaves its folder.

    One too long for a file system ends in a hash; what it holds, its rows say.
    """
    named = "+".join(quote(part, safe=" ") for part in cell)
    if run is not None:
        named += f"+{run[0]!r}+{run[1]}"
    if len(named) <= LONGEST:
        return named
    return f"{named[: LONGEST - 33]}~{hashlib.sha256(named.encode()).hexdigest()[:32]}"


def named_key(fact: str, name: str) -> tuple[tuple[str, ...], Run | None] | None:
    """The cell and run that a part's name says; None where it does not say them (packed, shortened, or not our naming)."""
    parts = name.split("+")
    size = 3 if fact == "proxy" else 2
    if "~" in name or len(parts) not in (size, size + 2):
        return None
    cell = tuple(map(unquote, parts[:size])) if "%" in name else tuple(parts[:size])
    if len(parts) == size:
        return cell, None
    try:
        return cell, (None if parts[-2] == "None" else float(parts[-2]), int(parts[-1]))
    except ValueError:
        return None


def says_its_runs(fact: str, name: str) -> bool:
    """Whether the name of a part of our own says all runs in it."""
    key = named_key(fact, name)
    return key is not None and (fact != "finetune" or key[1] is not None)


def digest(protocol: pa.Table) -> str:
    """What tells parts of one protocol from those of others: 16 hexadecimal digits.

    The list of proxies is left out, so that a study can get more of them; and what is null, so that a column which a later version
    adds changes nothing where it says nothing.
    """
    (row,) = protocol.to_pylist()
    told = {name: value for name, value in row.items() if value is not None and name != "proxies"}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def encode(table: pa.Table, mark: Mark, small: bool = False) -> bytes:
    """A Parquet file with its mark. small: for a few rows, without what only pays in large files."""
    sink = pa.BufferOutputStream()
    # A part of one row is mostly footer: statistics and Arrow's own copy of the schema double it.
    options = {"use_dictionary": False, "write_statistics": False, "store_schema": False} if small else {}
    with pq.ParquetWriter(sink, table.schema, **options) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({checksum.KEY: f"{'0' * checksum.DIGEST} {mark.study} {mark.part}"})
    content = bytearray(sink.getvalue())
    place = checksum.place_of_digest(content)
    content[place : place + checksum.DIGEST] = hashlib.sha256(content).hexdigest().encode()
    return bytes(content)
