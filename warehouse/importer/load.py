"""Loads result files into DuckDB: a table for each, whose columns `file` and `line` say where a row stands."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import duckdb

from warehouse.importer.errors import ImportFileError
from warehouse.importer.report import Source

DELIMITER = {".csv": ",", ".tsv": "\t"}
JSON_LINES = (".jsonl", ".ndjson")
ACCEPTED = "CSV (.csv), TSV (.tsv), JSON lines (.jsonl, .ndjson) and Parquet (.parquet)"
PLACE = ("file", "line")  # the columns that every table gets


def load_files(
    con: duckdb.DuckDBPyConnection, files: Sequence[Path], folder: Path, header: bool = True, schema: str = "main"
) -> list[Source]:
    """Make one table for each file, named after its stem; files of one stem and the same columns share a table.

    folder: an empty one, for intermediate files. header: whether the first line of CSV and TSV names the columns; otherwise they are
    column_1, column_2 ... CSV and TSV become text without the white space around it, '' where a cell is empty. `line` is the line as
    editors count (of a record's last line where a quoted field holds line breaks), and the row's number in Parquet. Raises
    ImportFileError for a file that is missing, given twice, or not what its name says.
    """
    sources = []
    names = Counter(path.name for path in files)
    digests: dict[str, Path] = {}
    stems: dict[str, Path] = {}
    for number, path in enumerate(files):
        digest = sha256(path)
        if digest in digests:
            raise ImportFileError(f"{digests[digest]} and {path} are the same file.")
        digests[digest] = path
        link = folder / f"{schema}_{number}{path.suffix.lower()}"
        link.symlink_to(path.absolute())  # its own name may hold characters that DuckDB takes for a pattern
        file = path.name if names[path.name] == 1 else str(path)
        first = stems.setdefault(path.stem.lower(), path)
        table = f"{schema}.{name(first.stem)}"
        target = table if first is path else f"{schema}.{name(path.stem + ' (another)')}"
        columns = _load(con, path, link, target, file, header)
        if con.execute(f"select 1 from {target} limit 1").fetchone() is None:
            raise ImportFileError(f"{path} has a header and no line below it." if header else f"{path} is empty.")
        if first is not path:
            _append(con, table, target, first, path)
        sources.append(Source(file, digest, tuple(f"{old}: {new}" for old, new in columns if old != new)))
    return sources


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise ImportFileError(f"There is no file {path}.") from error
    except OSError as error:
        raise ImportFileError(f"{path} cannot be read: {error.strerror}.") from error


def name(identifier: str) -> str:
    """Quote an identifier for SQL."""
    return '"' + identifier.replace('"', '""') + '"'


def text(value: object) -> str:
    """Quote a text for SQL."""
    return "'" + str(value).replace("'", "''") + "'"


def columns_of(con: duckdb.DuckDBPyConnection, query: str) -> dict[str, str]:
    """Return {column: type} of a query."""
    return {row[0]: row[1] for row in con.execute(f"describe {query}").fetchall()}


def _load(con: duckdb.DuckDBPyConnection, path: Path, link: Path, table: str, file: str, header: bool) -> list[tuple[str, str]]:
    """Make the table, and return [(what the file calls a column, its name in SQL)]."""
    if link.suffix in DELIMITER:
        return _load_csv(con, path, link, table, file, header)
    if link.suffix in JSON_LINES:
        return _load_rows(con, path, f"read_json({text(link)}, format = 'newline_delimited', sample_size = -1)", table, file)
    if link.suffix == ".parquet":
        return _load_rows(con, path, f"read_parquet({text(link)}, hive_partitioning = false)", table, file)
    raise ImportFileError(f"{path}: what kind of file is it? Accepted are {ACCEPTED}. Save a spreadsheet or a database as CSV.")


def _append(con: duckdb.DuckDBPyConnection, table: str, other: str, first: Path, second: Path) -> None:
    left, right = set(columns_of(con, table)), set(columns_of(con, other))
    if left != right:
        raise ImportFileError(
            f"{first} and {second} are both the table {first.stem}, but only one of them has the columns "
            f"{', '.join(sorted(left ^ right))}. Rename one of the files."
        )
    con.execute(f"insert into {table} by name from {other}")
    con.execute(f"drop table {other}")


# CSV and TSV --------------------------------------------------------------------------------------------------------------


def _load_csv(
    con: duckdb.DuckDBPyConnection, path: Path, link: Path, table: str, file: str, header: bool
) -> list[tuple[str, str]]:
    delimiter = DELIMITER[link.suffix]
    columns = _header(path, delimiter, header)
    names = [new for _, new in columns]
    rows = f"(select *, row_number() over () as line from {_read_csv(link, dict.fromkeys(names, 'VARCHAR'), delimiter)})"
    try:
        _create(con, table, file, names, f"{rows} where line > {int(header)}")
        (last,) = con.execute(f"select max(line) from {table}").fetchone() or (None,)
        plain = last == _count_lines(path)
    except duckdb.Error:
        plain = False
    if not plain:  # records that are not one line each, or something that is no CSV: Python's reader knows every line
        con.execute(f"drop table if exists {table}")
        rewritten = link.with_suffix(".rewritten")
        with rewritten.open("w", newline="", encoding="utf-8") as out:
            records = islice(_records(path, delimiter, len(columns)), int(header), None)
            csv.writer(out, lineterminator="\n").writerows([*fields, number] for number, fields in records)
        types = {**dict.fromkeys(names, "VARCHAR"), "line": "BIGINT"}
        try:
            _create(con, table, file, names, f"{_read_csv(rewritten, types, ',')} where true")
        except duckdb.Error as error:
            raise ImportFileError(f"{path} cannot be read as CSV ({str(error).splitlines()[0]}).") from error
        rewritten.unlink()
    return columns


def _read_csv(path: Path, types: dict[str, str], delimiter: str) -> str:
    columns = ", ".join(f"{text(one)}: '{kind}'" for one, kind in types.items())
    return f"""read_csv({text(path)}, header = false, auto_detect = false, columns = {{{columns}}}, delim = {text(delimiter)},
                        quote = '"', escape = '"', nullstr = chr(1))"""


def _create(con: duckdb.DuckDBPyConnection, table: str, file: str, names: Sequence[str], rows: str) -> None:
    """Make the table of all rows that are not empty."""
    trimmed = ", ".join(f"trim({name(one)}) as {name(one)}" for one in names)
    filled = " or ".join(f"{name(one)} <> ''" for one in names)
    con.execute(f"create table {table} as select {trimmed}, {text(file)} as file, line from {rows} and ({filled})")


def _header(path: Path, delimiter: str, header: bool) -> list[tuple[str, str]]:
    """Return [(the name in the file, the name in SQL)] of each column."""
    first = next((fields for _, fields in _records(path, delimiter)), None)
    if first is None:
        raise ImportFileError(f"{path} is empty.")
    if len(first) < 2:
        mark = "comma" if delimiter == "," else "tab"
        raise ImportFileError(f"{path} is not a CSV file: its first line has no {mark}.")
    if not header:
        names = [f"column_{number}" for number in range(1, len(first) + 1)]
        return list(zip(names, names, strict=True))
    return _named(path, first)


def _named(path: Path, names: Sequence[str]) -> list[tuple[str, str]]:
    """Name the columns that have no name, one that a table needs itself, or one that SQL, which ignores case, takes for another's."""
    for one, count in Counter(filter(None, names)).items():
        if count > 1:
            raise ImportFileError(f"{path}: the column {one!r} stands there twice. Rename one, or leave it out.")
    taken = set(PLACE)
    found = []
    for number, one in enumerate(names, 1):
        new = one or f"column_{number}"
        while new.lower() in taken or (new != one and new in names):
            new += "_"
        taken.add(new.lower())
        found.append((one or f"column {number}", new))
    return found


def _records(path: Path, delimiter: str, width: int | None = None) -> Iterator[tuple[int, list[str]]]:
    """Yield the records that are not empty with their line numbers, every field without white space around it.

    width: how many fields each must have. Raises ImportFileError for one of another width, and for a file that is no CSV in UTF-8.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:  # a spreadsheet's CSV starts with a byte-order mark
            reader = csv.reader(file, strict=True, delimiter=delimiter)
            for record in reader:
                fields = [field.strip().replace("\r\n", "\n").replace("\r", "\n") for field in record]
                if not any(fields):
                    continue
                if width is not None and len(fields) != width:
                    raise ImportFileError(f"{path}, line {reader.line_num}: {len(fields)} fields under a header of {width}.")
                yield reader.line_num, fields
    except (UnicodeDecodeError, csv.Error) as error:
        raise ImportFileError(f"{path} is not a CSV file in UTF-8 ({error}).") from error


def _count_lines(path: Path) -> int:
    count, end = 0, b"\n"
    with path.open("rb") as file:
        while chunk := file.read(2**20):
            count += chunk.count(b"\n")
            end = chunk[-1:]
    return count + (end != b"\n")


# JSON lines and Parquet ---------------------------------------------------------------------------------------------------


def _load_rows(con: duckdb.DuckDBPyConnection, path: Path, reader: str, table: str, file: str) -> list[tuple[str, str]]:
    """Make the table of a file whose columns have types."""
    kind = "Parquet" if path.suffix.lower() == ".parquet" else "JSON lines"
    try:
        types = columns_of(con, f"select * from {reader}")
        if kind == "JSON lines" and list(types) == ["json"]:
            raise ImportFileError(f'{path} is not a file of JSON lines: each line is one object, such as {{"model": "a"}}.')
        columns = _named(path, list(types))
        selected = [f"trim({name(old)})" if types[old] == "VARCHAR" else name(old) for old in types]
        selected = [f"{one} as {name(new)}" for one, (_, new) in zip(selected, columns, strict=True)]
        numbers = _uneven(path) if kind == "JSON lines" else []
        line, numbered = (
            ("line", "positional join (select unnest($1::bigint[]) as line)") if numbers else ("row_number() over ()", "")
        )
        query = f"select {', '.join(selected)}, {text(file)} as file, {line} as line from {reader} {numbered}"
        con.execute(f"create table {table} as {query}", [numbers] if numbers else [])
    except duckdb.Error as error:
        raise ImportFileError(f"{path} is not a {kind} file ({str(error).splitlines()[0]}).") from error
    return columns


def _uneven(path: Path) -> list[int]:
    """Return the numbers of the lines that are not empty, if there are empty ones between them."""
    with path.open("rb") as file:
        numbers = [number for number, line in enumerate(file, 1) if line.strip()]
    return numbers if numbers and numbers[-1] != len(numbers) else []
