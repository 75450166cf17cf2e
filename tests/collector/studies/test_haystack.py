"""The study that ships: sound, complete, within its ranges, read the same by everyone, and made again to the bit."""

import csv
import io
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from paths import NEEDLE, ROOT

from bench.devices import STUDIES as DEVICES
from bench.devices import agree, measured
from collector.planning.work_item import missing
from collector.storage.folder import folder
from collector.storage.store import read_facts
from collector.storage.tables import dataset_table, model_table, protocol_table
from collector.studies import STUDIES
from study_format.layout import FACTS
from warehouse import connect

FOLDER = ROOT / "results" / "haystack"
STUDY = STUDIES["haystack"]
CPU, GPU = "AMD EPYC, one core", "NVIDIA H100 80GB HBM3"
CELLS = len(STUDY.models) * len(STUDY.datasets)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    views = "violation missing_run accuracy score curve finetune proxy representation embedding model dataset finetune_cost cost_device"
    with connect(FOLDER, question=views) as opened:
        yield opened


def count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    (found,) = con.execute(f"select count(*) from {relation}").fetchone() or (0,)
    return int(found)


def test_it_is_packed_and_small() -> None:
    files = [path for path in FOLDER.rglob("*") if path.is_file() and not path.name.endswith(".lock")]
    assert sorted(str(path.relative_to(FOLDER)) for path in files) == [
        "README.md",
        "dataset.parquet",
        "embedding/1/packed.parquet",
        "finetune/1/packed.parquet",
        "model.parquet",
        "protocol.parquet",
        "proxy/1/packed.parquet",
        "representation/1/packed.parquet",
    ]
    assert sum(path.stat().st_size for path in files) < 1_000_000


def test_no_rule_is_broken_and_no_run_is_missing(con: duckdb.DuckDBPyConnection) -> None:
    assert (len(STUDY.models), len(STUDY.datasets)) == (22, 19)
    assert con.execute("from violation").fetchall() == []
    assert con.execute("from missing_run").fetchall() == []
    assert missing(STUDY, FOLDER) == [], "the collector agrees"


def test_every_cell_has_its_rows(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        count(con, "(select distinct model, dataset, learning_rate, repeat from finetune)") == count(con, "finetune") == 6 * CELLS
    )
    # kNN, linear six times, 19 others, two that are learned; and four of the nine networks with a head.
    assert count(con, "proxy") == (7 + 19 + 2) * CELLS + 4 * 9 * len(STUDY.datasets)
    assert count(con, "representation") == count(con, "accuracy") == count(con, "finetune_cost") == CELLS
    assert count(con, "score") == (2 + 19 + 3 + 4) * CELLS + 4 * 9 * len(STUDY.datasets), (
        "and three partial, two near and two learned"
    )
    assert count(con, "curve") == 3 * 6 * CELLS
    assert con.execute("select distinct step from curve order by step").fetchall() == [(16,), (32,), (63,)]


def test_every_number_is_within_its_range(con: duckdb.DuckDBPyConnection) -> None:
    bad = con.execute(
        """
        select model, dataset from finetune join dataset using (dataset)
        where not (validation_accuracy between 0 and 1 and test_accuracy between 0 and 1 and seconds > 0)
           or abs(test_accuracy * num_test - round(test_accuracy * num_test)) > 1e-6
           or len(list_filter(validation_curve, lambda x: abs(x * 200 - round(x * 200)) > 1e-6)) > 0
           or diverged and final_loss is not null
        union all select model, dataset from proxy where not (isfinite(score) and seconds >= 0)
        union all select model, dataset from proxy
        where (proxy in ('linear', 'logistic', 'ridge') or starts_with(proxy, 'knn')) and not score between 0 and 1
        union all select model, dataset from representation where representation_seconds <= 0
        """
    ).fetchall()
    assert bad == []


def test_every_row_says_where_it_is_from(con: duckdb.DuckDBPyConnection) -> None:
    for fact in FACTS:
        rows = con.execute(f"select distinct device, software from {fact}").fetchall()
        assert {device for device, _ in rows} <= {CPU, GPU}
        assert all("tensorflow 2.21" in software for _, software in rows), rows
        # While proxies were added, the study itself was what differed from the commit.
        assert fact == "proxy" or not [software for _, software in rows if "dirty" in software], rows
        assert all(re.match(r"needle [\d.]+ \([0-9a-f]{7,}(-dirty)?\), python 3", software) for _, software in rows), rows
        assert count(con, f"{fact} where finished_at is null") == 0
    assert con.execute("select device from cost_device").fetchall() == [(CPU,)]


def test_what_it_is_about_is_what_the_project_registers() -> None:
    rows = pq.read_table(FOLDER / "dataset.parquet").to_pylist()
    assert rows == dataset_table(STUDY.datasets, [row["num_test"] for row in rows]).to_pylist()
    assert all(400 < row["num_test"] <= 1000 for row in rows)
    assert pq.read_table(FOLDER / "model.parquet").to_pylist() == model_table(STUDY.models).to_pylist()
    assert pq.read_table(FOLDER / "protocol.parquet").to_pylist() == protocol_table(STUDY.protocol).to_pylist()


def test_its_networks_learnt_something(con: duckdb.DuckDBPyConnection) -> None:
    """On every task the best network is far above a guess, and networks differ."""
    best = dict(con.execute("select dataset, max(accuracy) from accuracy group by dataset").fetchall())
    worst = dict(con.execute("select dataset, min(accuracy) from accuracy group by dataset").fetchall())
    for dataset in STUDY.datasets:
        assert best[dataset.dataset] > (0.6 if dataset.num_classes == 2 else 2 / dataset.num_classes), dataset.dataset
    assert all(best[name] - worst[name] > 0.15 for name in best)


def test_it_answers_where_none_is_named_and_nothing_was_collected(tmp_path: Path) -> None:
    sql = "select strategy, budget, relative_regret from mean_regret where pool = 'ALL' and budget <= 2 order by all"
    done = subprocess.run([NEEDLE, "query", sql, "--format", "csv"], cwd=tmp_path, capture_output=True, text=True, check=True)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert {row["strategy"] for row in rows} >= {"task_agnostic", "linear", "knn", "hybrid_linear", "hybrid_knn", "random"}
    assert all(0 < float(row["relative_regret"]) < 1 for row in rows)
    checked = subprocess.run([NEEDLE, "check"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "haystack: 0 broken rules, 0 missing runs.\n")
    assert list(tmp_path.iterdir()) == []


def test_the_data_card_names_every_column_and_counts_the_rows(con: duckdb.DuckDBPyConnection) -> None:
    card = (FOLDER / "README.md").read_text()
    for relation in ("finetune", "proxy", "representation", "embedding", "model", "dataset", "protocol"):
        for column, *_ in con.execute(f"describe {relation}").fetchall() if relation != "protocol" else []:
            assert re.search(rf"\b{column}\b", card), (relation, column)
    for name in protocol_table(STUDY.protocol).column_names:
        assert re.search(rf"\b{name}\b", card), name
    for path in re.findall(r"data_files: (\S+)", card):
        assert (FOLDER / path).is_file(), path
    for device_, rows in con.execute("select device, count(*) from finetune group by device").fetchall():
        assert f"{rows:,} fine-tunes on `{device_}`" in card


def test_two_devices_agree_as_the_data_card_says() -> None:
    here, there = (measured(study) for study in DEVICES.values())
    agreeing = sum(agree(here[model], there[model]) for model in here)
    assert f"{agreeing} of {len(here)} networks agree" in (FOLDER / "README.md").read_text()


TWO = [("mini-xception", "optical-digits", "knn", "linear")]
TEN = [
    ("mini-xception cifar10-cnn", "optical-digits mnist-digits", "knn", "linear"),
    ("mini-xception cifar10-cnn", "mnist-digits", "finetune"),
]


@pytest.mark.slow
def test_cells_collected_anew_agree(tmp_path: Path) -> None:
    """Two cells, to two validation images, as processors differ. With NEEDLE_CELLS=10, ten of them, to the bit."""
    exact = os.environ.get("NEEDLE_CELLS") == "10"
    for models, datasets, *procedures in TEN if exact else TWO:
        part = ["--models", *models.split(), "--datasets", *datasets.split(), "--procedures", *procedures]
        # One worker, which loads TensorFlow and traces a network once, for two cells of one network.
        command = [NEEDLE, "collect", "--out", tmp_path / "study", "--workers", "1", *part]
        subprocess.run(command, capture_output=True, check=True)
    key = ("proxy", "model", "dataset", "learning_rate", "repeat")
    numbers = {
        "proxy": ("score",),
        "finetune": ("validation_accuracy", "test_accuracy", "validation_curve", "final_loss", "diverged"),
    }
    cells = set()
    for fact, columns in numbers.items():
        stored = {tuple(row.get(name) for name in key): row for row in read_facts(folder(FOLDER), fact).to_pylist()}
        for row in read_facts(folder(tmp_path / "study"), fact).to_pylist():
            before = stored[tuple(row.get(name) for name in key)]
            cells.add((row.get("proxy"), row["model"], row["dataset"]))
            assert before["seed"] == row["seed"]
            if exact:
                assert [before[name] for name in (*columns, "device")] == [row[name] for name in (*columns, "device")], row
            else:
                assert before["score"] == pytest.approx(row["score"], abs=0.01), row
    assert len(cells) == (10 if exact else 2)
