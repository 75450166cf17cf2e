"""Representations are kept: what is loaded is what was saved, or nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from collector.artifacts import representations
from collector.artifacts.representations import Origin, Representation

ORIGIN = Origin(study="s", network="n", dataset="1")


def made(source_logits: np.ndarray | None) -> Representation:
    generator = np.random.default_rng(0)
    train, validation = (generator.normal(size=(count, 3)).astype(np.float32) for count in (5, 2))
    return Representation(train, np.arange(5, dtype=np.int32), validation, np.arange(2, dtype=np.int32), source_logits, 0.25)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEEDLE_CACHE", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("source_logits", [None, np.ones((5, 4), np.float32)])
def test_what_is_loaded_is_what_was_saved(source_logits: np.ndarray | None) -> None:
    saved = made(source_logits)
    representations.save("a/b", "d+1", ORIGIN, saved)
    loaded = representations.load("a/b", "d+1", ORIGIN)
    assert loaded is not None
    assert loaded.source_seconds == 0.25
    for name, value in vars(saved).items():
        np.testing.assert_equal(vars(loaded)[name], value, name)
        assert getattr(vars(loaded)[name], "dtype", None) == getattr(value, "dtype", None), name


@pytest.mark.parametrize("field", ["study", "network", "dataset"])
def test_what_has_another_origin_is_not_used_and_gives_way(field: str) -> None:
    representations.save("a", "d", ORIGIN, made(None))
    other = replace(ORIGIN, **{field: "other"})
    assert representations.load("a", "d", other) is None
    representations.save("a", "d", other, made(None))
    assert representations.load("a", "d", other) is not None


@pytest.mark.parametrize("kept", [0, 100, 700])
def test_what_is_damaged_is_not_used(cache: Path, kept: int) -> None:
    representations.save("a", "d", ORIGIN, made(None))
    (path,) = cache.rglob("*.npz")
    path.write_bytes(path.read_bytes()[:kept])
    assert representations.load("a", "d", ORIGIN) is None
    assert representations.load("b", "d", ORIGIN) is None


def test_a_flipped_bit_is_noticed(cache: Path) -> None:
    representations.save("a", "d", ORIGIN, made(None))
    (path,) = cache.rglob("*.npz")
    content = bytearray(path.read_bytes())
    content[content.index(made(None).train.tobytes()) + 5] ^= 1
    path.write_bytes(content)
    assert representations.load("a", "d", ORIGIN) is None
