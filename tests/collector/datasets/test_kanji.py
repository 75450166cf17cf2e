"""Kanji are drawn from their strokes and labelled by their number."""

import zipfile

import numpy as np
import pytest

from collector.artifacts import download, packages
from collector.datasets.builders import kanji


@pytest.fixture(scope="module")
def kanjivg():
    with zipfile.ZipFile(download.fetch(packages.KANJIVG)) as archive:
        yield archive


def drawing(archive, character):
    return archive.read(f"kanji/{ord(character):05x}.svg")


def svg(*paths):
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(f"<path d={path!r}/>" for path in paths)}</svg>'.encode()


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


def test_only_base_forms_of_ideographs_are_drawn(kanjivg):
    assert len(kanji.members(kanjivg)) == 6413
    assert kanji.members(kanjivg)[0] == f"kanji/{ord('一'):05x}.svg"
