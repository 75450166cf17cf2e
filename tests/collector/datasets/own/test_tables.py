"""Tables of paths and labels, and splits that are given."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from own_pictures import CLASSES, load, noise, refused, write

from collector.datasets.own.images import NO_TEST, own_images


def rows(root: Path) -> list[tuple[str, str]]:
    return [(str(path.relative_to(root.parent)), path.parent.name) for path in sorted(root.rglob("*.png"))]


def test_tables_give_the_dataset_of_the_folder(root: Path) -> None:
    folder = own_images(str(root), "mine")
    table = root.parent / "mine.csv"
    with open(table, "w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows(
            [("Class", "extra", "filename"), *((label, "1", path) for path, label in rows(root)), ("", "", "x.png")]
        )
    found = own_images(str(table))
    assert replace(found, notes=found.notes[1:]) == folder
    assert found.notes[0] == "1 file skipped, rows without a path or a label: line 32."
    paths, labels = zip(*rows(root), strict=True)
    absolute = [str(root.parent / path) for path in paths]
    pq.write_table(pa.table({"image": absolute, "label": pa.array(labels).dictionary_encode()}), root.parent / "mine.parquet")
    assert own_images(str(root.parent / "mine.parquet")) == folder


def test_a_table_may_have_splits_and_numbers_for_labels(root: Path) -> None:
    paths = [path for path, _ in rows(root)]
    splits = ["Train", "val", "test"] * 10
    labels = [int("light" in path) for path in paths]
    pq.write_table(pa.table({"path": paths, "label": labels, "split": splits}), root.parent / "mine.parquet")
    found = own_images(str(root.parent / "mine.parquet"))
    assert (found.classes, found.counts) == (("0", "1"), (15, 15))
    assert (found.train, found.validation, found.test) == (10, 10, 10)
    assert found.dataset.test == "test"
    assert found.notes == ("Only 10 images to test on: accuracies are coarse.",)
    assert {image.tobytes() for image in load(found).train.images} == {
        noise(label, seed).tobytes() for label in CLASSES for seed in range(0, 15, 3)
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "needs a column path or file or image or filename. It has nothing."),
        ("path,lable\n", "needs a column label or class. It has 'lable'. Did you mean 'label'?"),
        ("path;label\n", "needs a column path or file or image or filename. It has path;label."),
        ("path,label\n", "has no row with a path and a label."),
        ("path,label\na,b.png,cat\n", "line 2: 3 values, and 2 columns."),
        ("path,label,split\na.png,cat,trian\n", "line 2: split 'trian' is not train, validation or test. Did you mean 'train'?"),
        ("path,label,split\na.png,cat,\n", "line 2: split '' is not train, validation or test."),
        ('path,label\n"a.png,cat\n', "cannot be read: unexpected end of data"),
        ("path,label\na.png,cat\n", "has no image that can be used.\n1 file skipped, no such file: a.png."),
    ],
)
def test_a_table_that_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "table.csv").write_text(text)
    said = refused(tmp_path / "table.csv")
    assert said.startswith(str(tmp_path / "table.csv"))
    assert message in said


def test_files_that_are_no_table(tmp_path: Path) -> None:
    (tmp_path / "table.parquet").write_bytes(b"PAR1 and no more")
    assert f"{tmp_path}/table.parquet cannot be read: " in refused(tmp_path / "table.parquet")
    (tmp_path / "table.xlsx").touch()
    assert "neither a folder nor a file whose name ends in .csv or .parquet" in refused(tmp_path / "table.xlsx")
    nested = pa.table({"image": [{"bytes": b""}], "label": ["cat"]})
    pq.write_table(nested, tmp_path / "nested.parquet")
    assert "nested.parquet cannot be read: " in refused(tmp_path / "nested.parquet")


def test_a_split_that_is_given_is_kept(root: Path, tmp_path: Path) -> None:
    for split, seeds in {"train": range(12), "valid": range(20, 25), "test": range(30, 33)}.items():
        for label in CLASSES:
            write(tmp_path / "divided" / split, label, seeds)
    found = own_images(str(tmp_path / "divided"))
    assert (found.train, found.validation, found.test, found.counts) == (24, 10, 6, (20, 20))
    assert {image.tobytes() for image in load(found).test.images} == {
        noise(label, n).tobytes() for label in CLASSES for n in (30, 31, 32)
    }

    shutil.rmtree(tmp_path / "divided/valid")
    found = own_images(str(tmp_path / "divided"))
    assert (found.train, found.validation, found.test, found.counts) == (19, 5, 6, (15, 15))
    assert found.notes[0] == "No validation images are given: 5 training images became that."
    shutil.rmtree(tmp_path / "divided/test")
    found = own_images(str(tmp_path / "divided"))
    assert (found.train, found.validation, found.test, found.dataset.test) == (19, 5, 5, "validation")
    assert found.notes[-1] == NO_TEST

    write(tmp_path / "divided/validation", "dark", range(40, 45))
    assert "Too few images in validation (at least 1 a class are needed) of light." in refused(tmp_path / "divided")
    (tmp_path / "divided/val").mkdir()
    assert "several folders for validation: val, validation." in refused(tmp_path / "divided")
    shutil.move(root, tmp_path / "divided/more")
    assert "divided into train, validation and test, and besides more" in refused(tmp_path / "divided")


def test_a_class_may_be_called_train_but_a_split_needs_classes(tmp_path: Path) -> None:
    write(tmp_path / "vehicles", "train", range(10))
    write(tmp_path / "vehicles", "test", range(10))
    assert "has only test, train: it needs a folder 'train', and one subfolder a class in it" in refused(tmp_path / "vehicles")
    write(tmp_path / "vehicles", "bus", range(10))
    assert own_images(str(tmp_path / "vehicles")).classes == ("bus", "test", "train")
