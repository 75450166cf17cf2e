"""Writes a study as the Parquet of the contract: all of it, or nothing."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from study_format.layout import FACTS
from warehouse.importer.errors import ImportFileError
from warehouse.importer.load import columns_of, name, text
from warehouse.importer.repeats import Rates
from warehouse.importer.report import Report

# VTAB's 19 tasks by the paper's spelling, and their groups.
VTAB_GROUP = {
    **dict.fromkeys(("Caltech101", "CIFAR-100", "DTD", "Flowers102", "Pets", "Sun397", "SVHN"), "natural"),
    **dict.fromkeys(("Camelyon", "EuroSAT", "Resisc45", "Retinopathy"), "specialized"),
    **dict.fromkeys(
        ("Clevr-Count", "Clevr-Dist", "DMLab", "KITTI-Dist", "dSpr-Loc", "dSpr-Orient", "sNORB-Azim", "sNORB-Elev"), "structured"
    ),
}
# Those of them that are made of the same pictures as another.
VTAB_SOURCE = {
    **dict.fromkeys(("Clevr-Count", "Clevr-Dist"), "CLEVR"),
    **dict.fromkeys(("dSpr-Loc", "dSpr-Orient"), "dSprites"),
    **dict.fromkeys(("sNORB-Azim", "sNORB-Elev"), "smallNORB"),
}
OWN = ("study", "learning_rates", "linear_learning_rates", "proxies", "lower_is_better")  # of the protocol: only rows tell them
QUERIES = {
    "finetune": """select model, dataset, learning_rate, coalesce(repeat, 0) as repeat, validation as validation_accuracy,
                          number as test_accuracy, seconds
                   from work.cell where left_out is null and measure = 'finetune' order by n""",
    "proxy": """select measure as proxy, model, dataset, learning_rate, coalesce(repeat, 0) as repeat, number as score, seconds
                from work.cell where left_out is null and measure <> 'finetune' order by n""",
}


def check_free(out: Path) -> None:
    """Raise ImportFileError where the folder already holds something: studies are never merged."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ImportFileError(f"{out} is already there and not empty. Name another folder with --out, or move it away.")


def protocol_of(con: duckdb.DuckDBPyConnection, study: str, given: Mapping[str, Any], rates: Rates) -> dict[str, Any]:
    """Return the protocol that the rows of work.cell tell, with what the recipe gives on top.

    Raises ImportFileError for a column that only rows can tell, and for one that no protocol has.
    """
    for column in given:
        if column in OWN:
            raise ImportFileError(f"The SELECT of the protocol yields {column}, which the rows tell. Leave it out.")
    measures = con.execute(
        "select measure, 1 + coalesce(max(repeat), 0), bool_or(lower_is_better) from work.cell"
        " where not by_recipe and coalesce(dataset not in (from work.without_accuracy), true) group by measure order by measure"
    ).fetchall()
    repeats = {measure: most for measure, most, _ in measures}
    return {
        "study": study,
        "learning_rates": rates.finetune,
        "repeats": repeats.get("finetune", 1),
        "linear_learning_rates": rates.linear,
        "linear_repeats": repeats.get("linear"),
        "proxies": [measure for measure, *_ in measures if measure != "finetune"],
        "lower_is_better": [measure for measure, _, lower in measures if lower] or None,
        "as_published": rates.as_published or None,
        **given,
    }


def write_facts(
    con: duckdb.DuckDBPyConnection, folder: Path, protocol: Mapping[str, Any], source: str, known: Mapping[str, Sequence[str]]
) -> int:
    """Write the study's Parquet files to a folder, and return how many rows of fine-tunes and proxies they have.

    source: the names of the files, which is that of the models. known: the tables of metadata of `model` and of `dataset`, the one that
    counts first.
    """
    con.execute(
        "create table work.vtab as select unnest($1) as dataset, unnest($2) as vtab_group, unnest($3::varchar[]) as source",
        [list(VTAB_GROUP), [*VTAB_GROUP.values()], [VTAB_SOURCE.get(dataset) for dataset in VTAB_GROUP]],
    )
    known_columns = {column: value for column, value in protocol.items() if value is not None}
    holders = ", ".join(f"${number}" for number, _ in enumerate(known_columns, 1))
    try:
        con.execute(
            f"insert into contract.protocol ({', '.join(map(name, known_columns))}) values ({holders})", [*known_columns.values()]
        )
    except duckdb.Error as error:
        raise ImportFileError(f"The SELECT of the protocol: {error}") from error
    queries = {
        "model": _with_metadata(con, "model", f"select n, model, {text(source)} as source from work.model", known["model"]),
        "dataset": _with_metadata(
            con,
            "dataset",
            "select n, dataset, vtab_group, source from work.dataset left join work.vtab using (dataset)",
            known["dataset"],
        ),
        "protocol": "from contract.protocol",
        **QUERIES,
    }
    rows = {fact: _write(con, folder, fact, query) for fact, query in queries.items()}
    return rows["finetune"] + rows["proxy"]


def publish(folder: Path, out: Path, report: Report) -> None:
    """Move a written study to its place, with import.json beside the facts: it appears complete or not at all."""
    check_free(out)
    temporary = out.parent / f".{out.name}.{os.getpid()}"
    try:
        (folder / "import.json").write_text(report.json(), encoding="utf-8")
        shutil.copytree(folder, temporary)
        for path in temporary.rglob("*.*"):
            with path.open("rb") as file:
                os.fsync(file.fileno())
        temporary.rename(out)  # also onto an empty folder
    except OSError as error:
        raise ImportFileError(f"{out} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _with_metadata(con: duckdb.DuckDBPyConnection, fact: str, base: str, tables: Sequence[str]) -> str:
    """Return the query of a fact's rows with the columns of metadata, each of the first table that knows it, else of the base."""
    found = {table: columns_of(con, table) for table in tables}
    of_base = columns_of(con, base)
    columns = [column for column in columns_of(con, f"contract.{fact}") if column != fact]
    sources = {column: [f"{name(table)}.{name(column)}" for table in tables if column in found[table]] for column in columns}
    sources = {column: [*places, *([f"base.{name(column)}"] if column in of_base else [])] for column, places in sources.items()}
    selected = ", ".join(f"coalesce({', '.join(places)}) as {name(column)}" for column, places in sources.items() if places)
    joins = " ".join(f"left join {table} as {name(table)} on {name(table)}.{fact} = base.{fact}" for table in tables)
    return f"select base.{fact}, {selected} from ({base}) as base {joins} order by base.n"


def _write(con: duckdb.DuckDBPyConnection, folder: Path, fact: str, query: str) -> int:
    """Write one file with the columns and types of the contract, unless it has no row; return the number of its rows."""
    have = columns_of(con, query)
    selected = ", ".join(
        f"{name(column) if column in have else 'null'}::{kind} as {name(column)}"
        for column, kind in columns_of(con, f"contract.{fact}").items()
    )
    if con.execute(f"select 1 from ({query}) limit 1").fetchone() is None:
        return 0
    path = folder / fact / "imported.parquet" if fact in FACTS else folder / f"{fact}.parquet"
    path.parent.mkdir(exist_ok=True)
    (rows,) = con.execute(f"copy (select {selected} from ({query})) to {text(path)} (format parquet)").fetchone() or (0,)
    return int(rows)
