"""The study that ships: sound, complete, within its ranges, and read the same by everyone."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from collector.contract import FACTS, dataset_table, model_table, protocol_table
from collector.schedule import missing
from collector.study import STUDIES
from warehouse import connect

ROOT = Path(__file__).parent.parent
NAME = "haystack-small"
FOLDER = ROOT / "results" / NAME
STUDY = STUDIES[NAME]
NEEDLE = Path(sys.executable).parent / "needle"


@pytest.fixture(scope="module")
def con():
    with connect(FOLDER, question="violation missing_run accuracy score finetune proxy representation model dataset") as opened:
        yield opened


def count(con, words):
    return con.execute(f"select count(*) from {words}").fetchone()[0]


def test_it_is_packed_and_small():
    files = [path for path in FOLDER.rglob("*") if path.is_file() and path.name != ".lock"]
    assert sorted(str(path.relative_to(FOLDER)) for path in files) == [
        "dataset.parquet",
        "finetune/packed.parquet",
        "model.parquet",
        "protocol.parquet",
        "proxy/packed.parquet",
        "representation/packed.parquet",
    ]
    assert sum(path.stat().st_size for path in files) < 2_000_000


def test_it_is_large_enough_to_ask():
    assert len(STUDY.models) >= 12
    assert len(STUDY.datasets) >= 12
    assert STUDY.protocol.repeats >= 2
    assert {dataset.vtab_group for dataset in STUDY.datasets} == {"natural", "specialized", "structured"}


def test_no_rule_is_broken_and_no_run_is_missing(con):
    assert con.execute("from violation").fetchall() == []
    assert con.execute("from missing_run").fetchall() == []
    assert missing(STUDY, FOLDER) == [], "the collector agrees"


def test_every_cell_has_its_rows(con):
    cells, protocol = len(STUDY.models) * len(STUDY.datasets), STUDY.protocol
    runs = len(protocol.learning_rates) * protocol.repeats
    assert count(con, "finetune") == count(con, "(select distinct model, dataset, learning_rate, repeat from finetune)")
    assert count(con, "finetune") == cells * runs
    assert count(con, "proxy") == cells * (1 + len(protocol.linear_learning_rates) * protocol.linear_repeats)
    assert count(con, "representation") == count(con, "accuracy") == cells
    assert count(con, "score") == 2 * cells


def test_every_number_is_within_its_range(con):
    bad = con.execute(
        """
        select model, dataset from finetune join dataset using (dataset)
        where not (validation_accuracy between 0 and 1 and test_accuracy between 0 and 1 and seconds > 0)
           or abs(test_accuracy * num_test - round(test_accuracy * num_test)) > 1e-6
           or (diverged and final_loss is not null and isnan(final_loss))
        union all select model, dataset from proxy where not (score between 0 and 1 and seconds >= 0)
        union all select model, dataset from representation where representation_seconds <= 0
        """
    ).fetchall()
    assert bad == []


def test_every_row_says_where_it_is_from(con):
    for fact in FACTS:
        rows = con.execute(f"select distinct device, software from {fact}").fetchall()
        assert all("one core" in device for device, _ in rows), rows
        assert all("tensorflow 2.21" in software and "dirty" not in software for _, software in rows), rows
        assert count(con, f"{fact} where finished_at is null") == 0


def test_what_it_is_about_is_what_the_project_registers():
    num_test = [STUDY.protocol.test_examples] * len(STUDY.datasets)
    assert pq.read_table(FOLDER / "model.parquet").to_pylist() == model_table(STUDY.models).to_pylist()
    assert pq.read_table(FOLDER / "dataset.parquet").to_pylist() == dataset_table(STUDY.datasets, num_test).to_pylist()
    (stored,), (ours,) = pq.read_table(FOLDER / "protocol.parquet").to_pylist(), protocol_table(STUDY.protocol).to_pylist()
    assert dict.fromkeys(ours) | stored == ours, "a column that came later is null"


def test_its_networks_learnt_something(con):
    """On natural and specialized images the best network is far above a guess, and networks differ."""
    best = dict(con.execute("select dataset, max(accuracy) from accuracy group by dataset").fetchall())
    worst = dict(con.execute("select dataset, min(accuracy) from accuracy group by dataset").fetchall())
    for dataset in STUDY.datasets:
        if dataset.vtab_group == "natural":
            assert best[dataset.dataset] > 3 / dataset.num_classes, dataset.dataset
    assert sum(best[name] - worst[name] > 0.15 for name in best) >= 6


def test_the_command_opens_it_by_name():
    words = "select strategy, budget, relative_regret from mean_regret where pool = 'ALL' and budget <= 2 order by all"
    done = subprocess.run(
        [NEEDLE, "query", words, "--study", NAME, "--format", "json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    rows = json.loads(done.stdout)
    assert {row["strategy"] for row in rows} >= {"task_agnostic", "linear", "knn", "hybrid_linear", "hybrid_knn", "random"}
    assert all(0 <= row["relative_regret"] <= 1 for row in rows)
    checked = subprocess.run([NEEDLE, "check", "--study", NAME], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, f"{NAME}: 0 broken rules, 0 missing runs.\n")


def test_the_readme_says_what_the_study_says():
    readme = (ROOT / "README.md").read_text()
    section = readme[readme.index("## What haystack-small says") : readme.index("## Every figure")]
    pools = {"ALL": 12, "EXPERT": 10, "num_params < 1e6": 7}
    with connect(FOLDER, pools=list(pools), question="mean_regret_interval pool") as opened:
        assert dict(opened.execute("select pool, count(*) from pool group by pool").fetchall()) == pools
        rows = opened.execute("select pool, strategy, budget, relative_regret, low, high from mean_regret_interval").fetchall()
    found = {tuple(key): f"{regret:.3f} ({low:.3f}–{high:.3f})" for *key, regret, low, high in rows}
    pool, said = "", 0
    for first, strategy, *cells in re.findall(r"^\|([^|]*)\| (\w+) \|([^|]*)\|([^|]*)\|([^|]*)\|$", section, re.M):
        pool = next((name for name in pools if name in first), pool)
        for budget, cell in enumerate(cells, 1):
            if strategy != "strategy":
                assert cell.replace("**", "").strip() == found[pool, strategy, budget], (pool, strategy, budget)
                said += 1
    assert said == 36
