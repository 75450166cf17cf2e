"""A user's own images become a dataset that loads like any other; whatever cannot be used is named."""

import csv
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tiny
import tiny_vtab
from numpy.typing import NDArray
from PIL import Image

from collector.datasets import loading, preparing
from collector.datasets.own import dividing, images, picture, storing
from collector.datasets.own.folder import list_folder
from collector.datasets.own.images import NO_TEST, OwnImages, own_images
from collector.datasets.own.listing import OwnImagesError
from collector.datasets.own.reading import read_all
from collector.spec.dataset import Dataset, DatasetError
from collector.storage.tables import dataset_table

SIDE = 32
CLASSES = {"dark": 0, "light": 140}  # the darkest level of their pictures


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEEDLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    return tmp_path / "cache/datasets"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes of 15 pictures."""
    for label in CLASSES:
        write(tmp_path / "pictures", label, range(15))
    return tmp_path / "pictures"


def noise(label: str, seed: int, side: int = SIDE) -> NDArray[np.uint8]:
    """A picture of another seed or label is no near copy: thumbnails of the noise are more than ten levels apart."""
    rng = np.random.default_rng([seed, *label.encode()])
    return (CLASSES.get(label, 75) + rng.integers(0, 106, (side, side, 3))).astype(np.uint8)


def write(folder: Path, label: str, seeds: Iterable[int], side: int = SIDE) -> None:
    (folder / label).mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        Image.fromarray(noise(label, seed, side)).save(folder / label / f"{seed:04}.png", compress_level=1)


def load(found: OwnImages, image_size: int = SIDE) -> loading.Images:
    protocol = replace(tiny.PROTOCOL, train_examples=found.train, validation_examples=found.validation, test_examples=None)
    return loading.load(found.dataset, protocol, image_size)


def refused(where: Path | str) -> str:
    with pytest.raises(OwnImagesError) as error:
        own_images(str(where))
    assert isinstance(error.value, DatasetError)
    return str(error.value)


def stored(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.glob("own_*/*"))


def of(notes: Iterable[str], part: str) -> list[str]:
    return [note for note in notes if part in note]


def test_a_folder_of_classes_loads_with_its_labels(root: Path) -> None:
    found = own_images(str(root))
    assert (found.classes, found.counts) == (("dark", "light"), (15, 15))
    assert (found.train, found.validation, found.test) == (24, 6, 6)
    assert found.notes == (NO_TEST,)
    row = found.dataset
    assert row == Dataset(
        "pictures", None, 2, "own images", row.version, "", f"own_{row.version}:1.0.0", test="validation", num_test=6
    )
    assert dataset_table([row], [6])["vtab_group"].to_pylist() == [None]
    loaded = load(found)
    for part, size in ((loaded.train, 12), (loaded.validation, 3), (loaded.test, 3)):
        assert np.bincount(part.labels).tolist() == [size, size]
        assert ((part.images.mean(axis=(1, 2, 3)) > 128) == part.labels).all()
    written = {noise(label, seed).tobytes() for label in CLASSES for seed in range(15)}
    read = [image.tobytes() for part in (loaded.train, loaded.validation) for image in part.images]
    assert len(read) == len(set(read)) == 30
    assert set(read) == written
    assert own_images(str(root), "mine").dataset == replace(row, dataset="mine")


def test_the_same_images_are_stored_once_whatever_they_are_called(
    root: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = own_images(str(root))
    for path in list(root.rglob("*.png")):
        path.rename(path.with_name(f"{10000 - int(path.stem)}.jpg"))  # another order, and another extension
    monkeypatch.setattr(storing, "encode", lambda path: pytest.fail("written again"))
    assert own_images(str(root)) == first
    assert stored(cache) == ["1.0.0"]


def test_a_changed_pixel_is_another_dataset(root: Path) -> None:
    first = own_images(str(root))
    pixels = noise("dark", 3)
    pixels[0, 0, 0] += 1
    Image.fromarray(pixels).save(root / "dark/0003.png")
    second = own_images(str(root))
    assert second.dataset.version != first.dataset.version
    assert replace(second, dataset=first.dataset) == first


def test_another_process_finds_what_was_stored(root: Path) -> None:
    row = own_images(str(root)).dataset
    code = (
        "from collector.datasets.preparing import find_builder; from collector.spec.dataset import Dataset; "
        f"print(find_builder({row!r}).info.splits['train'].num_examples)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "24\n"


def test_1000_images_are_for_learning_and_the_rest_for_testing(tmp_path: Path) -> None:
    write(tmp_path / "many", "dark", range(910), 20)
    write(tmp_path / "many", "light", range(383), 20)
    write(tmp_path / "many", "rare", range(7), 20)
    found = own_images(str(tmp_path / "many"))
    assert (found.train, found.validation, found.test, found.counts) == (800, 200, 300, (910, 383, 7))
    assert found.notes == ("The classes are unequal: dark has 910 images, rare 7.",)
    loaded = load(found, 20)
    labels = [np.bincount(part.labels, minlength=3).tolist() for part in (loaded.train, loaded.validation, loaded.test)]
    assert labels == [[560, 236, 4], [140, 59, 1], [210, 88, 2]]
    pictures = [{image.tobytes() for image in part.images} for part in (loaded.train, loaded.validation, loaded.test)]
    assert len(set.union(*pictures)) == 1300
    half = np.bincount(loaded.train.labels[:400])[0]  # 280 on average, give or take 7
    assert 250 < half < 310


@pytest.mark.parametrize(
    ("counts", "total", "least", "expected"),
    [
        ([50, 50], 20, 1, [10, 10]),
        ([10, 20, 70], 100, 5, [10, 20, 70]),
        ([5, 995], 100, 5, [5, 95]),
        ([6, 6, 988], 100, 5, [5, 5, 90]),
        ([5] * 300, 1000, 5, [5] * 300),  # more than the total
        ([0, 3], 2, 0, [0, 2]),
        ([0, 0], 0, 0, [0, 0]),
        ([1, 1, 1], 2, 0, [1, 1, 0]),
    ],
)
def test_shares_are_in_proportion(counts: list[int], total: int, least: int, expected: list[int]) -> None:
    assert dividing.shares(np.array(counts), total, least).tolist() == expected


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


def test_what_cannot_be_read_is_named(root: Path, tmp_path: Path) -> None:
    clean = own_images(str(root))
    dark = root / "dark"
    (dark / "empty.png").touch()
    (dark / "words.jpg").write_text("no picture")
    whole = (dark / "0001.png").read_bytes()
    (dark / "half.png").write_bytes(whole[: len(whole) // 2])
    # A header that says more pixels than there are: decoded, it would be damaged.
    for side, name in ((60000, "bomb.png"), (9000, "large.png")):
        header = whole[12:16] + side.to_bytes(4, "big") * 2 + whole[24:29]
        (dark / name).write_bytes(whole[:12] + header + zlib.crc32(header).to_bytes(4, "big") + whole[33:])
    Image.fromarray(np.ones((8, 8), np.float32)).save(dark / "float.tiff")
    Image.fromarray(np.full((8, 8), 70000, np.int32)).save(dark / "deep.tiff")
    (dark / "postscript.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n")
    for name in (".hidden.png", "Thumbs.db"):
        (dark / name).write_bytes(whole)
    for number in range(7):
        (dark / f"notes{number}.txt").touch()
    (root / "loose.png").write_bytes(whole)
    os.mkfifo(dark / "pipe")
    Image.fromarray(noise("dark", 99)).save(tmp_path / "outside.png")
    (dark / "outside.png").symlink_to(tmp_path / "outside.png")
    (dark / "circle.png").symlink_to(dark / "circle.png")
    (dark / "again").symlink_to(dark)
    (dark / "inside.png").symlink_to(root / "dark/0001.png")
    found = own_images(str(root))
    assert replace(found, notes=()) == replace(clean, notes=())
    assert set(found.notes) == {
        NO_TEST,
        "3 files skipped, not images: dark/empty.png, dark/postscript.png, dark/words.jpg.",
        "1 file skipped, levels outside 0 to 65,535: dark/deep.tiff.",
        "1 file skipped, damaged: dark/half.png.",
        "2 files skipped, more than 50,000,000 pixels: dark/bomb.png, dark/large.png.",
        "1 file skipped, floating-point pixels, whose range is unknown: dark/float.tiff.",
        "2 files skipped, hidden or the system's: dark/.hidden.png, dark/Thumbs.db.",
        "7 files skipped, not images by their names: dark/notes0.txt, dark/notes1.txt, dark/notes2.txt, dark/notes3.txt, "
        "dark/notes4.txt and 2 more.",
        "1 file skipped, not in the folder of a class: loose.png.",
        "2 files skipped, no such file: dark/circle.png, dark/pipe.",
        "1 file skipped, links that lead outside the folder: dark/outside.png.",
        "1 file skipped, links to folders: dark/again.",
        "1 image dropped, equal in every pixel to one that is kept: dark/inside.png.",
    }


def test_names_that_are_not_utf8(root: Path) -> None:
    odd = os.path.join(os.fsencode(root), b"caf\xe9\n")
    os.rename(root / "dark", odd)
    with open(os.path.join(odd, b"\xff.png"), "wb") as file:
        file.write(b"damaged")
    found = own_images(str(root))
    assert found.classes == ("caf\\xe9\\n", "light")
    assert found.notes[0] == "1 file skipped, not images: caf\\xe9\\n/\\xff.png."


def test_a_file_that_vanishes_is_named(root: Path) -> None:
    listing = list_folder(root)
    (root / "dark/0002.png").unlink()
    samples, notes = read_all(listing)
    assert len(samples) == 29
    assert notes == ["1 file skipped, no such file: dark/0002.png."]


def save(folder: Path, name: str, image: Image.Image, **options: object) -> NDArray[np.uint8]:
    """Save an image, read it as the project does, and return its pixels."""
    image.save(folder / name, **options)
    rgb = picture._decode(folder / name)[0]
    assert rgb.mode == "RGB"
    return np.asarray(rgb)


def test_every_kind_of_picture_becomes_rgb(root: Path) -> None:
    dark = root / "dark"
    colors = Image.fromarray(noise("dark", 50))
    levels = np.arange(256, dtype=np.uint16).reshape(16, 16)
    np.testing.assert_array_equal(save(dark, "deep.png", Image.fromarray(levels * 257))[..., 2], levels)
    np.testing.assert_array_equal(save(dark, "gray.png", Image.fromarray(levels.T.astype(np.uint8)))[..., 1], levels.T)
    palette = colors.quantize(16)
    np.testing.assert_array_equal(save(dark, "palette.png", palette), np.asarray(palette.convert("RGB")))
    save(dark, "print.tiff", Image.fromarray(noise("dark", 51)).convert("CMYK"))
    clear = np.dstack([noise("dark", 52), np.full((SIDE, SIDE), 255, np.uint8)])
    np.testing.assert_array_equal(save(dark, "opaque.png", Image.fromarray(clear)), clear[..., :3])
    clear[:16, :, 3] = 0
    on_white = save(dark, "clear.png", Image.fromarray(clear))
    assert (on_white[:16] == 255).all()
    np.testing.assert_array_equal(on_white[16:], clear[16:, :, :3])
    frames = [Image.fromarray(np.full((16, 16, 3), level, np.uint8)) for level in (0, 255)]
    assert (save(dark, "moving.webp", frames[0], save_all=True, append_images=frames[1:], lossless=True) == 0).all()
    found = own_images(str(root))
    assert found.counts == (22, 15)
    assert found.notes[:6] == (
        "1 16-bit image scaled to 8 bits.",
        "1 CMYK image converted to RGB.",
        "1 animated image reduced to the first frame.",
        "1 gray image given three equal channels.",
        "1 palette image given the colors of the palette.",
        "1 transparent image laid on white.",
    )


def test_pictures_are_turned_and_reduced(tmp_path: Path) -> None:
    pixels = np.zeros((300, 1500, 3), np.uint8)
    pixels[:, 1000:] = 255  # the right third
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees: what is right here belongs at the bottom
    for name, options in (("turned.png", {}), ("turned.jpg", {"quality": 95})):
        turned = save(tmp_path, name, Image.fromarray(pixels), exif=exif, **options)
        assert turned.shape == (512, 102, 3)
        assert turned[:330].max() < 60
        assert turned[352:].min() > 195


def test_jpeg_stays_jpeg_and_nothing_is_lost_otherwise(tmp_path: Path) -> None:
    Image.fromarray(noise("dark", 1)).save(tmp_path / "one.jpg")
    Image.fromarray(noise("dark", 1)).save(tmp_path / "one.png")
    assert picture.encode(tmp_path / "one.jpg")[1].startswith(b"\xff\xd8")
    assert picture.encode(tmp_path / "one.png")[1].startswith(b"\x89PNG")


def test_equal_pictures_are_dropped_and_contradictions_with_them(root: Path) -> None:
    shutil.copy(root / "dark/0001.png", root / "dark/copy.png")
    Image.open(root / "dark/0001.png").save(root / "dark/other.bmp")
    shutil.copy(root / "dark/0002.png", root / "light/wrong.png")
    found = own_images(str(root))
    assert found.counts == (14, 15)
    assert found.notes[:2] == (
        "2 images dropped, equal in every pixel to one that is kept: dark/copy.png, dark/other.bmp.",
        "2 images dropped, equal in every pixel but not in their labels: dark/0002.png, light/wrong.png.",
    )


def brighter(source: Path, target: Path) -> None:
    """A near copy: every pixel two levels brighter."""
    Image.fromarray(np.asarray(Image.open(source)) + np.uint8(2)).save(target)


def test_copies_across_given_splits_are_dropped_or_counted(tmp_path: Path) -> None:
    for split, seeds in {"train": range(12), "validation": range(20, 25), "test": range(30, 33)}.items():
        for label in CLASSES:
            write(tmp_path / "divided" / split, label, seeds)
    root = tmp_path / "divided"
    shutil.copy(root / "train/dark/0001.png", root / "test/dark/a.png")
    brighter(root / "train/dark/0001.png", root / "validation/dark/b.png")
    brighter(root / "validation/light/0020.png", root / "test/light/c.png")
    brighter(root / "train/light/0002.png", root / "train/light/d.png")  # within a split it does no harm
    found = own_images(str(root))
    assert (found.train, found.validation, found.test) == (25, 11, 7)
    assert (
        "1 image dropped, equal in every pixel to one that is kept, of which 1 in another split: test/dark/a.png." in found.notes
    )
    assert of(found.notes, "nearly equal") == [
        "2 images of validation and test nearly equal to one of another split: accuracies on them flatter."
    ]


def test_near_copies_come_into_one_split(root: Path) -> None:
    """Every second picture has a copy, two levels brighter; of the others, the dark ones have it among the light ones."""
    for path in sorted(root.rglob("*[02468].png")):
        brighter(path, path.with_name("near" + path.name))
    for path in sorted(root.glob("dark/00*[13579].png")):
        brighter(path, root / "light" / ("dark" + path.name))
    found = own_images(str(root))
    loaded = load(found)
    assert found.train + found.validation == 30 + 16 + 7
    assert 6 <= found.validation <= 11
    assert not of(found.notes, "nearly equal")
    differences = loaded.train.images[:, None].astype(int) - loaded.validation.images[None]
    assert np.abs(differences).max(axis=(2, 3, 4)).min() > 2


def test_near_copies_follow_the_first_of_them_unless_a_class_lost_most_of_its_validation() -> None:
    part = np.array([0, 1, 1, 2, 0, 1, 1, 1])
    groups = np.array([0, 0, 1, 1, 2, 2, 2, 3])  # one image of class 0 would leave validation, and two of three of class 1
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    assert dividing._together(part, groups, labels).tolist() == [0, 0, 1, 1, 0, 1, 1, 1]


def test_a_training_split_with_few_of_a_class_can_be_divided(tmp_path: Path) -> None:
    for split, label, count in (("train", "dark", 20), ("train", "light", 3), ("test", "dark", 23), ("test", "light", 6)):
        write(tmp_path / "divided" / split, label, range(count - 3 if split == "test" else 0, count))
    found = own_images(str(tmp_path / "divided"))
    assert (found.train, found.validation, found.test) == (18, 5, 6)
    assert np.bincount(load(found).validation.labels).tolist() == [4, 1]


def test_a_class_of_near_copies_is_still_validated(root: Path) -> None:
    for number in range(15):
        pixels = noise("dark", 0)
        pixels[number, 0] = 255
        Image.fromarray(pixels).save(root / f"dark/{number:04}.png")
    found = own_images(str(root))
    assert (found.train, found.validation) == (24, 6)
    assert of(found.notes, "nearly equal") == [
        "3 images of validation and test nearly equal to one of another split: accuracies on them flatter."
    ]


def test_too_little_to_learn_from(tmp_path: Path) -> None:
    root = tmp_path / "few"
    root.mkdir()
    assert "has no subfolders. Put the images of each class into a subfolder" in refused(root)
    (root / "dark").mkdir()
    assert refused(root) == f"{root} has no image that can be used."
    write(root, "dark", range(20))
    assert "has one class only, dark: at least two are needed." in refused(root)
    write(root, "light", range(4))
    (root / "other").mkdir()
    (root / "light/broken.png").touch()
    said = refused(root)
    assert "has too few images of light (4), other (0): each class needs at least 5." in said
    assert "1 file skipped, not images: light/broken.png." in said
    (root / "other").rmdir()
    shutil.rmtree(root / "dark")
    write(root, "dark", range(14))
    write(root, "light", range(5))
    assert "has 19 images: at least 20 are needed." in refused(root)


def test_a_disk_that_is_full_or_a_cache_that_is_no_folder(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10, 10, 30 * SIDE * SIDE * 3 - 1))
        said = refused(root)
    assert f"Too little disk space: keeping the images of pictures needs about 0.0 GB in {cache}" in said
    cache.parent.write_text("a file")
    assert f"The images could not be kept in {cache}. " in refused(root)


@pytest.mark.parametrize(
    "failure", [KeyboardInterrupt(), picture.Unreadable("no such file"), OSError(28, "No space left on device")]
)
def test_an_interrupted_writing_leaves_nothing(
    root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    done: list[Path] = []

    def encode(path: Path) -> tuple[bytes, bytes]:
        done.append(path)
        if len(done) == 26:  # the second picture of validation
            raise failure
        return picture.encode(path)

    with monkeypatch.context() as patch:
        patch.setattr(storing, "encode", encode)
        if isinstance(failure, KeyboardInterrupt):
            with pytest.raises(KeyboardInterrupt):
                own_images(str(root))
        else:
            expected = (
                "changed while the images were read" if isinstance(failure, picture.Unreadable) else "No space left on device"
            )
            assert expected in refused(root)
    assert stored(cache) == []
    assert len(load(own_images(str(root))).train.labels) == 24


def test_a_picture_that_changes_before_it_is_stored(root: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def change(*arguments: object) -> None:
        shutil.copy(root / "dark/0001.png", root / "dark/0002.png")
        storing.store(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(images, "store", change)
    assert refused(root) == f"{root}/dark/0002.png changed while the images were read. Run it again."
    assert stored(cache) == []


def test_a_published_dataset_keeps_its_files(cache: Path) -> None:
    builder = Dataset("digits", None, 10, "", "", "", "mnist:3.0.1")
    tiny_vtab.write(cache, builder, {"train": [{"label": n % 10} for n in range(11)], "test": [{}] * 3})
    before = sorted(cache.rglob("*"))
    found = own_images("mnist")
    assert sorted(cache.rglob("*")) == before
    assert (found.train, found.validation, found.test, found.counts, found.notes) == (8, 3, 3, (), ())
    assert found.classes == tuple("0123456789")
    row = found.dataset
    assert (row.dataset, row.builder, row.num_classes, row.vtab_group) == ("mnist", "mnist:3.0.1", 10, None)
    assert (row.train, row.validation, row.test, row.num_test) == ("train[:80%]", "train[80%:]", "test", 3)
    assert load(found).validation.labels.tolist() == [8, 9, 0]
    assert own_images("mnist:3.0.1", "digits").dataset == replace(row, dataset="digits")


def test_an_own_dataset_is_a_published_one_too(root: Path) -> None:
    row = own_images(str(root)).dataset
    found = own_images(row.builder)
    assert (found.train, found.validation, found.test, found.notes) == (24, 6, 6, (NO_TEST,))
    assert preparing.find_builder(found.dataset).info.full_name == row.builder.replace(":", "/")


def test_a_published_dataset_without_classes(cache: Path) -> None:
    tiny_vtab.write(cache, Dataset("", None, 0, "", "", "", "dsprites:2.1.0"), {"train": [{}]})
    assert "dsprites:2.1.0 has no features image and label, only " in refused("dsprites:2.1.0")


def test_training_images_beyond_1000_are_left_out_where_they_give_the_validation_images(tmp_path: Path) -> None:
    for label in CLASSES:
        write(tmp_path / "divided/train", label, range(510), 20)
        write(tmp_path / "divided/test", label, range(600, 602), 20)
    found = own_images(str(tmp_path / "divided"))
    assert (found.train, found.validation, found.test, found.counts) == (800, 200, 4, (512, 512))
    assert found.notes[:2] == (
        "No validation images are given: 200 training images became that.",
        "20 training images not used: 1,000 are divided into train and validation.",
    )


def test_what_is_nowhere(tmp_path: Path) -> None:
    assert "Did you mean 'mnist'?" in refused("mnits")
    assert "mnits is no folder or file here, and as a published dataset: mnits: unknown builder" in refused("mnits")
    assert "cannot be loaded at version 9.9.9" in refused("mnist:9.9.9")
    assert refused(tmp_path / "absent") == f"There is no folder or file '{tmp_path}/absent'."
    assert refused("") == "There is no folder or file ''."
