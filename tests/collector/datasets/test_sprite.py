"""Sprites are drawn and labelled according to their factors."""

import numpy as np
import pytest

from collector.datasets.builders import split, sprite


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
