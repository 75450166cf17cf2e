"""Intervals of typed strategies are those of a file that `needle simulate` is given, although their SQL runs in the sandbox only."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
import world
from session import opened, sound
from views import rows

from dashboard.page.interval import PROCESS
from warehouse import connect
from warehouse.strategy import Text, parsed

SMALLEST = "select pool, dataset, model, row_number() over (partition by pool, dataset order by num_params, model) as rank from candidate"
MIXED = """
select pool, dataset, model, row_number() over (partition by pool, dataset order by score + linear.rank, model) as rank
from candidate_score join strategy.linear as linear using (pool, dataset, model) where proxy = 'knn'
"""
BY_NAME = SMALLEST.replace("order by", "order by if(dataset::varchar like 'p%', 0, -1) *")
QUERY = "select strategy, pool, budget, low, high from mean_regret_interval order by all"


def made(study: Path, out: Path, tried: list[list[object]], only: Sequence[str] = ()) -> list[tuple[object, ...]]:
    """What the process writes."""
    line = json.dumps([str(study), "", None, False, [], only, {"mean_regret_interval": QUERY}, {}, tried])
    process = subprocess.Popen([sys.executable, str(PROCESS), str(out)], stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(line.encode() + b"\n")
    process.stdin.flush()
    assert process.wait(120) == 0
    process.stdin.close()
    return [tuple(row.values()) for row in pq.read_table(out / "mean_regret_interval.parquet").to_pylist()]


@pytest.mark.slow
def test_they_are_those_of_the_command(tmp_path: Path) -> None:
    study, typed = world.write_study(tmp_path / "study"), {"smallest": SMALLEST, "mixed": MIXED}
    for name, sql in typed.items():
        (tmp_path / f"{name}.sql").write_text(sql)
    with connect(study, added={name: tmp_path / f"{name}.sql" for name in typed}, question=f"{QUERY} ranking") as con:
        expected = rows(con, QUERY)
        query = "select pool, dataset, list(model order by rank) from ranking where strategy = '{}' group by all"
        reads = {"smallest": ["candidate"], "mixed": ["candidate_score", "strategy.linear"]}
        tried = [[name, sql, reads[name], False, rows(con, query.format(name))] for name, sql in typed.items()]
    refused = [
        ["my_oracle", SMALLEST, ["accuracy"], False, []],
        ["by_name", BY_NAME, ["candidate"], parsed(duckdb.connect(), "by_name", Text("", BY_NAME)).uses_dataset_names, []],
        ["wrong", "copy model to '/tmp/x'", ["candidate"], False, []],
    ]
    assert {row[0] for row in expected} >= {"smallest", "mixed", "linear", "random"}
    assert made(study, tmp_path, [*tried, *refused]) == expected
    skipped = json.loads((tmp_path / "skipped").read_text())
    assert skipped["my_oracle"] == "it reads relations that resamples do not have"
    assert skipped["by_name"] == "it compares datasets with their names, and resamples have none"
    assert "nothing else is run" in skipped["wrong"]


def test_those_of_some_strategies_are_the_same(tmp_path: Path) -> None:
    study = world.write_study(tmp_path / "study")
    every = made(study, tmp_path, [])
    some = made(study, tmp_path, [["wrong", "copy model to '/tmp/x'", ["candidate"], False, []]], ["linear", "wrong"])
    assert some == [row for row in every if row[0] in ("linear", "random")]
    assert some


@pytest.mark.usefixtures("in_home")
def test_only_the_intervals_that_somebody_waits_for_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session that goes on ends the process behind it, unless another session waits for the same."""
    started: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    first, second = (sound(opened("compare", strategy="linear", baseline="knn", budget="1")) for _ in range(2))
    (shared,) = started
    sound(first.selectbox(key="baseline").set_value("random").run())
    assert shared.poll() is None, "the second session waits for it"
    sound(second.selectbox(key="baseline").set_value("task_agnostic").run())
    assert shared.poll() is not None
    of_first, of_second = started[1:]
    sound(first.selectbox(key="baseline").set_value("task_agnostic").run())
    assert (of_first.poll() is None, of_second.poll() is None) == (False, True)
    assert len(started) == 3
