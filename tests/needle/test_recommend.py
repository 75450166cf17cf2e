"""`needle recommend`: from a folder of pictures to the models to fine-tune."""

import contextlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import world
from command import needle
from pictures import write_pictures
from PIL import Image
from session import opened, sound

from warehouse import connect


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_pictures(tmp_path / "pictures", "stripes", 12, classes=2)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--budget", "23"), "22"),
        (("--strategy", "logm"), "logme"),
        (("--strategy", "task_agnostic_oracle"), "task_agnostic"),
        (("--strategy", "partial_1_2"), "strategy"),
        (("--pool", "num_parms < 3"), "num_params"),
        (("--study", "paper-eurosat"), "haystack"),
    ],
)  # fmt: skip
def test_what_cannot_be_recommended_by_is_said_before_the_images_are_read(
    home: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = needle(home, "recommend", "pictures", *arguments)
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert done.stdout == ""
    assert not (home / "results").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda folder: None, "no folder"),
        (lambda folder: folder.mkdir(), "image"),
        (lambda folder: write_pictures(folder, "blobs", 30, classes=1), "class0"),
        (lambda folder: write_pictures(folder, "blobs", 1), "5"),
    ],
)  # fmt: skip
def test_images_that_cannot_be_used_are_an_error_without_a_partial_answer(home: Path, make: object, said: str) -> None:
    assert callable(make)
    make(home / "mine")
    done = needle(home, "recommend", "mine", "--strategy", "nearest_fisher")
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_from_pictures_to_picks_and_nothing_twice(home: Path) -> None:
    """By LogME among the smallest networks. Another picture of the same name is another dataset."""
    command = ("recommend", "pictures", "--strategy", "logme", "--pool", "num_params < 3e5", "--workers", "1", "--budget", "1")
    done = needle(home, *command)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("pictures: 24 images of 2 classes")
    with connect(home / "results" / "pictures", pools=["num_params < 3e5"], question="ranking score missing_run") as con:
        query = "select model::varchar from ranking where strategy = 'logme' and rank = 1 and pool = 'num_params < 3e5'"
        ((first,),) = con.execute(query).fetchall()
        (score,) = con.execute("select score from score where proxy = 'logme' and model = ?", [first]).fetchone() or (None,)
    (row,) = [line for line in lines if line.split()[:2] == ["1", first]]
    assert f"{score:.3f}" in row
    assert "logme" in next(line for line in lines if line.startswith("Why "))
    _check_page(home)
    before = {path: path.stat().st_mtime_ns for path in (home / "results").rglob("*.parquet")}
    again = needle(home, *command)
    assert again.stdout == done.stdout
    assert {path: path.stat().st_mtime_ns for path in (home / "results").rglob("*.parquet")} == before
    Image.new("RGB", (50, 50), (9, 200, 3)).save(home / "pictures" / "class0" / "more.png")
    other = needle(home, *command)
    assert (other.returncode, other.stdout) == (1, "")
    assert "--name" in other.stderr


def _check_page(home: Path) -> None:
    """The dashboard ranks the models by the scores that are in the files."""
    parts = [pq.read_table(path).to_pylist() for path in (home / "results" / "pictures" / "proxy").glob("*.parquet")]
    scores = {row["model"]: row["score"] for part in parts for row in part}
    with contextlib.chdir(home):
        app = sound(opened("recommend", "results/pictures", pool="num_params < 3e5"))
    assert app.selectbox(key="order").value == "logme"
    assert app.dataframe[0].value["model"].tolist() == sorted(scores, key=lambda model: (-scores[model], model))
    assert app.dataframe[0].value["rank"].tolist() == list(range(1, len(scores) + 1))


def test_advice_by_a_study_of_ones_own_that_was_imported_names_what_is_missing(home: Path) -> None:
    world.write_study(home / "results" / "small")
    done = needle(home, "recommend", "pictures", "--study", "small", "--budget", "1")
    assert done.returncode == 1
    assert "small" in done.stderr
