"""Intervals of strategies that somebody types: the same as `needle simulate` prints, though the SQL is asked behind the fence alone."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import world
from test_schema import rows

from dashboard.interval import PROCESS
from warehouse import simulate

SMALLEST = "select pool, dataset, model, row_number() over (partition by pool, dataset order by num_params, model) as rank from candidate"
SCORED = """
select pool, dataset, model, row_number() over (partition by pool, dataset order by score + linear.rank, model) as rank
from candidate_score join strategy.linear as linear using (pool, dataset, model) where proxy = 'knn'
"""
ASKED = "select strategy, pool, budget, low, high from mean_regret_interval order by all"


def made(study: Path, out: Path, tried: list[list[object]]) -> list[tuple[object, ...]]:
    """What the process writes."""
    line = json.dumps([str(study), "", None, [], {"mean_regret_interval": ASKED}, {}, tried])
    process = subprocess.Popen([sys.executable, str(PROCESS), str(out)], stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(line.encode() + b"\n")
    process.stdin.flush()
    assert process.wait(120) == 0
    process.stdin.close()
    return [tuple(row.values()) for row in pq.read_table(out / "mean_regret_interval.parquet").to_pylist()]


def orders(con: object, name: str) -> list[list[object]]:
    query = f"select pool, dataset, list(model order by rank) from strategy.{name} group by all"
    return [list(row) for row in rows(con, query)]  # type: ignore[arg-type]


def test_they_are_those_of_the_command(tmp_path: Path) -> None:
    study = world.write_study(tmp_path / "study")
    tried, expected = [], {}
    for name, sql, reads in (("smallest", SMALLEST, ["candidate"]), ("mixed", SCORED, ["candidate_score", "strategy.linear"])):
        file = tmp_path / f"{name}.sql"
        file.write_text(sql)
        with simulate(study, name, file) as con:
            tried.append([name, sql, reads, orders(con, name)])
            expected[name] = [row for row in rows(con, ASKED) if row[0] == name]
    peeking = [["my_oracle", SMALLEST, ["accuracy"], []], ["wrong", "copy model to '/tmp/x'", ["candidate"], []]]
    found = made(study, tmp_path, [*tried, *peeking])
    for name, lines in expected.items():
        assert lines
        assert [row for row in found if row[0] == name] == [tuple(map(pytest.approx, row[:2])) + row[2:] if False else row for row in lines]
    assert {row[0] for row in found} >= {"linear", "random"}
    without = json.loads((tmp_path / "without").read_text())
    assert without["my_oracle"] == "it reads what no resample has"
    assert "nothing else is run" in without["wrong"]
