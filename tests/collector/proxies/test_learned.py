"""Learned proxies: the features of a fold, and what they learn from them."""

import math

import numpy as np
import pyarrow as pa
import pytest

from collector.proxies.learned import LEARNERS, fold, scores
from collector.proxies.registry import LEARNED


def examples(size: int = 8, sign: int = 1) -> pa.Table:
    """Five datasets to learn from, on which what is lost follows the first proxy's place (sign -1: the opposite), and a new one."""
    rows = [
        {
            "fold": "new",
            "dataset": dataset,
            "model": f"m{model}",
            "places": [model / (size - 1), ((3 * model + index) % size) / (size - 1)],
            "num_params": 10,
            "upstream_examples": None,
            "num_classes": 2,
            "lost": None if dataset == "new" else 0.5 - sign * 0.4 * model / (size - 1),
            "other_lost": 0.1,
        }
        for index, dataset in enumerate(["a", "b", "c", "d", "e", "new"])
        for model in range(size)
    ]
    return pa.Table.from_pylist(rows)


def test_the_features_are_places_facts_and_what_is_lost_elsewhere() -> None:
    found = fold(examples())
    assert found.models == tuple(f"m{i}" for i in range(8))
    assert found.x.shape == (40, 6)
    assert found.new[7] == pytest.approx([1.0, 2 / 7, math.log(11), 0, math.log(3), 0.1])
    assert found.lost[:2] == pytest.approx([0.5, 0.5 - 0.4 / 7])


def test_a_protocol_names_them_in_the_same_order() -> None:
    assert tuple(LEARNERS) == LEARNED


@pytest.mark.parametrize("learner", LEARNERS)
@pytest.mark.parametrize("sign", [1, -1])
def test_they_learn_which_proxy_to_follow_and_which_way(learner: str, sign: int) -> None:
    found = scores(learner, fold(examples(sign=sign)))
    assert sorted(found, key=found.__getitem__)[::-sign] == [f"m{i}" for i in range(8)][::-1]
    assert found["m7"] == pytest.approx(-(0.5 - sign * 0.4), abs=0.02)


@pytest.mark.parametrize("learner", LEARNERS)
def test_the_same_examples_give_the_same_scores_in_any_order(learner: str) -> None:
    table = examples()
    shuffled = table.take(np.random.default_rng(0).permutation(len(table)))
    expected = scores(learner, fold(table))
    assert scores(learner, fold(shuffled)) == pytest.approx(expected, abs=1e-9)
