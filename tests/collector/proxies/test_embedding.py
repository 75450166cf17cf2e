"""What a probe says of a dataset, against plain loops."""

import numpy as np
import pytest
from clouds import clouds
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from collector.proxies.embedding import embedding


def test_it_is_the_mean_the_variance_and_the_information_of_every_weight() -> None:
    x, labels = clouds(60, 4, 3)
    centred = x - x.mean(axis=0)
    scaled = centred / np.sqrt((centred**2).sum(axis=1).mean())
    model = LogisticRegression(max_iter=10_000).fit(scaled, labels)
    p = softmax(scaled @ model.coef_.T + model.intercept_, axis=1)
    fisher = np.zeros(4)
    for example in range(60):
        for kind in range(3):
            for feature in range(4):
                fisher[feature] += x[example, feature] ** 2 * p[example, kind] * (1 - p[example, kind]) / (60 * 3)
    found = embedding(x, labels, 3)
    assert found.mean == pytest.approx([sum(column) / 60 for column in x.T])
    assert found.variance == pytest.approx([sum((column - sum(column) / 60) ** 2) / 60 for column in x.T])
    assert found.fisher == pytest.approx(fisher)


def test_a_constant_representation_has_no_variance_and_two_sure_classes_hardly_any_information() -> None:
    labels = np.array([0, 1] * 10)
    assert (embedding(np.full((20, 3), 2.0), labels, 2).variance == 0).all()
    apart = np.where(labels[:, None] == 1, 1.0, -1.0) * np.ones((20, 3))
    blurred = apart + np.random.default_rng(0).normal(size=(20, 3)) * 5
    assert (embedding(apart, labels, 2).fisher < embedding(blurred, labels, 2).fisher).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_representation_that_is_not_finite_is_refused(value: float) -> None:
    x, labels = clouds(20, 3, 2)
    x[4, 1] = value
    with pytest.raises(ValueError, match="finite"):
        embedding(x, labels, 2)
