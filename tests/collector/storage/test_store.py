"""The store: parts that are named after their runs, never leave their folder, and have the same columns as schema.sql."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from collector.execution.leases import Leases
from collector.planning.work_item import everything, missing, model_of
from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.protocol import Protocol
from collector.spec.study import Study
from collector.storage import tables
from collector.storage.folder import folder
from collector.storage.part import digest, named_key, part_name
from collector.storage.store import Store, StoreError, check_protocol, move_damaged, open_store, read_facts, write_metadata
from collector.studies import HAYSTACK, QUICK
from study_format.columns import SCHEMAS
from study_format.layout import FACTS
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
    pa.list_(pa.float32()): "FLOAT[]",
    pa.list_(pa.string()): "VARCHAR[]",
}


@pytest.mark.parametrize("fact", [*FACTS, "model", "dataset", "protocol"])
def test_the_collectors_columns_are_those_of_the_schema(fact: str) -> None:
    made = {
        "model": tables.model_table([MODEL]),
        "dataset": tables.dataset_table([DATASET], [3]),
        "protocol": tables.protocol_table(QUICK.protocol),
    }
    ours = SCHEMAS[fact] if fact in FACTS else made[fact].schema
    con = duckdb.connect()
    con.execute(sections()[1])
    theirs = dict(
        con.execute(
            "select column_name, data_type from duckdb_columns() where schema_name = 'contract' and table_name = ?", [fact]
        ).fetchall()
    )
    assert set(ours.names) == set(theirs) - {"as_published", "lower_is_better"}, "which only imported tables have"
    integers = {"BIGINT", "INTEGER"}
    for field in ours:
        assert DUCKDB[field.type] == theirs[field.name] or {DUCKDB[field.type], theirs[field.name]} == integers, field


def test_what_ties_parts_to_a_protocol_leaves_out_its_proxies() -> None:
    def of(**changes: Any) -> str:
        return digest(tables.protocol_table(replace(HAYSTACK.protocol, **changes)))

    assert of() == "81ad99433679e6a1", "what was collected into haystack would not belong to it any more"
    assert of(proxies=("knn", "linear", "logme")) == of(), "more proxies may come"
    changes = {
        "study": "other",
        "steps": 124,
        "learning_rates": (0.3,),
        "curve_at": (0.5,),
        "test_examples": 1000,
        "antialias": False,
    }
    others = [of(**{name: value}) for name, value in changes.items()]
    assert len({of(), *others}) == 7
    later = tables.protocol_table(HAYSTACK.protocol).append_column("later", pa.nulls(1, pa.int64()))
    assert digest(later) == of(), "nor does a column that says nothing"


def opened(location: Path, followed: Protocol = QUICK.protocol) -> Store:
    """The study QUICK, begun, as it is or under another protocol."""
    where, protocol = folder(location), tables.protocol_table(followed)
    write_metadata(where, tables.model_table([MODEL]), tables.dataset_table([DATASET], [3]), protocol)
    return open_store(where, protocol)


def test_parts_come_back_and_the_first_stays(tmp_path: Path) -> None:
    store = opened(tmp_path)
    assert store.add("finetune", part_name(("a", "d"), (0.1, 0)), [ROW])
    assert store.add("finetune", part_name(("a", "d"), (0.1, 1)), [{**ROW, "repeat": 1}])
    assert not store.add("finetune", part_name(("a", "d"), (0.1, 0)), [{**ROW, "test_accuracy": 0.9}])
    rows = sorted((row["repeat"], row["test_accuracy"]) for row in read_facts(store.folder, "finetune").to_pylist())
    assert rows == [(0, 0.5), (1, 0.5)]
    assert sorted(path.name for path in (tmp_path / "finetune").iterdir()) == ["a+d+0.1+0.parquet", "a+d+0.1+1.parquet"]


LONG = "x" * 999
HOSTILE = [
    "../x",
    "../../escape",
    "/etc/passwd",
    "..",
    ".",
    "",
    "a/b",
    "nul\0byte",
    "line\nbreak",
    "a+b",
    "%2e%2e",
    "~",
    "-rf *",
    "C:\\x",
    "jft/Home & garden",
    "\u202ename",
    "x" * 100,
    "x" * 5000,
    "é" * 200,
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_never_leaves_the_study(tmp_path: Path, name: str) -> None:
    """As a model, a dataset and a proxy; and the part is found again, by its name or by its rows."""
    location = tmp_path / "study"
    protocol = replace(QUICK.protocol, learning_rates=(0.1,), repeats=1, proxies=())
    store = opened(location, protocol)
    before = set(tmp_path.rglob("*"))
    assert store.add("finetune", part_name((name, "d"), (0.1, 0)), [{**ROW, "model": name}])
    assert store.add("proxy", part_name((name, "a", name)), [{"proxy": name, "model": "a", "dataset": name, "repeat": 0}])
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert sorted(str(path.parent.relative_to(location)) for path in made) == ["finetune", "proxy"]
    assert read_facts(store.folder, "finetune").to_pylist()[0]["model"] == name
    assert read_facts(store.folder, "proxy").to_pylist()[0]["dataset"] == name
    assert move_damaged(store.folder) == []
    model = replace(MODEL, model=name)
    study = Study(protocol, (model,), (DATASET,))
    assert missing(study, location) == [], "it is found again"
    with Leases(store.folder) as leases:
        lease = everything(study)[0].lease
        assert model_of(lease) == name
        assert leases.take(lease)


def test_two_runs_never_share_a_file(tmp_path: Path) -> None:
    names = {
        part_name(cell, run)
        for cell in (
            ("a+b", "c"),
            ("a", "b+c"),
            ("a/b", "c"),
            ("a", "b/c"),
            ("a", "c"),
            ("a", "c+0.1+0"),
            ("x" * 999, "c"),
            ("x" * 998, "c"),
        )
        for run in (None, (0.1, 0), (0.1, 1), (0.01, 0), (None, 0), (0.1, 10))
    }
    assert len(names) == 8 * 6
    assert max(len(name.encode()) for name in names) <= 180


def test_a_name_says_its_runs() -> None:
    for cell in (("a", "d"), ("a+b", "%"), ("é", "d d")):
        for run in (None, (0.1, 0), (1e-05, 12), (None, 0)):
            assert named_key("finetune", part_name(cell, run)) == (cell, run)
            assert named_key("proxy", part_name(("knn", *cell), run)) == (("knn", *cell), run)
    for name in ("packed", "a+d+x+0", "a+d+0.1", part_name(("x" * 300, "d"), (0.1, 0))):
        assert named_key("finetune", name) is None


def test_another_protocol_is_refused_and_says_what_differs(tmp_path: Path) -> None:
    store = opened(tmp_path)
    check_protocol(store.folder, tables.protocol_table(QUICK.protocol))
    other = tables.protocol_table(replace(QUICK.protocol, steps=7))
    with pytest.raises(StoreError, match=f"steps is {QUICK.protocol.steps} there and 7 here"):
        check_protocol(store.folder, other)
