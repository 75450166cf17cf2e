"""The page League shows what the view league says, and nobody without a place has one."""

import time

import pytest
from session import opened, page_text, sound
from streamlit.testing.v1 import AppTest

from dashboard.format import LEVEL

pytestmark = pytest.mark.usefixtures("in_home")


def table(app: AppTest) -> list[dict[str, str]]:
    (found,) = app.dataframe
    records: list[dict[str, str]] = found.value.to_dict("records")
    return records


def test_the_one_that_loses_least_comes_first_and_the_oracle_stands_apart() -> None:
    app = sound(opened("league", "small", budget="1"))
    strategies = [row["strategy"] for row in table(app)]
    regrets = [float(row["regret"].split("\N{NARROW NO-BREAK SPACE}")[0]) for row in table(app)]
    assert regrets == sorted(regrets)
    assert "task_agnostic_oracle" not in strategies
    assert "Not in the competition" in page_text(app)
    (linear,) = [row for row in table(app) if row["strategy"] == "linear"]
    assert linear["regret"].startswith("45")
    assert linear["what it does"] == "Proxy linear. The highest score of the proxy linear on the dataset first."


def test_who_lacks_a_dataset_is_named_without_a_place() -> None:
    app = sound(opened("league", "half", datasets="whole"))
    assert "Means are over 1 of 2 datasets" in page_text(app)
    assert table(app)
    assert not sound(opened("league", "half")).dataframe


@pytest.mark.slow
def test_intervals_are_of_datasets_too() -> None:
    app = opened("league", "pond", intervals="1")
    end = time.monotonic() + 60
    while f"{LEVEL} interval" not in table(app)[0] and time.monotonic() < end:
        time.sleep(0.3)
        app.run()
    (linear,) = [row for row in table(sound(app)) if row["strategy"] == "linear"]
    assert " to " in linear[f"{LEVEL} interval"]
    assert linear["beats hybrid_linear"].endswith("%")
    assert "other datasets" in page_text(app)
