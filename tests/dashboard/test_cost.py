"""The chart of costs: paths of strategies, the Pareto front and its names, and the table below."""

import itertools
import re
from typing import Any

import numpy as np
import pytest
from paths import ROOT
from session import charts, opened, rows, sound

from dashboard.chart import cost
from dashboard.chart.labels import LETTER, LINE, places
from dashboard.page import figure

MINUTE = 60.0


def point(strategy: str, budget: int, minutes: float, regret: float) -> dict[str, Any]:
    return {"strategy": strategy, "budget": budget, "seconds": minutes * MINUTE, "relative_regret": regret, "speed_up": 2.0}


KNN = [point("knn", 1, 3, 0.4), point("knn", 2, 6, 0.1)]
LINEAR = [point("linear", 1, 30, 0.2), point("linear", 2, 40, 0.05)]
FRONT = [*KNN, LINEAR[1]]


def test_a_path_for_each_strategy_and_the_shaded_front() -> None:
    chart = cost.by_cost([*KNN, *LINEAR], FRONT, 2)
    spec = chart.to_dict(validate=True)
    by_mark = {layer["mark"]["type"]: layer for layer in spec["layer"]}
    for mark in ("line", "area"):
        assert by_mark[mark]["mark"]["interpolate"] == "step-after", "until the next fine-tune ends, there is only the last"
    assert by_mark["area"]["data"] == {"name": "front"}
    edge = [(row["seconds"] / MINUTE, row["relative_regret"]) for row in spec["datasets"]["front"]]
    assert edge == [(3, 0.4), (6, 0.1), (40, 0.05), (pytest.approx(42), 0.05)], "to the end of the axis"
    assert {row["text"] for row in spec["datasets"]["labels"]} == {"knn, B = 1", "knn, B = 2", "linear, B = 2"}
    assert {row["budget"] for row in spec["datasets"]["rows"] if row["chosen"]} == {2}
    drawn = figure.svg(chart).decode()
    assert re.findall(r">(\d+)\u202fmin<", drawn) == ["3", "5", "10", "20", "40"]
    assert drawn.count(">knn, B = 1<") == 1, "for one width at a time"
    assert "Infinity" not in drawn


def test_labels_keep_clear_of_each_other_and_of_lines() -> None:
    """Two points 20 pixels apart under a line: the second label goes lower, the third has no space at all."""
    points = [(100.0, 50.0), (120.0, 50.0), (10.0, 95.0)]
    texts = ["first", "second", "a text that is wider than the plot"]
    lines = [(0.0, 40.0, 200.0, 40.0)]
    found = places(points, texts, lines, 200, 100)
    assert [(texts[place.index], place.align) for place in found] == [("first", "right"), ("second", "left")]
    (strict,) = places(points[:1], texts[:1], [*lines, (0.0, 0.0, 95.0, 100.0)], 200, 100)
    assert strict.align == "left", "the other side is taken"
    assert places(points[:1], texts[:1], [(0.0, 0.0, 200.0, 100.0)], 200, 100) == []


@pytest.mark.usefixtures("in_home")
def test_the_front_of_haystack_is_named_and_listed() -> None:
    """The smallest network on average costs 35 minutes; everything costs 13 hours, and whoever loses nothing 7."""
    app = sound(opened("budget", str(ROOT / "results" / "haystack"), budget="2"))
    (table,) = app.dataframe
    shown = table.value
    assert list(shown["strategy"].iloc[:2]) == ["random", "upstream_examples"]
    assert shown["relative_regret"].iloc[-1] == 0
    assert shown["relative_regret"].is_monotonic_decreasing
    assert shown["seconds"].iloc[0].total_seconds() == 2089
    spec = charts(app)[2]
    assert {row["strategy"] for row in rows(spec)} == {
        "hybrid_knn_cosine_5", "hybrid_linear", "hybrid_logme", "linear", "random", "task_agnostic",
    }, "the drawn ones alone have paths"  # fmt: skip
    for wide, fewest in ((False, 5), (True, 9)):
        width = cost.WIDE if wide else cost.NARROW
        labels = [row for row in spec["datasets"]["labels"] if row["wide"] == wide]
        assert len(labels) >= fewest
        low, high = spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
        boxes = [box(row, low, high, spec["layer"][0]["encoding"]["y"]["scale"]["domain"][1], width) for row in labels]
        for one, other in itertools.combinations(boxes, 2):
            assert one[1] <= other[0] or other[1] <= one[0] or one[3] <= other[2] or other[3] <= one[2], (one, other)


def box(row: dict[str, Any], low: float, high: float, top: float, width: int) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of a label."""
    x = np.log(row["seconds"] / low) / np.log(high / low) * width
    y = cost.HEIGHT * (1 - np.sqrt(row["at"] / top))
    wide = LETTER * len(row["text"])
    left = x - wide if row["align"] == "right" else x
    return left, left + wide, y - LINE / 2, y + LINE / 2
