"""VTAB's 19 tasks, read from real files of the real builders' features: which examples each split takes, and every computed class."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tiny_vtab import FEW, PLAIN, Example, indices_of, picture, write

from collector.datasets import loading
from collector.datasets.loading import Images
from collector.datasets.vtab import VTAB
from collector.spec.dataset import Dataset, DatasetError

pytestmark = pytest.mark.slow

TASKS = {dataset.dataset: dataset for dataset in VTAB}
# Of 22 and 23 examples, percentages that don't come out even: 80 % are 17.6 and 90 % are 19.8, or 60 % are 13.8 and 50 % are 11.5.
# tensorflow-datasets alone would begin one example later.
TAKEN = {
    "Caltech101": ({"train": 22, "test": 3}, ("train", 19, 21), ("test", 0, 3)),
    "CIFAR-100": ({"train": 22, "test": 3}, ("train", 19, 21), ("test", 0, 3)),
    "DTD": ({"train": 9, "validation": 3, "test": 3}, ("validation", 0, 2), ("test", 0, 3)),
    "Flowers102": ({"train": 9, "validation": 3, "test": 3}, ("validation", 0, 2), ("test", 0, 3)),
    "Pets": ({"train": 22, "test": 3}, ("train", 17, 19), ("test", 0, 3)),
    "Sun397": ({"train": 9, "validation": 3, "test": 3}, ("validation", 0, 2), ("test", 0, 3)),
    "SVHN": ({"train": 22, "test": 3, "extra": 1}, ("train", 19, 21), ("test", 0, 3)),
    "Camelyon": ({"train": 9, "validation": 3, "test": 3}, ("validation", 0, 2), ("test", 0, 3)),
    "EuroSAT": ({"train": 22}, ("train", 13, 15), ("train", 17, 22)),
    "Resisc45": ({"train": 23}, ("train", 13, 15), ("train", 18, 23)),
    "Retinopathy": ({"sample": 1, "train": 9, "validation": 3, "test": 3}, ("validation", 0, 2), ("test", 0, 3)),
    "Clevr-Count": ({"train": 22, "validation": 4, "test": 1}, ("train", 19, 21), ("validation", 0, 4)),
    "Clevr-Dist": ({"train": 22, "validation": 4, "test": 1}, ("train", 19, 21), ("validation", 0, 4)),
    "DMLab": ({"train": 9, "validation": 3, "test": 3}, ("validation", 0, 2), ("test", 0, 3)),
    "KITTI-Dist": ({"train": 9, "validation": 3, "test": 3}, ("validation", 0, 2), ("test", 0, 3)),
    "dSpr-Loc": ({"train": 22}, ("train", 17, 19), ("train", 19, 22)),
    "dSpr-Orient": ({"train": 22}, ("train", 17, 19), ("train", 19, 22)),
    "sNORB-Azim": ({"train": 9, "test": 23}, ("test", 0, 2), ("test", 11, 23)),
    "sNORB-Elev": ({"train": 9, "test": 23}, ("test", 0, 2), ("test", 11, 23)),
}
# What the computed classes need of an example that only tells its index.


def load(folder: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, size: int = 64) -> Images:
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
    return loading.load(dataclasses.replace(dataset, num_test=None), FEW, size)


@pytest.mark.parametrize("name", TASKS)
def test_each_split_takes_the_examples_that_vtab_takes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = TASKS[name]
    sizes, validation, test = TAKEN[name]
    plain = PLAIN.get(dataset.builder.split(":")[0], {})
    # Indices go on from split to split, so that each tells its split.
    start = {split: sum(list(sizes.values())[:place]) for place, split in enumerate(sizes)}
    examples = {
        split: [{**plain, "image": picture(dataset, start[split] + index)} for index in range(count)]
        for split, count in sizes.items()
    }
    write(tmp_path, dataset, examples)
    images = load(tmp_path, dataset, monkeypatch)
    assert indices_of(dataset, images.train.images) == [start["train"] + index for index in range(8)]
    assert indices_of(dataset, images.validation.images) == [start[validation[0]] + index for index in range(*validation[1:])]
    assert indices_of(dataset, images.test.images) == [start[test[0]] + index for index in range(*test[1:])]
    for split in (images.train, images.validation, images.test):
        assert split.images.shape == (len(split.labels), 64, 64, 3)
        assert (split.images == split.images[..., :1]).all(), "a gray picture has three equal channels"


@pytest.mark.parametrize("dataset", VTAB, ids=list(TASKS))
def test_the_builder_is_the_newest_of_its_major_version(dataset: Dataset, tmp_path: Path) -> None:
    """As tensorflow-datasets has it; no class outside what the builder's own label says."""
    version = dataset.builder.split(":")[1]
    builder = tfds.builder(dataset.builder, data_dir=tmp_path)
    versions = {*map(str, builder.supported_versions), str(builder.canonical_version)}
    assert max(versions, key=lambda text: [*map(int, text.split("."))]) == version == dataset.version
    features = builder.info.features
    if dataset.label in features:
        assert features[dataset.label].num_classes == dataset.num_classes


def classes(folder: Path, name: str, examples: Sequence[Example], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The classes of made-up test examples."""
    dataset = dataclasses.replace(TASKS[name], train="train[:8]", validation="train[8:]", test="train[10:]")
    plain = PLAIN.get(dataset.builder.split(":")[0], {})
    write(folder, dataset, {"train": [plain] * 10 + list(examples)})
    labels: list[int] = load(folder, dataset, monkeypatch, 2).test.labels.tolist()
    return labels


def above(value: float) -> float:
    return float(np.nextafter(np.float32(value), np.float32(np.inf)))


def below(value: float) -> float:
    return float(np.nextafter(np.float32(value), np.float32(-np.inf)))


def scene(*depths: float) -> Example:
    return {"objects": [{"size": 0, "pixel_coords": [500, 700, depth]} for depth in depths]}


def street(*objects: tuple[int, float]) -> Example:
    return {"objects": [{"type": kind, "location": [-500, 700, depth]} for kind, depth in objects]}


def test_clevr_counts_objects_from_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenes = [scene(*[9] * count) for count in range(3, 11)]
    assert classes(tmp_path, "Clevr-Count", scenes, monkeypatch) == list(range(8))


def test_clevr_distance_is_the_bin_of_the_nearest_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {0.001: 0, 4: 0, below(8): 0, 8: 0, above(8): 1, 8.5: 1, above(8.5): 2, 9: 2, above(9): 3, 9.5: 3, above(9.5): 4,
                10: 4, above(10): 5, 50: 5, 100: 5}  # fmt: skip
    scenes = [scene(1000, depth, 100, depth) for depth in expected]
    assert classes(tmp_path, "Clevr-Dist", scenes, monkeypatch) == list(expected.values())


def test_kitti_distance_is_the_bin_of_the_nearest_vehicle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {above(-100): 0, -3: 0, 0: 0, 8: 0, above(8): 1, 20: 1, above(20): 2, 998: 2, 999: 2, above(999): 3}
    streets = [street((3, 1), (kind % 3, depth), (7, 2), (0, 2000)) for kind, depth in enumerate(expected)]
    none = [street(), street((3, 5), (4, 5), (5, 5), (6, 5), (7, 5)), street((2, 7), (1, 30))]
    assert classes(tmp_path, "KITTI-Dist", streets + none, monkeypatch) == [*expected.values(), 3, 3, 0]


def test_dsprites_groups_neighbouring_values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """32 positions two by two; 40 orientations by 2.5: three and two in turn."""
    found = classes(tmp_path / "x", "dSpr-Loc", [{"label_x_position": place} for place in range(32)], monkeypatch)
    assert found == [place for place in range(16) for _ in range(2)]
    found = classes(tmp_path / "o", "dSpr-Orient", [{"label_orientation": place} for place in range(40)], monkeypatch)
    assert found == [place for pair in range(8) for place in (2 * pair, 2 * pair, 2 * pair, 2 * pair + 1, 2 * pair + 1)]


def test_smallnorb_has_its_own_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = [{"label_azimuth": place, "label_elevation": place // 2} for place in range(18)]
    assert classes(tmp_path / "a", "sNORB-Azim", examples, monkeypatch) == list(range(18))
    assert classes(tmp_path / "e", "sNORB-Elev", examples, monkeypatch) == [place // 2 for place in range(18)]


@pytest.mark.parametrize(
    ("name", "example", "label"),
    [
        ("Clevr-Count", scene(9, 9), -1),
        ("Clevr-Count", scene(*[9] * 11), 8),
        ("Clevr-Dist", scene(9, 0), -1),
        ("Clevr-Dist", scene(above(100)), 6),
        ("KITTI-Dist", street((0, -100)), -1),
    ],
)
def test_what_lies_in_no_bin_is_refused(
    name: str, example: Example, label: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DatasetError, match=rf"{name}: 'train\[10:\]' has label {label}, outside 0\.\."):
        classes(tmp_path, name, [example], monkeypatch)
