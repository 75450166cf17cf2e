"""What `needle report` prints: which strategies are in its tables, and what it suggests to type next."""

from pathlib import Path

import pytest
import world
from command import needle


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    world.write_study(folder / "results" / "small")
    world.write_study(folder / "results" / "no-knn", proxy=[row for row in world.proxies() if row["proxy"] == "linear"])
    world.write_study(folder / "results" / "no-expert", models=[{**row, "family": "imagenet"} for row in world.MODELS])
    world.write_study(folder / "a study", finetune=[row for row in world.finetunes() if row["repeat"] == 0])
    return folder


def said(home: Path, *arguments: str) -> list[str]:
    done = needle(home, "report", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_random_is_in_every_table(home: Path) -> None:
    """The best of one of 0.8, 0.9, 0.56 is 0.753 in the mean, of two 0.867; of 0.5, 0.44, 0.7 it is 0.547 and 0.633."""
    rows = [line.split() for line in said(home, "--study", "small") if line.startswith("  random ")]
    assert [row[2::3] for row in rows[:2]] == [["0.753", "0.867"], ["0.547", "0.633"]]
    assert len(rows) == 3, "and in that of the means"
    message = "random picks at random: its figures are expectations."
    assert message in said(home, "--study", "small")
    assert message not in said(home, "--study", "small", "--strategies", "knn")


def test_who_ranks_nothing_is_said_once(home: Path) -> None:
    message = "knn ranks no model of this pool: some of the data that it reads is missing."
    assert said(home, "--study", "no-knn", "--strategies", "knn", "linear", "random").count(message) == 1
    assert not [line for line in said(home, "--study", "no-knn") if "ranks nothing" in line or line.startswith("  knn ")]


def test_a_pool_without_models_is_not_what_to_look_at_next(home: Path) -> None:
    assert said(home, "--study", "small")[-1] == "  needle report --study small --pool EXPERT"
    assert said(home, "--study", "small", "--pool", "EXPERT")[-1] == "  needle report --study small --pool ALL"
    assert said(home, "--study", "no-expert")[-1].startswith('  needle query "select * from score ')


def test_what_to_type_next_asks_for_as_many_repeats(home: Path) -> None:
    lines = said(home, "--study", "a study", "--repeats", "1")
    assert [line.split("--study")[1][:22] for line in lines[-3:]] == [" 'a study' --repeats 1"] * 3
    lines = said(home, "--study", "a study")
    assert any("(needle check --study 'a study' lists them)" in line for line in lines)
