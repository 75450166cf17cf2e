"""Ranks the models of every bootstrap resample by a typed strategy: runs its SQL in the sandbox on the resampled data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from dashboard.simulation.typed_strategy import Cell, rankings_of
from warehouse import StrategyError, strategy
from warehouse.bootstrap import FIXED, INPUTS
from warehouse.sandbox.client import QueryRefused, QueryStopped, run_query

SECONDS, MEMORY, ROWS = 60.0, 2_000_000_000, 10_000_000


@dataclass(frozen=True)
class ResamplingInput:
    """A typed strategy with what resampling needs: the relations that it reads, whether it uses dataset names, and its rankings."""

    name: str
    sql: str
    reads: Sequence[str]
    uses_dataset_names: bool
    rankings: Mapping[Cell, Sequence[str]]


def required_relations(typed: Sequence[ResamplingInput]) -> str:
    """Return the names of the relations that `export_resamples` exports, to open the study with."""
    read = {one.removeprefix("strategy.") for strategy_ in typed for one in strategy_.reads if one.startswith("strategy.")}
    return " ".join([*FIXED, *(f"resample.{name}" for name in INPUTS), *(f"resample_strategy.{name}" for name in sorted(read))])


def export_resamples(con: duckdb.DuckDBPyConnection, typed: Sequence[ResamplingInput], file: Path) -> None:
    """Write the resamples to a DuckDB file, under the names that a strategy reads; `dataset` is the number of a resample."""
    con.execute(f"attach '{str(file).replace(chr(39), chr(39) * 2)}' as resampled")
    con.execute("create schema resampled.strategy")
    for name in (*FIXED, *(word for word in required_relations(typed).split() if "." in word)):
        target = name.replace("resample_strategy.", "strategy.").replace("resample.", "main.")
        con.execute(f"create table resampled.{target if '.' in target else f'main.{target}'} as from {name}")
    con.execute("detach resampled")


def resampled_rankings(typed: ResamplingInput, file: Path) -> Mapping[tuple[str, Any], Sequence[str]]:
    """Return the strategy's rankings by pool and dataset: on the study, and in each resample of each dataset.

    Raises StrategyError for SQL that the sandbox refuses or stops: it may work on the study and fail here, because resamples have
    numbers instead of dataset names, and there are 200 of them.
    """
    try:
        answer = run_query(file, typed.sql, seconds=SECONDS, memory=MEMORY, rows=ROWS)
    except (QueryRefused, QueryStopped) as error:
        raise StrategyError(str(error)) from error
    if answer.truncated or answer.columns != strategy.COLUMNS:
        raise StrategyError(f"it returns more than {ROWS:,} rows, or other columns than on the study")
    return {**typed.rankings, **rankings_of(answer.rows)}
