"""Datasets are divided so that no copy is in another split and every class has training pictures."""

import numpy as np
import pytest

from collector.datasets.builders import split


def test_equal_pictures_are_dropped_but_for_the_first():
    pictures = np.array([[1], [2], [1], [3], [2]], np.uint8)
    assert split.distinct(pictures).tolist() == [0, 1, 3]


def test_of_similar_pictures_the_first_is_kept():
    similar = np.eye(4, dtype=bool)
    for one, other in [(0, 1), (1, 2)]:  # 2 is like 1, which is dropped: so 2 may stay
        similar[one, other] = similar[other, one] = True
    assert split.without_copies(similar).tolist() == [0, 2, 3]


def test_near_copies_differ_by_few_gray_levels():
    pictures = np.array([[0, 0], [3, 4], [10, 10], [13, 14]], np.uint8)  # the first and last two are sqrt(25 / 2) = 3.5 apart
    assert np.argwhere(split.near_copies(pictures, 3.6)).tolist() == [[0, 1], [1, 0], [2, 3], [3, 2]]
    assert not split.near_copies(pictures, 3.5).any()


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
