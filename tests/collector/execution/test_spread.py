"""How far a score depends on the images that it saw."""

import numpy as np
import pytest
import tiny
from clouds import clouds

from collector.artifacts.representations import Representation
from collector.execution import spread as room
from collector.execution.spread import DRAWS, spread
from collector.proxies.registry import PROXIES
from collector.spec.study import Study

NET = tiny.model("zoo:tiny")
TWO = tiny.dataset("two", 2)
STUDY = Study(tiny.PROTOCOL, (NET,), (TWO,))


def keep(monkeypatch: pytest.MonkeyPatch, labels: np.ndarray) -> Representation:
    x, _ = clouds(len(labels), 4, 2)
    kept = Representation(x.astype(np.float32), labels.astype(np.int32), x[:6].astype(np.float32), labels[:6].astype(np.int32))
    monkeypatch.setattr(room, "kept_representation", lambda study, model, dataset: kept)
    return kept


def test_it_is_the_range_of_the_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = keep(monkeypatch, np.array([0, 1] * 20))
    found = []
    for draw in range(DRAWS):
        rows = np.random.default_rng(draw).permutation(40)[:20]
        found.append(PROXIES["logme"].score(representation=kept.train[rows], labels=kept.train_labels[rows], classes=2))
    assert spread(STUDY, NET, TWO, "logme") == (min(found), max(found))
    assert min(found) < max(found)


def test_a_half_of_one_class_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(monkeypatch, np.array([1] + [0] * 9))
    assert spread(STUDY, NET, TWO, "logme") is None


def test_what_is_not_kept_or_asks_a_head_that_nobody_asked_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(monkeypatch, np.array([0, 1] * 20))
    assert spread(STUDY, NET, TWO, "leep") is None
    assert spread(STUDY, NET, TWO, "linear") is None
    assert spread(STUDY, tiny.model("/a/folder"), TWO, "logme") is None
