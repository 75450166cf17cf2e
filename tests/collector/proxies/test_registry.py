"""Every registered proxy: what it asks for, degenerate representations, errors, determinism, its time, and its line in the docs."""

import inspect
import re
import subprocess
import sys

import numpy as np
import pytest
from clouds import clouds
from paths import ROOT
from threadpoolctl import threadpool_limits

from bench.proxies import cell, seconds
from collector.procedures.linear import Floats, Labels
from collector.proxies.registry import PROXIES, Proxy

OF_REPRESENTATION = [proxy for proxy in PROXIES.values() if "representation" in proxy.needs]
OF_BOTH_HALVES = [proxy for proxy in PROXIES.values() if "validation_labels" in proxy.needs]
OF_HEAD = [proxy for proxy in PROXIES.values() if proxy.needs_head]
EVERY = pytest.mark.parametrize("proxy", PROXIES.values(), ids=lambda proxy: proxy.name)
EVERY_OF_REPRESENTATION = pytest.mark.parametrize("proxy", OF_REPRESENTATION, ids=lambda proxy: proxy.name)

NORMAL = np.random.default_rng(0).normal(size=(60, 8))
SIX = np.arange(60) % 6
DEGENERATE: dict[str, tuple[Floats, Labels, int]] = {
    "constant": (np.full((60, 8), 0.1), SIX, 6),
    "zeros": (np.zeros((60, 8)), SIX, 6),
    "constant columns": (np.hstack([NORMAL, np.full((60, 3), 0.1)]), SIX, 6),
    "one dimension": (NORMAL[:, :1], SIX, 6),
    "rank one": (np.outer(NORMAL[:, 0], np.arange(1, 9)), SIX, 6),
    "a class with one example": (NORMAL, np.where(np.arange(60) == 7, 5, SIX % 5), 6),
    "classes missing": (NORMAL, 3 * SIX, 99),
    "every class with one example": (NORMAL, np.arange(60), 60),
    "more dimensions than examples": (np.random.default_rng(0).normal(size=(60, 300)), SIX, 6),
    "every example twice": (np.repeat(NORMAL[:30], 2, axis=0), SIX, 6),
    "every example twice, with two labels": (np.tile(NORMAL[:30], (2, 1)), np.repeat([0, 1], 30), 2),
    "two distinct examples": (np.repeat(NORMAL[:2], 30, axis=0), np.repeat([0, 1], 30), 2),
    "classes that are points": (NORMAL[SIX], SIX, 6),
    "five examples": (NORMAL[:5], np.array([0, 0, 1, 1, 1]), 2),
    "the largest values of float32": (NORMAL / np.abs(NORMAL).max() * float(np.finfo(np.float32).max), SIX, 6),
    "the least values of float32": (NORMAL * 1e-38, SIX, 6),
    "a large offset": (NORMAL + 1e6, SIX, 6),
    "an outlier": (np.vstack([NORMAL[1:], 1e6 * NORMAL[:1]]), SIX, 6),
}


def scored(proxy: Proxy, x: Floats, y: Labels, classes: int) -> float:
    """A proxy's score; the validation half is the representation backwards, the head one of four classes."""
    logits = np.random.default_rng(1).normal(size=(len(y), 4)) + np.eye(4)[np.arange(len(y)) % 4]
    inputs = {
        "representation": x,
        "labels": y,
        "classes": classes,
        "validation_representation": x[::-1],
        "validation_labels": y[::-1],
        "source_probabilities": np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True),
        "source_logits": logits,
    }
    return proxy.score(**{name: inputs[name] for name in proxy.needs})


@EVERY
def test_needs_are_the_arguments(proxy: Proxy) -> None:
    """Those that the registry has not given itself, k and metric of knn."""
    free = [
        name for name, argument in inspect.signature(proxy.score).parameters.items() if argument.kind != argument.KEYWORD_ONLY
    ]
    assert tuple(free) == proxy.needs
    assert PROXIES[proxy.name] is proxy
    assert proxy.needs_head == (proxy.name in {"leep", "eep", "nce", "energy"})


@EVERY_OF_REPRESENTATION
@pytest.mark.parametrize("case", DEGENERATE)
def test_a_degenerate_representation_has_a_score(proxy: Proxy, case: str) -> None:
    """A finite one, the same again."""
    x, y, classes = DEGENERATE[case]
    before = x.copy()
    score = scored(proxy, x, y, classes)
    assert isinstance(score, float)
    assert np.isfinite(score)
    assert scored(proxy, x, y, classes) == score
    np.testing.assert_array_equal(x, before)


@EVERY_OF_REPRESENTATION
def test_a_constant_has_one_score_whatever_its_value(proxy: Proxy) -> None:
    """Which is not the rounding of its mean. LogME has no intercept: a constant explains something there, zeros nothing."""
    if proxy.name != "logme":
        assert scored(proxy, *DEGENERATE["zeros"]) == pytest.approx(scored(proxy, *DEGENERATE["constant"]), rel=1e-12)
    assert scored(proxy, np.full((60, 8), 1 / 3), SIX, 6) == pytest.approx(scored(proxy, *DEGENERATE["constant"]), rel=1e-12)


@EVERY
def test_classes_without_examples_and_their_numbers_do_not_matter(proxy: Proxy) -> None:
    """Numbers that keep their order: a tie goes to the lower one."""
    x, y = clouds(90, 6, 4)
    renumbered = np.array([2, 3, 11, 40])[y]
    logits = x[:, :5] - x[:, :5].mean()
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    scores = []
    for labels, classes in ((y, 4), (renumbered, 99)):
        inputs = {
            "representation": x,
            "labels": labels,
            "classes": classes,
            "validation_representation": x + 0.5,
            "validation_labels": labels,
            "source_probabilities": probabilities,
            "source_logits": logits,
        }
        scores.append(proxy.score(**{name: inputs[name] for name in proxy.needs}))
    assert scores[0] == scores[1]


@EVERY
def test_two_threads_give_what_one_gives(proxy: Proxy) -> None:
    """Of a cell as large as haystack's, so that BLAS divides its products."""
    inputs = cell(n=300, m=100, d=400, classes=20)
    scores = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            scores.append(proxy.score(**{name: inputs[name] for name in proxy.needs}))
    assert scores[1] == pytest.approx(scores[0], rel=1e-9)


@EVERY_OF_REPRESENTATION
def test_float32_is_computed_in_float64(proxy: Proxy) -> None:
    x, y = clouds(60, 7, 3)
    single = x.astype(np.float32)
    assert scored(proxy, single, y, 3) == scored(proxy, single.astype(np.float64), y, 3)


@EVERY_OF_REPRESENTATION
@pytest.mark.parametrize(
    ("x", "y", "classes", "message"),
    [
        (np.where(np.arange(60)[:, None] == 3, np.nan, NORMAL), SIX, 6, "representation .* in 1 of 60 examples, first in example 3"),
        (np.where(np.arange(60)[:, None] > 57, np.inf, NORMAL), SIX, 6, "representation .* in 2 of 60 examples, first in example 58"),
        (NORMAL * 1e39, SIX, 6, "beyond float32's range"),
        (NORMAL[0], SIX, 6, r"representation has shape \(8,\); it takes two dimensions"),
        (NORMAL.astype(np.float16), SIX, 6, "representation is float16; it takes float32 or float64"),
        (NORMAL, SIX[:9], 6, r"labels has shape \(9,\); 60 examples need \(60,\)"),
        (NORMAL, SIX, 5, "labels goes from 0 to 5; 5 classes are 0 to 4"),
        (NORMAL, SIX / 1, 6, "labels is float64; labels are integers"),
        (NORMAL, 0 * SIX + 4, 6, "labels has only class 4; a proxy compares at least two classes"),
    ],
)  # fmt: skip
def test_refuses_what_has_no_score(proxy: Proxy, x: Floats, y: Labels, classes: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        scored(proxy, x, y, classes)


@pytest.mark.parametrize("proxy", OF_BOTH_HALVES, ids=lambda proxy: proxy.name)
def test_refuses_another_validation_half(proxy: Proxy) -> None:
    def given(x: Floats, y: Labels) -> float:
        return proxy.score(representation=NORMAL, labels=SIX, classes=6, validation_representation=x, validation_labels=y)

    with pytest.raises(ValueError, match="representation has 8 dimensions and validation_representation 7"):
        given(NORMAL[:, 1:], SIX)
    with pytest.raises(ValueError, match="validation_representation has values that are not finite"):
        given(NORMAL * np.nan, SIX)
    with pytest.raises(ValueError, match="validation_labels goes from 0 to 12; 6 classes are 0 to 5"):
        given(NORMAL, np.where(SIX == 5, 12, SIX))


def test_better_parted_classes_score_higher_everywhere() -> None:
    """But for NCTI's norms, which only together say something, and for what looks at the head."""
    for proxy in OF_REPRESENTATION:
        if proxy.name in {"ncti_collapse", "ncti_seli"}:
            continue
        scores = []
        for spread in (3, 1):
            x, y = clouds(400, 16, 4, spread=spread)
            inputs = {"representation": 0.5 / spread * x[:200], "labels": y[:200], "classes": 4,
                      "validation_representation": 0.5 / spread * x[200:], "validation_labels": y[200:]}  # fmt: skip
            scores.append(proxy.score(**{name: inputs[name] for name in proxy.needs}))
        assert scores[0] < scores[1], proxy.name


def test_all_of_a_cell_take_seconds() -> None:
    """800 x 1,280, 54 classes: under 5 s on an idle core, by `python -m bench.proxies`; here within what a busy machine makes of it."""
    assert sum(seconds(cell()).values()) < 20


def test_the_docs_have_a_line_for_each() -> None:
    page = (ROOT / "docs" / "proxies.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(PROXIES)


def test_no_tensorflow_is_loaded() -> None:
    code = "import sys, collector.proxies.registry; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
