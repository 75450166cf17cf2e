"""Merging keeps every row of both studies, or writes nothing and says what differs."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import fast
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from paths import NEEDLE

from collector.planning.work_item import missing
from collector.storage.folder import folder
from collector.storage.merging import Merged, merge
from collector.storage.packing import pack
from collector.storage.part import part_name
from collector.storage.store import StoreError, move_replaced, open_store, read_facts
from collector.storage.tables import grown, protocol_table
from study_format.columns import Row
from warehouse import connect

STUDY = fast.study(3, 2)


def accuracies(path: Path) -> list[tuple[object, ...]]:
    with connect(path, question="accuracy") as con:
        return con.execute("from accuracy order by all").fetchall()


@pytest.fixture
def halves(tmp_path: Path) -> tuple[Path, Path]:
    """Models 0 and 1, and models 1 and 2, of one protocol."""
    one, other = tmp_path / "one", tmp_path / "other"
    fast.collect(replace(STUDY, models=STUDY.models[:2]), one)
    fast.collect(replace(STUDY, models=STUDY.models[1:]), other)
    return one, other


@pytest.mark.slow
def test_two_halves_are_merged_with_a_report(halves: tuple[Path, Path], tmp_path: Path) -> None:
    study = tmp_path / "whole"
    fast.collect(STUDY, study)
    done = subprocess.run([NEEDLE, "merge", *halves, "--out", tmp_path / "both"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert [line.split() for line in done.stdout.splitlines() if line.startswith("finetune")] == [
        ["finetune", "16", "16", "8", "24"]
    ]
    assert fast.rows(tmp_path / "both") == fast.rows(study)
    assert accuracies(tmp_path / "both") == accuracies(study)
    assert fast.rules(tmp_path / "both") == []
    assert missing(STUDY, tmp_path / "both") == []
    report = json.loads((tmp_path / "both" / "merge.json").read_text())
    assert report["relations"][0] == {"relation": "model", "first": 2, "second": 2, "both": 1, "together": 3}


def altered(path: Path, name: str, **change: object) -> None:
    table = pq.ParquetFile(path / f"{name}.parquet").read().replace_schema_metadata(None)
    rows: list[Row] = [{**row, **change} for row in table.to_pylist()]
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path / f"{name}.parquet")


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        (
            "protocol",
            {"steps": 7},
            f"different protocols, so their rows cannot be compared: steps is {STUDY.protocol.steps} and 7",
        ),
        ("model", {"num_params": 5}, "model 'm01' is not the same in .*: num_params is 1 and 5"),
        ("dataset", {"num_test": 5}, "dataset 'd00' is not the same in .*: num_test is 10 and 5"),
    ],
)
def test_studies_that_differ_are_not_merged(
    halves: tuple[Path, Path], tmp_path: Path, name: str, change: Row, message: str
) -> None:
    pack(folder(halves[1]))
    for path in halves[1].rglob("*.parquet"):  # as if it had been made so
        pq.write_table(pq.ParquetFile(path).read().replace_schema_metadata(None), path)
    altered(halves[1], name, **change)
    with pytest.raises(StoreError, match=message):
        merge(folder(halves[0]), folder(halves[1]), tmp_path / "both")
    assert not (tmp_path / "both").exists()


def test_a_run_with_two_results_is_not_merged(halves: tuple[Path, Path], tmp_path: Path) -> None:
    where = folder(halves[1])
    row = next(row for row in read_facts(where, "finetune").to_pylist() if row["model"] == "m01")
    name = part_name(("m01", row["dataset"]), (row["learning_rate"], row["repeat"]))
    move_replaced(where, "finetune", [name])
    open_store(where, protocol_table(STUDY.protocol)).add("finetune", name, [{**row, "seconds": 2.0}])
    with pytest.raises(StoreError, match="two different finetune rows of m01, d0"):
        merge(folder(halves[0]), where, tmp_path / "both")
    assert [path.name for path in tmp_path.iterdir()] == ["one", "other"] or not (tmp_path / "both").exists()
    assert not list(tmp_path.glob(".both*"))


def test_a_merged_name_may_differ(tmp_path: Path, halves: tuple[Path, Path]) -> None:
    third = tmp_path / "third"
    fast.collect(replace(STUDY, models=STUDY.models[2:], protocol=replace(STUDY.protocol, study="elsewhere")), third)
    report = merge(folder(halves[0]), folder(third), tmp_path / "both")
    assert report[2] == Merged("finetune", 16, 8, 0, 24)
    assert missing(STUDY, tmp_path / "both") == []


@pytest.mark.parametrize("older_first", [True, False])
def test_the_proxies_of_both_are_kept_whichever_is_older(older_first: bool) -> None:
    """The older protocol was written before there were head_proxies."""
    older = protocol_table(replace(STUDY.protocol, proxies=("knn", "linear"))).drop_columns("head_proxies")
    newer = protocol_table(replace(STUDY.protocol, proxies=("linear", "leep"), head_proxies=("leep",)))
    (row,) = (grown(older, newer) if older_first else grown(newer, older)).to_pylist()
    assert set(row["proxies"]) == {"knn", "linear", "leep"}
    assert row["head_proxies"] == ["leep"]
    (same,) = grown(older, older).to_pylist()
    assert same == older.to_pylist()[0]
