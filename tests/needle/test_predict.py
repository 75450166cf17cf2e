"""`needle recommend --finetune` and `needle predict`: from a folder of pictures to a model, and from the model to labels."""

import csv
import io
import json
import shutil
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from command import needle
from pictures import write_pictures
from PIL import Image

from warehouse import connect

SPLITS = {"train": range(20), "validation": range(20, 26), "test": range(26, 30)}
FEW = ("--strategy", "num_params", "--pool", "num_params < 3e4", "--budget", "1", "--workers", "1")
COMMAND = ("recommend", "pictures", *FEW)


def write_splits(folder: Path, classes: int = 3) -> None:
    """Stripes in the folders train, validation and test, so that the splits are known."""
    write_pictures(folder / "all", "stripes", 30, classes)
    for split, numbers in SPLITS.items():
        for label in range(classes):
            (folder / split / f"class{label}").mkdir(parents=True)
            for number in numbers:
                name = Path(f"class{label}") / f"{number}.png"
                (folder / "all" / name).rename(folder / split / name)
    shutil.rmtree(folder / "all")


@pytest.mark.slow
def test_from_pictures_to_a_model_to_labels(tmp_path: Path) -> None:
    """With the smallest network. The model's answers to the pictures themselves are those that the study stored."""
    write_splits(tmp_path / "pictures")
    done = needle(tmp_path, *COMMAND, "--finetune")
    assert done.returncode == 0, done.stderr
    with connect(tmp_path / "results" / "pictures", question="finetune") as con:
        rows = con.execute("select learning_rate, validation_accuracy, test_accuracy, seed, repeat from finetune").fetchall()
    assert sorted((rate, repeat) for rate, *_, repeat in rows) == [(0.01, 0), (0.3, 0)]
    rate, validation, test, seed, _ = min(rows, key=lambda row: (-row[1], row[0]))
    assert f"trained at the learning rate {rate:g}" in done.stdout

    model = tmp_path / "results" / "pictures" / "model"
    metadata = json.loads((model / "metadata.json").read_text())
    assert (metadata["validation_accuracy"], metadata["test_accuracy"]) == (validation, test)
    assert (metadata["made_of"]["learning_rate"], metadata["made_of"]["seed"]) == (rate, seed)
    assert (model / "labels.txt").read_text().split() == metadata["classes"] == ["class0", "class1", "class2"]
    card = (model / "README.md").read_text()
    for name, accuracy, images in (("validation", validation, 18), ("test", test, 12)):
        (line,) = [line for line in card.splitlines() if line.startswith(f"| {name} | {accuracy:.3f} | ")]
        assert line.endswith(f" | {round(accuracy * images)} of {images} |")
    assert "60 images to train, 18 to validate, 12 to test" in card

    for split, accuracy in (("validation", validation), ("test", test)):
        said = needle(tmp_path, "predict", "results/pictures/model", f"pictures/{split}")
        assert said.returncode == 0, said.stderr
        labels = {row["path"]: row["label"] for row in csv.DictReader(io.StringIO(said.stdout))}
        files = {str(path.relative_to(tmp_path)) for path in (tmp_path / "pictures" / split).rglob("*.png")}
        assert set(labels) == files
        right = sum(Path(path).parent.name == label for path, label in labels.items())
        assert right / len(files) == accuracy
    predictions = pq.read_table(model / "predictions.parquet").to_pylist()
    assert Counter((row["label"], row["predicted"]) for row in predictions) == Counter(
        (Path(path).parent.name, label) for path, label in labels.items()
    ), "of the test images, as predict has just said"
    assert all(Image.open(io.BytesIO(row["picture"])).size == (64, 64) for row in predictions)
    _check_files(tmp_path)

    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "results").rglob("*") if path.suffix != ".lock"}
    again = needle(tmp_path, *COMMAND, "--finetune")
    assert again.stdout == done.stdout, again.stderr
    assert "again" not in again.stderr, "it trains nothing"
    assert {path: path.stat().st_mtime_ns for path in before} == before

    (model / "variables" / "variables.index").write_bytes(b"")
    broken = needle(tmp_path, "predict", "results/pictures/model", "pictures/test")
    assert (broken.returncode, broken.stdout) == (1, "")
    assert "results/pictures/model is damaged" in broken.stderr


def _check_files(home: Path) -> None:
    """Several files, of which one is unreadable; JSON with the next classes; and nothing readable."""
    (home / "broken.png").write_bytes(b"\x89PNG nothing")
    Image.new("L", (20, 300), 200).save(home / "gray.png")
    said = needle(home, "predict", "results/pictures/model", "gray.png", "broken.png", "--top", "3", "--format", "json")
    assert said.returncode == 0
    assert "broken.png: skipped, not images" in said.stderr
    (row,) = json.loads(said.stdout)
    assert row["path"] == "gray.png"
    assert {row["label"], row["label_2"], row["label_3"]} == {"class0", "class1", "class2"}
    shares = [row["probability"], row["probability_2"], row["probability_3"]]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    nothing = needle(home, "predict", "results/pictures/model", "broken.png")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    many = needle(home, "predict", "results/pictures/model", "gray.png", "--top", "4")
    assert (many.returncode, many.stdout) == (2, "")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with what looks like a model until its network is loaded, and pictures."""
    model = tmp_path / "results" / "pets" / "model"
    (model / "variables").mkdir(parents=True)
    (model / "saved_model.pb").write_bytes(b"no network")
    (model / "metadata.json").write_text('{"classes": ["cat", "dog"], "made_of": {}}')
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (9, 9)).save(tmp_path / "photos" / "one.png")
    (tmp_path / "none").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("model", "images", "said"),
    [
        ("results/pets", "photos", "Did you mean 'results/pets/model'?"),
        ("results/pet/model", "photos", "Did you mean 'results/pets/model'?"),
        ("photos", "photos", "no metadata.json"),
        ("results/pets/model", "photo", "Did you mean 'photos'?"),
        ("results/pets/model", "none", "no images in none"),
        ("results/pets/model", "photos", "results/pets/model is damaged"),
    ],
)
def test_what_cannot_be_predicted_is_said(home: Path, model: str, images: str, said: str) -> None:
    done = needle(home, "predict", model, images)
    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [(("--model", "new"), 2, "--finetune"), (("--finetune", "--model", "photos"), 1, "photos is there")],
)
def test_where_the_model_cannot_go_is_said_before_anything_is_measured(
    home: Path, arguments: tuple[str, ...], status: int, said: str
) -> None:
    write_pictures(home / "pictures", "stripes", 10, classes=2)
    done = needle(home, "recommend", "pictures", "--strategy", "task_agnostic", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert said in done.stderr
    assert not (home / "results" / "pictures").exists()
