"""Names and encodes the parts of a study: a name gives the runs that the part holds, a mark proves that it is complete (`checksum`)."""

import hashlib
import json
from collections.abc import Sequence
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.parquet as pq

from study_format import checksum
from study_format.checksum import Mark

MAX_NAME_BYTES = 180  # of a part; file systems allow 255
Run = tuple[float | None, int]  # learning rate, repeat
GROWING = ("proxies", "head_proxies", "probes", "learned")  # columns of a protocol that may grow: lists, or null for none


def part_name(cell: Sequence[str], run: Run | None = None) -> str:
    """Return the name of the part of a cell, or of one run of it. No two keys share a name, and no name points outside its folder.

    A name too long for a file system ends in a hash; its rows then say which runs it holds.
    """
    named = "+".join(quote(part, safe=" ") for part in cell)
    if run is not None:
        named += f"+{run[0]!r}+{run[1]}"
    if len(named) <= MAX_NAME_BYTES:
        return named
    return f"{named[: MAX_NAME_BYTES - 33]}~{hashlib.sha256(named.encode()).hexdigest()[:32]}"


def named_key(fact: str, name: str) -> tuple[tuple[str, ...], Run | None] | None:
    """Parse the name of a part into its cell and run; None where it does not give them (packed, shortened, or not named by a collector)."""
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
    """Tell whether the name of a part, which a collector wrote, gives all the runs in it."""
    key = named_key(fact, name)
    return key is not None and (fact != "finetune" or key[1] is not None)


def digest(protocol: pa.Table) -> str:
    """Compute the 16 hexadecimal digits that identify a protocol in every part of a study.

    What may grow is left out, so that proxies can be added to a study. Nulls are left out, too, so that a column which a later
    version adds changes nothing while it is empty.
    """
    (row,) = protocol.to_pylist()
    values = {name: value for name, value in row.items() if value is not None and name not in GROWING}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def encode(table: pa.Table, mark: Mark, small: bool = False) -> bytes:
    """Encode a table as a Parquet file with a mark. small: for a few rows, without what only pays in large files."""
    sink = pa.BufferOutputStream()
    # A part of one row is mostly footer: statistics and Arrow's own copy of the schema double it.
    options = {"use_dictionary": False, "write_statistics": False, "store_schema": False} if small else {}
    with pq.ParquetWriter(sink, table.schema, **options) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({checksum.KEY: f"{'0' * checksum.DIGEST} {mark.study} {mark.part}"})
    content = bytearray(sink.getvalue())
    offset = checksum.digest_offset(content)
    content[offset : offset + checksum.DIGEST] = hashlib.sha256(content).hexdigest().encode()
    return bytes(content)
