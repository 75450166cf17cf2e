"""The store: whole files or none, resumable, one collector at a time, and the same columns as schema.sql."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collector import contract
from collector.contract import FACTS
from collector.dataset import Dataset
from collector.model import Model
from collector.store import StoreError, add_rows, check_protocol, owned, read_rows, write_metadata
from collector.study import QUICK
from warehouse.relation import sections

ROW = {"model": "a", "dataset": "d", "learning_rate": 0.1, "repeat": 0, "test_accuracy": 0.5}
MODEL = Model("a", "", "imagenet", "", None, None, 1, 1, 1, "", "")
DATASET = Dataset("d", "natural", 2, "", "", "", "")
DUCKDB = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.int32(): "INTEGER",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.timestamp("us"): "TIMESTAMP",
    pa.list_(pa.float64()): "DOUBLE[]",
    pa.list_(pa.string()): "VARCHAR[]",
}


@pytest.mark.parametrize("fact", [*FACTS, "model", "dataset", "protocol"])
def test_the_collectors_columns_are_those_of_the_schema(fact: str) -> None:
    tables = {
        "model": contract.model_table([MODEL]),
        "dataset": contract.dataset_table([DATASET], [3]),
        "protocol": contract.protocol_table(QUICK.protocol),
    }
    ours = FACTS[fact] if fact in FACTS else tables[fact].schema
    con = duckdb.connect()
    con.execute(sections()[1])
    theirs = dict(
        con.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = 'contract' and table_name = ?", [fact]
        ).fetchall()
    )
    assert set(ours.names) == set(theirs) - {"as_published"}, "which is only said of imported tables"
    integers = {"BIGINT", "INTEGER"}
    for field in ours:
        assert DUCKDB[field.type] == theirs[field.name] or {DUCKDB[field.type], theirs[field.name]} == integers, field


def test_rows_are_added_to_their_cell_and_come_back(tmp_path: Path) -> None:
    add_rows(tmp_path, "finetune", ("a", "d"), [ROW])
    add_rows(tmp_path, "finetune", ("a", "d"), [{**ROW, "repeat": 1}])
    add_rows(tmp_path, "finetune", ("a", "e"), [{**ROW, "dataset": "e"}])
    assert [(row["dataset"], row["repeat"]) for row in read_rows(tmp_path, "finetune")] == [("d", 0), ("d", 1), ("e", 0)]
    assert sorted(path.name for path in (tmp_path / "finetune").iterdir()) == ["a+d.parquet", "a+e.parquet"]


@pytest.mark.parametrize(
    "name", ["../../escape", "/etc/passwd", "..", "vtab/sup-100", "jft/Home & garden", "a+b", "%2e%2e", "x" * 100]
)
def test_a_name_never_leaves_the_study(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "study"
    add_rows(folder, "finetune", (name, "d"), [{**ROW, "model": name}])
    (path,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert path.parent == folder / "finetune"
    assert read_rows(folder, "finetune")[0]["model"] == name


def test_two_cells_never_share_a_file(tmp_path: Path) -> None:
    for model, dataset in (("a+b", "c"), ("a", "b+c"), ("a/b", "c"), ("a", "b/c")):
        add_rows(tmp_path, "finetune", (model, dataset), [{**ROW, "model": model, "dataset": dataset}])
    assert len(list((tmp_path / "finetune").iterdir())) == 4


def test_a_broken_part_is_named_and_kept(tmp_path: Path) -> None:
    add_rows(tmp_path, "finetune", ("a", "d"), [ROW])
    part = tmp_path / "finetune" / "a+d.parquet"
    part.write_bytes(part.read_bytes()[:-4])
    with pytest.raises(StoreError, match=r"a\+d\.parquet is not a Parquet file of this study"):
        read_rows(tmp_path, "finetune")
    pq.write_table(pa.table({"city": ["Paris"]}), part)
    with pytest.raises(StoreError, match=r"a\+d\.parquet is not a Parquet file of this study"):
        read_rows(tmp_path, "finetune")
    assert part.exists()


def test_another_protocol_is_refused_and_says_what_differs(tmp_path: Path) -> None:
    write_metadata(
        tmp_path, contract.model_table([MODEL]), contract.dataset_table([DATASET], [3]), contract.protocol_table(QUICK.protocol)
    )
    check_protocol(tmp_path, contract.protocol_table(QUICK.protocol))
    other = contract.protocol_table(replace(QUICK.protocol, steps=7))
    with pytest.raises(StoreError, match=f"steps is {QUICK.protocol.steps} there and 7 here"):
        check_protocol(tmp_path, other)


WRITER = """
import sys
from pathlib import Path
from collector.store import add_rows, owned
with owned(Path(sys.argv[1])):
    print("ready", flush=True)
    for repeat in range(100_000):
        add_rows(Path(sys.argv[1]), "finetune", ("a", str(repeat % 3)), [{"model": "a", "dataset": str(repeat % 3), "repeat": repeat}])
"""


def writer(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_killed_while_it_writes_it_leaves_whole_files(tmp_path: Path) -> None:
    kept = 0
    for wait in (0.05, 0.1, 0.15, 0.2, 0.25, 1, 4):
        if wait >= 1 and kept:  # only a slow machine needs these
            break
        process = writer(tmp_path)
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        rows = read_rows(tmp_path, "finetune")  # raises if any file is torn
        assert len(rows) >= kept
        kept = len(rows)
    assert kept > 0
    with owned(tmp_path):
        assert not list(tmp_path.rglob("*.writing")), "what a killed collector left half written goes at the next start"


def test_a_second_collector_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    process = writer(tmp_path)
    with pytest.raises(StoreError, match="Another needle collect is at work"), owned(tmp_path):
        pass
    process.kill()
    process.communicate()
    with owned(tmp_path):
        pass
