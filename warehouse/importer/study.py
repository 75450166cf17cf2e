"""Writes a study as the Parquet of the contract: all of it, or nothing."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from study_format.layout import FACTS
from warehouse.importer.read import ImportFileError
from warehouse.importer.report import Report
from warehouse.importer.table import Row
from warehouse.relation import sections


def schema_of(fact: str) -> pa.Schema:
    """The columns of a fact as Arrow types, from the contract in schema.sql."""
    with duckdb.connect() as con:
        con.execute(sections()[1])
        return con.sql(f"from contract.{fact} limit 0").to_arrow_table().schema


def check_free(out: Path) -> None:
    """Raise ImportFileError where the folder already holds something: studies are never merged."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ImportFileError(f"{out} is already there and not empty. Name another folder with --out, or move it away.")


def write_study(out: Path, facts: dict[str, Sequence[Row]], report: Report) -> None:
    """Write model, dataset, protocol, finetune and proxy, and import.json beside them, into a new folder that appears complete."""
    check_free(out)
    temporary = out.parent / f".{out.name}.{os.getpid()}"
    try:
        temporary.mkdir(parents=True)
        for fact, rows in facts.items():
            if rows:
                path = temporary / fact / "imported.parquet" if fact in FACTS else temporary / f"{fact}.parquet"
                path.parent.mkdir(exist_ok=True)
                pq.write_table(_arrow(fact, rows), path)
        (temporary / "import.json").write_text(report.json(), encoding="utf-8")
        for path in temporary.rglob("*.*"):
            _sync(path)
        temporary.rename(out)  # also onto an empty folder
    except OSError as error:
        raise ImportFileError(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _arrow(fact: str, rows: Sequence[Row]) -> pa.Table:
    schema = schema_of(fact)
    unknown = {column for row in rows for column in row} - set(schema.names)
    if unknown:  # Arrow would leave them out without a word
        raise KeyError(f"The contract's {fact} has no column {', '.join(sorted(unknown))}.")
    return pa.Table.from_pylist(list(rows), schema)


def _sync(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())
