"""Right and wrong answers, against values by hand."""

import numpy as np
import pytest

from collector.trained.counts import accuracy, confusion, right, wilson


def test_a_confusion_has_a_row_for_each_class_and_a_column_for_each_answer() -> None:
    found = confusion(np.array([0, 0, 1, 2, 2, 2]), np.array([0, 2, 1, 2, 1, 2]), 4)
    assert found.tolist() == [[1, 0, 1, 0], [0, 1, 0, 0], [0, 1, 2, 0], [0, 0, 0, 0]]
    assert (right(found), accuracy(found)) == (4, 4 / 6)


def test_the_interval_is_wilsons() -> None:
    """8 of 10: (p + z²/2n ± z √(p(1 - p)/n + z²/4n²)) / (1 + z²/n), with z = 1.95996."""
    assert wilson(8, 10) == pytest.approx((0.490162, 0.943318), abs=1e-6)
    low, high = wilson(0, 5)
    assert (low, high) == pytest.approx((0, 0.434482), abs=1e-6)
    assert wilson(5, 5) == pytest.approx((1 - high, 1), abs=1e-12)
