"""Computes intervals: FOLDER; a line of JSON on stdin says which (see page/interval.py). Writes one Parquet file a query.

It ends when stdin does: with the server that started it.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import pyarrow.parquet as pq

from dashboard.simulation.resample import Tried, exported, question, resampled
from warehouse import StrategyError, connect
from warehouse.bootstrap import unfollowed
from warehouse.strategy import Order

Orders = Mapping[tuple[str, Any], Sequence[str]]


def main(out: Path) -> None:
    """Open the study with the requested pools and tried strategies, and write each answer under the name of its query."""
    folder, _state, repeats, pools, questions, values, tried = json.loads(sys.stdin.readline())
    Thread(target=_end_with_stdin, daemon=True).start()
    known = [
        Tried(name, sql, reads, tells, {(p, d): models for p, d, models in orders}) for name, sql, reads, tells, orders in tried
    ]
    orders = {one.name: _order(one.name, ranked) for one, ranked in _followed(out, folder, repeats, pools, known)}
    reached(out, "opening the study")
    with connect(folder, repeats=repeats, pools=pools, added=orders, question=" ".join(questions.values())) as con:
        for name, sql in questions.items():
            reached(out, name.replace("_", " "))
            used = {word: values[word] for word in set(re.findall(r"\$(\w+)", sql))}
            pq.write_table(con.sql(sql, params=used or None).to_arrow_table(), out / f"{name}.parquet")


def _followed(
    out: Path, folder: str, repeats: int | None, pools: Sequence[str], tried: Sequence[Tried]
) -> Iterator[tuple[Tried, Orders]]:
    """Return each typed strategy that resamples can follow, with its orders there; write why others cannot into the file `without`."""
    without = {one.name: why for one in tried if (why := unfollowed(one.reads, one.tells))}
    found = [one for one in tried if one.name not in without]
    if found:
        reached(out, "resampling for the strategies tried")
        with connect(folder, repeats=repeats, pools=pools, question=question(found)) as con:
            exported(con, found, out / "resampled.duckdb")
    for one in found:
        reached(out, one.name)
        try:
            yield one, resampled(one, out / "resampled.duckdb")
        except StrategyError as error:
            without[one.name] = str(error)
    (out / "without").write_text(json.dumps(without))


def _order(name: str, ranked: Orders) -> Order:
    def order(candidates: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        return ranked.get((candidates[0]["pool"], candidates[0]["dataset"]), ())

    order.__name__ = name
    return order


def reached(out: Path, step: str) -> None:
    """Add a line of progress."""
    with (out / "progress").open("a") as file:
        print(step, file=file)


def _end_with_stdin() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
