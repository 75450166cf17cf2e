"""Computes intervals in a process of its own: a line of JSON on stdin holds the queries, and each answer is a Parquet file in FOLDER.

page/interval.py starts it. It exits when stdin closes, hence with the server that started it.
"""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow.parquet as pq

from dashboard.simulation.bootstrap import ResamplingInput, export_resamples, required_relations, resampled_rankings
from warehouse import StrategyError, connect
from warehouse.bootstrap import why_not_resampled
from warehouse.strategy import Order

Rankings = Mapping[tuple[str, Any], Sequence[str]]


def main(out: Path) -> None:
    """Open the study with the requested pools and strategies, and write the rows of each query under its name."""
    folder, _fingerprint, repeats, whole_datasets, pools, only, queries, values, typed = json.loads(sys.stdin.readline())
    Thread(target=_exit_with_stdin, daemon=True).start()
    inputs = [
        ResamplingInput(name, sql, reads, uses_dataset_names, {(pool, dataset): models for pool, dataset, models in rankings})
        for name, sql, reads, uses_dataset_names, rankings in typed
    ]
    orders = {one.name: _order(one.name, rankings) for one, rankings in _resampled(out, folder, repeats, pools, inputs)}
    log_progress(out, "opening the study")
    question = " ".join(queries.values())
    skipped = {one.name for one in inputs} - orders.keys()
    opened = connect(
        folder,
        repeats=repeats,
        whole_datasets=whole_datasets,
        pools=pools,
        added=orders,
        only=[name for name in only if name not in skipped],
        question=question,
    )
    with opened as con:
        for name, sql in queries.items():
            log_progress(out, name.replace("_", " "))
            used = {name: values[name] for name in con.extract_statements(sql)[0].named_parameters}
            pq.write_table(con.sql(sql, params=used or None).to_arrow_table(), out / f"{name}.parquet")


def _resampled(
    out: Path, folder: str, repeats: int | None, pools: Sequence[str], typed: Sequence[ResamplingInput]
) -> Iterator[tuple[ResamplingInput, Rankings]]:
    """Yield each strategy that can run on resamples with its rankings there; the file `skipped` says why others cannot."""
    skipped = {one.name: why for one in typed if (why := why_not_resampled(one.reads, one.uses_dataset_names))}
    found = [one for one in typed if one.name not in skipped]
    if found:
        log_progress(out, "resampling for the typed strategies")
        with connect(folder, repeats=repeats, pools=pools, question=required_relations(found)) as con:
            export_resamples(con, found, out / "resampled.duckdb")
    for one in found:
        log_progress(out, one.name)
        try:
            yield one, resampled_rankings(one, out / "resampled.duckdb")
        except StrategyError as error:
            skipped[one.name] = str(error)
    (out / "skipped").write_text(json.dumps(skipped))


def _order(name: str, rankings: Rankings) -> Order:
    def order(candidates: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        return rankings.get((candidates[0]["pool"], candidates[0]["dataset"]), ())

    order.__name__ = name
    return order


def log_progress(out: Path, step: str) -> None:
    """Append a step to the progress file."""
    with (out / "progress").open("a") as file:
        print(step, file=file)


def _exit_with_stdin() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
