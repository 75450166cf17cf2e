"""`needle recommend`: from a folder of pictures to the models to fine-tune."""

import contextlib
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import world
from command import NEEDLE, needle
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


SMALL = ("recommend", "pictures", "--strategy", "logme", "--pool", "num_params < 2e5", "--workers", "1", "--budget", "1")


@pytest.mark.slow
def test_ctrl_c_leaves_no_partial_answer_and_the_same_command_goes_on(home: Path) -> None:
    process = subprocess.Popen(
        [NEEDLE, *SMALL], cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a suite in the background ignores it
    )  # fmt: skip
    parts, end = home / "results" / "pictures" / "proxy", time.monotonic() + 240
    while not list(parts.glob("*.parquet")):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "the same command" in err
    assert "Traceback" not in err
    kept = {path: path.stat().st_mtime_ns for path in parts.glob("*.parquet")}
    done = needle(home, *SMALL)
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in kept if path.is_file()} == kept
    assert len(list(parts.glob("*.parquet"))) > len(kept)


@pytest.mark.slow
def test_a_full_disk_is_said_and_nothing_is_advised(home: Path) -> None:
    """No file may be larger than 3,000 bytes: the images fit into none."""
    done = subprocess.run(
        [NEEDLE, *SMALL], cwd=home, capture_output=True, text=True, check=False, env={**os.environ, "NEEDLE_CACHE": str(home / "cache")},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000)),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    assert str(home / "cache") in done.stderr
    assert "could not be kept" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_network_of_ones_own_competes_where_the_pool_has_it(home: Path) -> None:
    """Under --minutes a network outside the pool is no candidate."""
    import tiny

    network = tiny.network(home / "mine")
    row = f"mine,mine,{network.num_params},{network.feature_dim},64"
    (home / "mine.csv").write_text(f"model,handle,num_params,feature_dim,image_size\n{row}\n")
    mine = ("recommend", "pictures", "--models", "mine.csv", "--strategy", "logme", "--workers", "1")
    done = needle(home, *mine, "--pool", "num_params < 1e5", "--budget", "3")
    assert done.returncode == 0, done.stderr
    with connect(home / "results" / "pictures", question="score") as con:
        scores = con.execute(
            "select model::varchar from score where proxy = 'logme' order by score desc, model::varchar"
        ).fetchall()
    assert ("mine",) in scores
    assert len(scores) == 4
    assert [line.split()[1] for line in done.stdout.splitlines() if line.split()[:1] in (["1"], ["2"], ["3"])] == [
        model for (model,) in scores[:3]
    ]
    done = needle(home, *mine, "--pool", "model = 'antispoof'", "--minutes", "100", "--name", "again")
    assert done.returncode == 0, done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines() if line.split()[:1] in (["1"], ["2"])] == ["antispoof"]


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
