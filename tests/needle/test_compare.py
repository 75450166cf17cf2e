"""What `needle compare` says of two studies: what differs in how they were measured, and which conclusions hold in both."""

import csv
import json
from io import StringIO
from pathlib import Path

import pond
import pytest
import world
from command import needle

from warehouse import connect


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pond; one with longer fine-tunes, else the same; one whose proxies say the opposite; and one of two datasets."""
    folder = tmp_path_factory.mktemp("home") / "results"
    proxies = pond.proxies()
    opposite = [{**row, "score": 1 - row["score"]} for row in proxies]
    for name, steps, scores in (("pond", 100, proxies), ("longer", 200, proxies), ("opposite", 100, opposite)):
        protocol = {**pond.PROTOCOL, "study": name, "steps": steps}
        world.write_study(folder / name, pond.MODELS, pond.DATASETS, protocol, pond.finetunes(), scores)
    world.write_study(folder / "small")
    return folder.parent


def verdicts(home: Path, first: str, second: str) -> dict[tuple[str, str], str]:
    done = needle(home, "compare", first, second, "--format", "csv", "--budget", "1")
    assert (done.returncode, done.stderr) == (0, "")
    return {(row["strategy"], row["baseline"]): row["verdict"] for row in csv.DictReader(StringIO(done.stdout))}


@pytest.mark.slow
def test_the_same_runs_agree_wherever_one_study_is_sure(home: Path) -> None:
    same, against = verdicts(home, "pond", "longer"), verdicts(home, "pond", "opposite")
    assert same[("linear", "random")] == "agree: linear"
    assert against[("linear", "random")] == "disagree", "proxies that say the opposite lose against chance"
    assert "disagree" not in same.values()
    assert "not separable" in same.values()


def test_two_datasets_separate_nothing(home: Path) -> None:
    assert set(verdicts(home, "pond", "small").values()) == {"not separable"}


@pytest.mark.slow
def test_every_number_is_that_of_its_own_study(home: Path) -> None:
    done = needle(home, "compare", "pond", "opposite", "--format", "json", "--strategies", "linear", "knn", "--budget", "1")
    found = json.loads(done.stdout)
    (pair,) = found["pairs"]
    assert (pair["strategy"], pair["baseline"]) == ("knn", "linear")
    regrets = {row["strategy"]: row for row in found["regrets"]}
    for study in ("pond", "opposite"):
        sql = "from mean_delta_dataset_interval where pool = 'ALL' and budget = 1 and strategy = 'knn' and baseline = 'linear'"
        with connect(home / "results" / study, only=["knn", "linear"], question=f"{sql} mean_regret") as con:
            assert con.execute(f"select delta, low, high {sql}").fetchall() == [
                (pair[f"{study}: delta"], pair[f"{study}: from"], pair[f"{study}: to"])
            ]
            for name, regret in con.execute(
                "select strategy, relative_regret from mean_regret where pool = 'ALL' and budget = 1 and strategy <> 'random'"
            ).fetchall():
                assert regrets[name][study] == regret


@pytest.mark.slow
def test_only_what_differs_in_the_protocols_is_listed(home: Path) -> None:
    done = needle(home, "compare", "pond", "longer", "--format", "json")
    assert json.loads(done.stdout)["protocols"] == [{"of every run": "steps", "pond": "100", "longer": "200"}]
    text = needle(home, "compare", "pond", "small").stdout
    assert [line.split() for line in text.splitlines() if line.startswith("  datasets ")] == [["datasets", "9", "2"]]
    assert "The same in all: " in text


def test_a_strategy_that_one_study_lacks_is_named(home: Path) -> None:
    done = needle(home, "compare", "pond", "small", "--strategies", "linera")
    assert done.returncode == 2
    assert "Did you mean 'linear'?" in done.stderr
    assert needle(home, "compare", "pond", "pond").returncode == 2
