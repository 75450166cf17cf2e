"""The command's verbs over results: what-if pools, strategies without training, imports and exports."""

import json
from pathlib import Path

import duckdb
import pytest
import world
from command import needle

SMALLEST = "select pool, dataset, model, row_number() over (partition by pool, dataset order by num_params, model) as rank from candidate"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    world.write_study(folder / "results" / "small")
    (folder / "smallest.sql").write_text(SMALLEST)
    (folder / "peek.sql").write_text(SMALLEST.replace("num_params", "accuracy") + " join accuracy using (model, dataset)")
    (folder / "tidy.csv").write_text("model,dataset,measure,value\na,pets,finetune,0.8\nb,pets,finetune,0.9\n")
    return folder


def test_simulate_prints_the_strategy_first_and_against_each(home: Path) -> None:
    """a, then b, on both datasets: 0.80 and 0.50 at B = 1, mean regret 0.45; 0.90 and 0.50 at B = 2, mean regret 0.2."""
    done = needle(home, "simulate", "smallest.sql", "--study", "small", "--pool", "ALL")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Pool ALL, 3 models: mean relative regret")
    assert lines[2].split()[:2] == ["smallest", "0.450"]
    assert " 0.200 [" in lines[2]
    assert any(line.startswith("smallest against each") for line in lines)
    assert any(line.split()[:2] == ["knn", "-0.450"] for line in lines)


def test_a_dishonest_strategy_is_refused_by_name(home: Path) -> None:
    done = needle(home, "simulate", "peek.sql", "--study", "small")
    assert (done.returncode, done.stdout) == (1, "")
    assert "peek reads accuracy, which is the answer" in done.stderr
    done = needle(home, "simulate", "nope.sql", "--study", "small")
    assert (done.returncode, done.stderr.splitlines()[0][:27]) == (2, "There is no file nope.sql. ")


def test_query_takes_a_strategy_and_a_condition(home: Path) -> None:
    sql = "select pool, strategy, relative_regret from mean_regret where budget = 1 and strategy in ('smallest', 'linear') order by 2"
    done = needle(
        home, "query", sql, "--study", "small", "--strategy", "smallest.sql", "--pool", "num_params < 30e6", "--format", "csv"
    )
    lines = [line.split(",") for line in done.stdout.splitlines()]
    assert [line[:2] for line in lines[1:]] == [["num_params < 30e6", "linear"], ["num_params < 30e6", "smallest"]]
    assert [float(line[2]) for line in lines[1:]] == pytest.approx([0.25, 0.25]), "a on both: 0.5 on pets, the best on depth"


def test_two_strategies_of_one_name_are_refused(home: Path) -> None:
    """Which of them would a regret be of?"""
    (home / "more").mkdir()
    (home / "more" / "smallest.sql").write_text((home / "smallest.sql").read_text() + " desc")
    done = needle(home, "report", "--study", "small", "--strategy", "smallest.sql", "--strategy", "more/smallest.sql")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("smallest.sql and more/smallest.sql have the same name, which is that of their strategy.")


def test_a_condition_that_cannot_be_decided_is_said(home: Path) -> None:
    done = needle(home, "report", "--study", "small", "--pool", "imagenet_accuracy > 0.5")
    assert "cannot be decided for 2 models, such as b" in done.stderr
    done = needle(home, "query", "from regret", "--study", "small", "--pool", "num_parms < 3")
    assert done.returncode == 2
    assert "num_params" in done.stderr


def test_import_makes_a_study_and_says_what_it_did(home: Path) -> None:
    done = needle(home, "import", "tidy", "tidy.csv", "--out", "results/tidy")
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip()
    assert json.loads((home / "results" / "tidy" / "import.json").read_text())["rows_kept"] == 2
    done = needle(home, "query", "select model, accuracy from accuracy order by model", "--study", "tidy", "--format", "csv")
    assert done.stdout == "model,accuracy\na,0.8\nb,0.9\n"
    again = needle(home, "import", "tidy", "tidy.csv", "--out", "results/tidy")
    assert (again.returncode, again.stdout) == (1, "")


@pytest.mark.slow
def test_export_writes_what_any_client_opens(home: Path) -> None:
    done = needle(home, "export", "small.duckdb", "--parquet", "derived", "--study", "small")
    assert (done.returncode, done.stderr) == (0, "")
    with duckdb.connect(str(home / "small.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) > 0 from mean_regret_interval").fetchone() == (True,)
    assert (home / "derived" / "regret.parquet").is_file()
    assert needle(home, "export", "small.duckdb", "--study", "small").returncode == 1
    assert needle(home, "export", "--study", "small").returncode == 2


def test_the_papers_eurosat_opens_like_any_other(home: Path) -> None:
    done = needle(home, "query", "select count(*) as models from model", "--study", "paper-eurosat", "--format", "csv")
    assert done.stdout == "models\n46\n"
