"""The folder of a trained model: complete or not at all, and what its card says. The network is a stand-in."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import tiny
from PIL import Image

from collector.trained.facts import Answers, Prediction, Run, Trained
from collector.trained.model_folder import ModelFolderError, check_writable, made_of, read, write

RUN = Run(0.3, 0, 77, 0.75, "2026-01-02T03:04:05", "a processor", "needle 0, numpy 1")
PREDICTIONS = (Prediction(1, 0, 0.9, b"picture"), Prediction(0, 0, 0.6, None))
ANSWERS = Answers(np.array([[2, 1], [0, 1]]), np.array([[5, 0], [3, 2]]), PREDICTIONS)
DATASET = replace(tiny.dataset("pets", 2), validation="validation")
TRAINED = Trained(
    tiny.model("zoo:tiny"), DATASET, tiny.PROTOCOL, ("cat", "dog|wolf"), (40, 30), ("2 files skipped.",), RUN, ANSWERS
)


def save(folder: Path, trained: Trained = TRAINED) -> Trained:
    (folder / "saved_model.pb").write_bytes(b"network")
    (folder / "variables").mkdir()
    return trained


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "model", save)
    found = read(tmp_path / "deep" / "model")
    assert found.classes == ("cat", "dog|wolf")
    assert found.made_of == made_of("tiny", "pets", "1", RUN)
    assert (tmp_path / "deep" / "model" / "labels.txt").read_text() == "cat\ndog|wolf\n"
    metadata = json.loads((tmp_path / "deep" / "model" / "metadata.json").read_text())
    assert (metadata["validation_accuracy"], metadata["test_accuracy"], metadata["image_size"]) == (0.75, 0.7, 16)
    assert pq.read_table(tmp_path / "deep" / "model" / "predictions.parquet").to_pylist() == [
        {"label": "dog|wolf", "predicted": "cat", "probability": 0.9, "picture": b"picture"},
        {"label": "cat", "predicted": "cat", "probability": 0.6, "picture": None},
    ]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["model"]


def test_the_card_counts_what_was_answered(tmp_path: Path) -> None:
    write(tmp_path / "model", save)
    card = (tmp_path / "model" / "README.md").read_text()
    assert "| validation | 0.750 | 0.301 to 0.954 | 3 of 4 |" in card
    assert "| test | 0.700 | 0.397 to 0.892 | 7 of 10 |" in card
    assert "| dog\\|wolf | 5 | 0.400 | 0.118 to 0.769 | cat (3) |" in card
    assert "48 images to train, 4 to validate, 10 to test" in card
    assert "cat 40, dog|wolf 30" in card
    assert "- 2 files skipped." in card
    assert "another device" not in card


def test_the_card_says_that_nothing_was_left_to_test_and_that_other_weights_came_out(tmp_path: Path) -> None:
    other = replace(
        TRAINED,
        dataset=replace(DATASET, test="validation"),
        run=replace(RUN, validation_accuracy=0.5),
        answers=Answers(ANSWERS.validation, ANSWERS.validation, ()),
    )
    write(tmp_path / "model", lambda folder: save(folder, other))
    card = (tmp_path / "model" / "README.md").read_text()
    assert "no images left to test on" in card
    assert "| test |" not in card
    assert "validation accuracy 0.500: it was trained on another device" in card
    assert json.loads((tmp_path / "model" / "metadata.json").read_text())["test_accuracy"] is None


@pytest.mark.parametrize("classes", [2, 40, 1000])
def test_the_picture_is_darker_where_there_are_more(tmp_path: Path, classes: int) -> None:
    counts = np.zeros((classes, classes), np.int64)
    counts[:, -1] = 3
    names = tuple(f"a class of a long name {number}" for number in range(classes))
    write(
        tmp_path / "model",
        lambda folder: save(folder, replace(TRAINED, classes=names, counts=(), answers=Answers(counts, counts, ()))),
    )
    image = Image.open(tmp_path / "model" / "confusion.png").convert("L")
    side = max(1, min(64, 900 // classes)) * classes
    margin = image.height - side - 10
    dark, light = (np.asarray(image)[margin : margin + side, at] for at in (margin + side - 1, margin + 1))
    assert dark.mean() < 120 < light.mean()


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    write(tmp_path / "model", save)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def fail(folder: Path) -> Trained:
        save(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "model", fail)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    write(tmp_path / "model", lambda folder: save(folder, replace(TRAINED, classes=("a", "b"))))
    assert read(tmp_path / "model").classes == ("a", "b")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_is_no_model_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.png").write_bytes(b"")
    check_writable(tmp_path / "empty")
    check_writable(tmp_path / "new")
    for name in ("photos", "photos/one.png"):
        with pytest.raises(ModelFolderError, match="--model"):
            write(tmp_path / name, save)


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda folder: (folder / "metadata.json").unlink(), "no metadata.json"),
        (lambda folder: (folder / "saved_model.pb").unlink(), "no saved_model.pb"),
        (lambda folder: (folder / "metadata.json").write_text("{"), "damaged"),
        (lambda folder: (folder / "metadata.json").write_text("[]"), "damaged"),
        (lambda folder: (folder / "metadata.json").write_text('{"classes": ["cat", 2], "made_of": {}}'), "damaged"),
        (lambda folder: (folder / "metadata.json").write_bytes(b"\xff"), "damaged"),
    ],
)
def test_a_damaged_folder_is_named(tmp_path: Path, break_it: object, said: str) -> None:
    assert callable(break_it)
    write(tmp_path / "model", save)
    break_it(tmp_path / "model")
    with pytest.raises(ModelFolderError, match=said) as error:
        read(tmp_path / "model")
    assert str(tmp_path / "model") in str(error.value)
