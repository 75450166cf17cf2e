"""What a collection prints about its progress: one bar on a terminal, few plain lines in a log, a time left that means something."""

import io

import fast
import pytest

from collector.execution.progress import Progress, View, bar, lines
from collector.planning.work_item import WorkItem, everything

ITEMS = everything(fast.study(10, 10))
SECONDS = 7.0  # of an item


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def collect(view: View, clock: Clock, items: list[WorkItem] = ITEMS) -> list[str]:
    """Run the items one after another, after two minutes of loading; the time left after each."""
    progress = Progress(items, view[0], clock)
    progress.on_message("loading TensorFlow")
    clock.now += 120
    left = []
    for item in items:
        progress.on_start(item)
        clock.now += SECONDS
        progress.on_end(item, True)
        left.append(progress.time_left)
    view[1]()
    return left


def test_a_log_gets_a_line_a_minute() -> None:
    file, clock = io.StringIO(), Clock()
    collect(lines(ITEMS, file, clock), clock)
    text = file.getvalue()
    found = text.splitlines()
    assert "\r" not in text
    assert found[0] == "0/400 cells, 00:00 elapsed, loading TensorFlow"
    assert found[-1] == "400/400 cells, 48:40 elapsed"
    assert 40 <= len(found) <= 2 + 49
    assert "knn m00 on d00" in found[1]
    assert all(" left, " in line and " on d0" in line for line in found[2:-1])


def test_a_bar_says_how_many_cells_there_are_from_the_start_and_names_what_runs() -> None:
    file = io.StringIO()
    collect(bar(ITEMS[:8], file), Clock(), ITEMS[:8])
    drawn = file.getvalue().split("\r")
    assert all("/8 cells |" in line for line in drawn if line.strip())
    assert "0/8 cells |" in drawn[1]
    assert "loading TensorFlow" in file.getvalue()
    assert "knn m00 on d00" in file.getvalue()


def test_the_time_left_is_said_once_it_can_be_known_and_then_falls_steadily() -> None:
    clock = Clock()
    left = collect((lambda progress: None, lambda: None), clock)
    assert left[0] == "", "one proxy of 400 items says nothing"
    assert left[-1] == ""
    first = next(position for position, text in enumerate(left) if text)
    assert first < len(left) / 20
    minutes = [
        sum(int(part) * 60**power for power, part in enumerate(reversed(text.split()[0].split(":")))) / 60
        for text in left
        if text
    ]
    true = [(len(ITEMS) - 1 - position) * SECONDS / 60 for position in range(first, len(ITEMS) - 1)]
    assert minutes == pytest.approx(true, rel=0.35, abs=1), "loading is not taken for work"


def test_an_item_that_is_tried_again_is_not_done() -> None:
    progress = Progress(ITEMS, lambda progress: None)
    progress.on_start(ITEMS[0])
    progress.on_end(ITEMS[0], False)
    assert (str(progress), progress.images, progress.message) == ("0/400 cells", 0, "")
