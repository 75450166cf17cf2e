"""Lists a CSV or Parquet file with a row for each image: its path, its label, and optionally its split."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from collector.datasets.own.listing import SPLITS, Entry, Listing, OwnImagesError, Skipped, shown
from study_format.suggestions import nearest

PATH = ("path", "file", "image", "filename")
LABEL = ("label", "class")
SPLIT = ("split",)

Row = Sequence[str | None]


def list_table(where: Path) -> Listing:
    """List the rows. Relative paths are relative to the file's folder. Raises OwnImagesError."""
    readers = {".csv": _csv_rows, ".parquet": _parquet_rows}
    reader = readers.get(where.suffix.lower())
    if reader is None:
        raise OwnImagesError(f"{shown(where)} is neither a folder nor a file whose name ends in {' or '.join(readers)}.")
    try:
        listing = _list(where, reader(where))
    except (csv.Error, pa.ArrowException) as error:
        raise OwnImagesError(f"{shown(where)} cannot be read: {str(error).splitlines()[0]}") from error
    except OSError as error:
        raise OwnImagesError(f"{shown(where)} cannot be read: {error.strerror or error}.") from error
    if not listing.entries:
        raise OwnImagesError(f"{shown(where)} has no row with a path and a label.")
    return listing


def _list(where: Path, rows: Iterator[tuple[str, Row]]) -> Listing:
    """rows: where each is, in words, and its path, label and split; without a split where there is no such column."""
    folder = where.resolve().parent
    entries, skipped = [], []
    for place, (path, label, *split) in rows:
        if not path or not label:
            skipped.append(Skipped(place, "rows without a path or a label"))
        else:
            entries.append(Entry(folder / path, label, _split(where, place, split[0] or "") if split else None))
    labels = sorted({entry.label for entry in entries})
    return Listing(folder, tuple(labels), tuple(entries), tuple(skipped))


def _split(where: Path, place: str, given: str) -> str:
    split = SPLITS.get(given.strip().lower())
    if split is None:
        hint = nearest(given, SPLITS)
        raise OwnImagesError(f"{shown(where)}, {place}: split {shown(given)!r} is not train, validation or test.{hint}")
    return split


def _csv_rows(where: Path) -> Iterator[tuple[str, Row]]:
    # Paths may have bytes that are not UTF-8. A spreadsheet may begin its file with a byte order mark.
    with open(where, newline="", encoding="utf-8-sig", errors="surrogateescape") as file:
        reader = csv.reader(file, strict=True)
        header = next(reader, [])
        columns = [header.index(column) for column in _columns(where, header)]
        for row in reader:
            place = f"line {reader.line_num}"
            if row and len(row) != len(header):
                raise OwnImagesError(
                    f"{shown(where)}, {place}: {len(row)} values, and {len(header)} columns. Put quotes around commas."
                )
            if row:
                yield place, [row[index].strip() for index in columns]


def _parquet_rows(where: Path) -> Iterator[tuple[str, Row]]:
    with pq.ParquetFile(where) as file:
        columns = _columns(where, file.schema_arrow.names)
        done = 0
        for batch in file.iter_batches(columns=columns):
            texts = [batch.column(column).cast(pa.string()).to_pylist() for column in columns]
            for number, row in enumerate(zip(*texts, strict=True), done + 1):
                yield f"row {number}", row
            done += batch.num_rows


def _columns(where: Path, header: Sequence[str]) -> list[str]:
    """The header's names of the columns path, label and, where there is one, split."""
    found = {column.strip().lower(): column for column in reversed(header)}
    chosen = []
    for accepted in (PATH, LABEL, SPLIT):
        column = next((found[name] for name in accepted if name in found), None)
        if column is not None:
            chosen.append(column)
        elif accepted != SPLIT:
            hints = [f" It has {shown(column)!r}.{nearest(column, accepted, 0.7)}" for column in header]
            hint = next((hint for hint in hints if "mean" in hint), f" It has {', '.join(map(shown, header)) or 'nothing'}.")
            raise OwnImagesError(f"{shown(where)} needs a column {' or '.join(accepted)}.{hint}")
    return chosen
