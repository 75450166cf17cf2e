"""Finds the orders of a typed strategy in every resample of the bootstrap, by running its SQL in the sandbox on the candidates there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dashboard.simulation.order import Cell, in_order
from warehouse import StrategyError, strategy
from warehouse.bootstrap import FIXED, INPUTS
from warehouse.sandbox.client import QueryRefused, QueryStopped, run_query

SECONDS, MEMORY, ROWS = 60.0, 2_000_000_000, 10_000_000


@dataclass(frozen=True)
class Tried:
    """A typed strategy: its name and SQL, the relations that it reads, whether it uses names of datasets, and its orders on
    the study itself."""

    name: str
    sql: str
    reads: Sequence[str]
    tells: bool
    ordered: Mapping[Cell, Sequence[str]]


def question(tried: Sequence[Tried]) -> str:
    """Return what a study must be opened with for `resampled`."""
    read = {one.removeprefix("strategy.") for each in tried for one in each.reads if one.startswith("strategy.")}
    return " ".join([*FIXED, *(f"resample.{name}" for name in INPUTS), *(f"resample_strategy.{name}" for name in sorted(read))])


def exported(con: duckdb.DuckDBPyConnection, tried: Sequence[Tried], file: Path) -> None:
    """Write the resamples as a DuckDB file under the names that a strategy reads; dataset is a resample's number."""
    con.execute(f"attach '{str(file).replace(chr(39), chr(39) * 2)}' as resampled")
    con.execute("create schema resampled.strategy")
    for name in (*FIXED, *(word for word in question(tried).split() if "." in word)):
        target = name.replace("resample_strategy.", "strategy.").replace("resample.", "main.")
        con.execute(f"create table resampled.{target if '.' in target else f'main.{target}'} as from {name}")
    con.execute("detach resampled")


def resampled(one: Tried, file: Path) -> Mapping[tuple[str, Any], Sequence[str]]:
    """Return its orders by pool and dataset: on the study, and in each resample of each dataset.

    Raises StrategyError for SQL that the sandbox refuses or stops: resamples have numbers in place of names
    of datasets, and there are 200 of them.
    """
    try:
        answer = run_query(file, one.sql, seconds=SECONDS, memory=MEMORY, rows=ROWS)
    except (QueryRefused, QueryStopped) as error:
        raise StrategyError(str(error)) from error
    if answer.truncated or answer.columns != strategy.COLUMNS:
        raise StrategyError(f"it ranks more than {ROWS:,} rows, or has other columns than on the study")
    return {**one.ordered, **in_order(answer.rows)}
