"""The page Compare says what may be concluded of two strategies, and no more."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
import world
from paths import ROOT
from session import charts, opened, page_text, rows, sound
from streamlit.testing.v1 import AppTest

from dashboard.chart.cells import MEAN
from dashboard.page import compare
from dashboard.page.verdict import Comparison, judged
from warehouse import connect

COMPARED = Comparison("linear", "knn", budget=2, delta=0.02, datasets=19, sources=11, needed=6)
ABOVE, BELOW, AROUND = (
    {"low": low, "high": high, "with_repeats": True} for low, high in ((0.01, 0.03), (-0.03, -0.01), (-0.01, 0.05))
)


@pytest.mark.parametrize(
    ("compared", "interval", "headline"),
    [
        (COMPARED, ABOVE, "`linear` is ahead, whichever datasets are drawn."),
        (replace(COMPARED, delta=-0.02), BELOW, "`knn` is ahead, whichever datasets are drawn."),
        (COMPARED, AROUND, "`linear` is ahead on average, not separable across 19 datasets of 11 sources."),
        (replace(COMPARED, delta=-0.01), AROUND, "`knn` is ahead on average, not separable across 19 datasets of 11 sources."),
        (COMPARED, {**ABOVE, "low": 0.0}, "`linear` is ahead on average, not separable across 19 datasets of 11 sources."),
        (replace(COMPARED, delta=0.0), AROUND, "The two tie on average across 19 datasets of 11 sources."),
        (
            replace(COMPARED, sources=2),
            ABOVE,
            "`linear` is ahead here, but 2 sources of datasets are too few to rank by, which takes 6.",
        ),
        (replace(COMPARED, datasets=1, sources=1), None, "No ranking possible: one dataset."),
        (replace(COMPARED, sources=1), None, "No ranking possible: all 19 datasets are of one source."),
        (replace(COMPARED, budget=11), None, "No ranking: there is no interval."),
        (COMPARED, None, "No ranking: there is no interval."),
    ],
    ids=range(11),
)
def test_the_verdict_says_what_the_interval_over_datasets_allows(
    compared: Comparison, interval: dict[str, object] | None, headline: str
) -> None:
    assert judged(compared, interval).headline == headline


def test_one_repeat_is_named() -> None:
    said = judged(COMPARED, {**ABOVE, "with_repeats": False})
    assert "interval over datasets (19 datasets, by their 11 sources)" in said.reason
    assert "there is one repeat" in said.reason
    assert "over datasets and repeats" in judged(COMPARED, ABOVE).reason


def concluded(app: AppTest) -> AppTest:
    """The page once it has its verdict."""
    end = time.monotonic() + 90
    while "No verdict yet" in page_text(app):
        assert time.monotonic() < end
        time.sleep(0.3)
        app = app.run()
    return sound(app)


@pytest.mark.slow
@pytest.mark.usefixtures("in_home")
def test_the_intervals_come_by_themselves_that_over_datasets_first(home: Path) -> None:
    app = sound(opened("compare", strategy="linear", baseline="task_agnostic", budget="1"))
    assert "No verdict yet" in page_text(app), "the page does not wait, and says nothing that it does not know"
    assert all(row["low"] is None for row in rows(charts(app)[0]))
    app = concluded(app)
    sql = "select low, high from mean_delta_dataset_interval where strategy = 'linear' and baseline = 'task_agnostic' " \
          "and pool = 'ALL' and budget = 1"  # fmt: skip
    of_datasets = sql.replace(
        "select low, high from mean_delta_dataset_interval", "select dataset, low, high from delta_interval"
    )
    with connect(home / "results" / "pond", question=f"{sql} {of_datasets}", only=["linear", "task_agnostic"]) as con:
        low, high = con.execute(sql).fetchall()[0]
        whiskers = {(MEAN, low, high), *con.execute(of_datasets).fetchall()}
    ends = [f"{100 * end:+.1f}".replace("-", "−") for end in (low, high)]
    assert all(end in app.markdown[0].value for end in ends), (ends, app.markdown[0].value)
    assert ("ahead on average, not separable" in page_text(app)) == (low <= 0 <= high)
    assert "9 datasets" in page_text(app)
    assert "Over repeats alone" in page_text(app)
    assert {(row["dataset"], row["low"], row["high"]) for row in rows(charts(app)[0])} == whiskers
    assert len(whiskers) == 10


@pytest.mark.usefixtures("in_home")
def test_where_mean_regret_prefers_the_other_the_page_says_so() -> None:
    """On haystack with two fine-tunes hybrid_logme loses less, and has the lower delta."""
    app = sound(opened("compare", str(ROOT / "results" / "haystack"), budget="2"))
    assert "By mean regret `hybrid_logme` is ahead: 6.0" in page_text(app)
    app = sound(opened("compare", "small", budget="1", strategy="linear", baseline="knn"))
    assert "By mean regret" not in page_text(app)


@pytest.mark.usefixtures("in_home")
def test_all_pairs_of_the_drawn_strategies() -> None:
    """At B = 1 (world.py): knn takes b and c, linear a twice, so that linear has -0.5 and -0.4; task_agnostic takes a, too."""
    app = sound(opened("compare", "small", budget="1", strategies="linear,knn,task_agnostic"))
    found = {(row["strategy"], row["baseline"]): (row["delta"], row["text"]) for row in rows(charts(app)[1])}
    assert found["linear", "knn"] == (pytest.approx(-0.45), "−45.0")
    assert found["knn", "linear"] == (pytest.approx(0.45), "+45.0")
    assert found["linear", "task_agnostic"] == (0.0, "0")
    assert not any(strategy == baseline for strategy, baseline in found)


@pytest.mark.usefixtures("in_home")
def test_of_many_strategies_the_best_are_paired_and_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "MOST", 2)
    app = sound(opened("compare", "small", budget="1", strategies="linear,knn,num_params"))
    assert {row["strategy"] for row in rows(charts(app)[1])} == {"knn", "num_params"}, (
        "0 and 0.386 (0.34 of 0.44, 0), linear 0.45"
    )
    assert "The 2 with the lowest mean regret of" in page_text(app)


def test_one_source_ranks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    datasets = [{**row, "source": f"photos: part {i}"} for i, row in enumerate(world.DATASETS)]
    world.write_study(tmp_path / "results" / "twins", datasets=datasets)
    app = sound(opened("compare", "twins", strategy="linear", baseline="knn", budget="1"))
    assert "No ranking possible: all 2 datasets are of one source." in page_text(app)
