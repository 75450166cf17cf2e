"""Every page on the study that ships, and on half-collected, empty and broken ones."""

from pathlib import Path

import pytest
import world
from paths import ROOT
from session import charts, opened, page_text, rows, sound

from dashboard.app import PAGES
from dashboard.chart.cells import MEAN

pytestmark = pytest.mark.usefixtures("in_home")

SHIPPED = ROOT / "results" / "haystack"
CHARTS = {
    "start": 2, "recommend": 0, "regret": 2, "compare": 2, "budget": 3, "models": 3,
    "datasets": 1, "proxies": 3, "audit": 1, "studies": 0, "simulate": 1, "data": 0,
}  # fmt: skip


MARKED_PAGES = [pytest.param(page, marks=pytest.mark.slow) if page in ("audit", "studies") else page for page in PAGES]  # seconds


@pytest.mark.parametrize("page", MARKED_PAGES)
def test_every_page_of_the_study_that_ships(page: str) -> None:
    app = sound(opened(page, str(SHIPPED), **({"other": "pond"} if page == "studies" else {})))
    assert not app.error
    assert not app.warning
    assert not app.info
    found = charts(app)
    assert len(found) == CHARTS[page]
    assert all(rows(spec) for spec in found)
    captions = [caption.value for caption in app.caption]
    for chart in app.get("vega_lite_chart"):
        (said,) = {chart.proto.alt.removesuffix(caption) for caption in captions if chart.proto.alt.endswith(caption)}
        assert said.endswith(". "), "its result, before the sentence below that says how to read it"
    assert len([code for code in app.code if code.value.startswith(("select", "from"))]) >= len(found), "its SQL"
    for kind in ("SVG", "PNG"):
        assert len([button for button in app.get("download_button") if button.label == kind]) == len(found)
    if page == "start":
        assert "2,508 fine-tunes" in page_text(app)


def test_partial_fine_tunes_are_not_the_best_within_a_budget() -> None:
    """hybrid_partial_1_2 loses less with two fine-tunes, after half a fine-tune of all 22 networks."""
    app = sound(opened("start", str(SHIPPED), budget="2"))
    lowest = {row["strategy"] for row in rows(charts(app)[1]) if row["budget"] == 2 and row["lowest"]}
    assert lowest == {"hybrid_logme"}
    assert "Fine-tune 2 of the 22 models, chosen by *Hybrid with logme* (`hybrid_logme`)" in page_text(app)


LEADERS = ["hybrid_logme", "hybrid_knn_cosine_5"]  # with two fine-tunes


@pytest.mark.parametrize(("page", "chart"), [("regret", 0), ("budget", 1), ("models", 1)])
def test_the_two_that_lose_least_are_always_drawn(page: str, chart: int) -> None:
    """hybrid_partial_1_2 loses less, after half a fine-tune of every network, and task_agnostic_oracle reads the answer."""
    app = sound(opened(page, str(SHIPPED), budget="2", strategies="linear"))
    spec = charts(app)[chart]
    drawn = spec["datasets"]["picks"] if page == "models" else rows(spec)
    assert list(dict.fromkeys(row["strategy"] for row in drawn)) == ["linear", *LEADERS]
    assert "Drawn, too, as the best with 2 fine-tunes: `hybrid_logme` and `hybrid_knn_cosine_5`." in page_text(app)


def test_compare_opens_on_the_two_that_lose_least_unless_the_link_says_otherwise() -> None:
    app = sound(opened("compare", str(SHIPPED), budget="2"))
    assert [app.selectbox(key=key).value for key in ("strategy", "baseline")] == LEADERS
    app = sound(opened("compare", str(SHIPPED), budget="2", strategy="linear"))
    assert [app.selectbox(key=key).value for key in ("strategy", "baseline")] == ["linear", LEADERS[0]]


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_a_half_collected_study(page: str) -> None:
    app = sound(opened(page, "half"))
    assert not app.error
    if page == "start":
        assert "needle collect --study half" in page_text(app)
        assert "finetune: 6 runs missing, such as a on pets" in page_text(app)
    if page == "regret":
        assert {row["dataset"] for row in rows(charts(app)[0])} == {"depth"}, "right, or absent"
        assert "Missing: no strategy has a regret on `pets`, because runs are missing." in page_text(app)
    if page == "data":
        assert "needle plan --study half" in page_text(app)


def test_means_may_be_over_the_datasets_on_which_the_pool_is_whole() -> None:
    """The half study lacks runs on pets: no mean over both datasets, and one over depth alone, which says so."""
    assert not charts(sound(opened("start", "half")))
    app = sound(opened("start", "half", datasets="whole"))
    assert len(charts(app)) == 2
    assert "Means are over 1 of 2 datasets" in page_text(app)
    assert "mean over 1 of 2 datasets" in str(charts(sound(opened("regret", "half", datasets="whole"))))


@pytest.mark.parametrize("page", [page for page in PAGES if page != "recommend"])  # that is of another kind of study
def test_every_page_of_an_empty_study(page: str) -> None:
    app = sound(opened(page, "empty"))
    assert not app.error
    assert not charts(app)
    assert "needle collect --study empty" in page_text(app)


@pytest.mark.parametrize("page", ["regret", "budget", "models", "datasets", "proxies"])
def test_every_page_of_a_study_that_knows_nothing_of_its_models(page: str) -> None:
    """As an imported table may be: names and accuracies, no groups, no sizes, no proxies, one run a cell."""
    app = sound(opened(page, "tidy"))
    assert not app.error
    assert len(charts(app)) == {"regret": 1, "budget": 2, "models": 3, "datasets": 1, "proxies": 0}[page]


@pytest.mark.parametrize(
    ("study", "said"),
    [
        ("truncated", "part.parquet is not a readable Parquet file"),
        ("unruly", "num_params is not a positive number"),
        ("bare", "has no model.parquet"),
        ("nowhere", "There is no study at "),
    ],
)
def test_a_broken_study_says_what_is_wrong_and_what_to_type(study: str, said: str) -> None:
    app = sound(opened("start", study))
    assert said in page_text(app)
    assert f"needle collect --study {study}" in page_text(app)
    assert not charts(app)


def test_the_audit_begins_with_its_verdict() -> None:
    """Two datasets are too few to judge; the ranks are those of world.py."""
    app = sound(opened("audit", "small", budget="1"))
    assert "Too few sources of datasets: it cannot judge, with B = 1 in the pool ALL" in app.markdown[0].value
    assert [(row["model"], row["best_rank"], row["worst_rank"]) for row in rows(charts(app)[0])] == [
        ("a", 2, 2),
        ("b", 1, 3),
        ("c", 1, 3),
    ]
    app = sound(opened("audit", "half"))
    assert "has all its runs on 1 of 2 datasets" in page_text(app)


def test_first_repeats_answer_before_all_are_there() -> None:
    app = opened("start", "early")
    assert "no mean regret" in page_text(app)
    app = sound(app.selectbox(key="repeats").set_value("1").run())
    assert len(charts(app)) == 2
    assert app.query_params["repeats"] == "1"


def test_the_answer_follows_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    world.write_study(tmp_path / "results" / "pond")
    app = opened("models")
    assert next(row["accuracy"] for row in rows(charts(app)[0]) if (row["model"], row["dataset"]) == ("b", "pets")) == 0.9
    runs = [{**run, "test_accuracy": 0.95} if run["model"] == "b" else run for run in world.finetunes()]
    world.write_study(tmp_path / "results" / "pond", finetune=runs)
    sound(app.run())
    assert next(row["accuracy"] for row in rows(charts(app)[0]) if (row["model"], row["dataset"]) == ("b", "pets")) == 0.95


def test_the_paper_is_drawn_over_its_own_study() -> None:
    app = sound(opened("regret", "paper-eurosat"))
    assert any(row["paper"] is not None for row in rows(charts(app)[0]))
    assert "A diamond is the paper's value" in page_text(app)
    assert "diamond" not in page_text(opened("regret"))


def test_the_dataset_on_which_the_winner_loses_most_comes_first_and_gaps_are_named() -> None:
    app = sound(opened("regret", str(SHIPPED), budget="2"))
    drawn = rows(charts(app)[0])
    means = [row["relative_regret"] for row in drawn if row["dataset"] == MEAN]
    assert len(means) == 6
    assert means == sorted(means), "the strategy with the lowest mean first"
    assert [round(100 * mean, 1) for mean in means[:2]] == [6.0, 6.5], "as docs/haystack.md has it"
    losses = [row["relative_regret"] for row in drawn if row["strategy"] == LEADERS[0] and row["dataset"] != MEAN]
    assert len(losses) == 19
    assert losses == sorted(losses, reverse=True)
    assert "Missing" not in page_text(app)
    app = sound(opened("regret", "pond", strategies="random,task_agnostic", budget="4", pool="EXPERT"))
    assert "Missing: `task_agnostic` has no regret at B = 4 on any dataset." in page_text(app)


def test_a_table_writes_numbers_as_the_text_does() -> None:
    app = sound(opened("models", "half"))
    (table,) = app.dataframe
    assert table.proto.placeholder == "–", "nothing is None"
    assert table.value["relative_regret"].isna().all()
    assert table.proto.columns.count("%.1f\\u202f%%") == 3
    shown = sound(opened("models", "small")).dataframe[0].value.set_index("model")
    assert shown.loc["a", "relative_regret"] == pytest.approx(45.0), "per cent, as a number, so that it sorts"
    assert shown.loc["a", "imagenet_accuracy"] == pytest.approx(80.0)


def test_bars_are_those_of_the_chosen_budget_and_strategies() -> None:
    """Worked out in world.py: linear takes a and, at B = 2, b as well."""
    app = sound(opened("regret", "small", strategies="linear,task_agnostic", budget="3"))
    app = sound(app.number_input(key="budget").set_value(2).run())
    bars, groups = (rows(chart) for chart in charts(app))
    assert [(row["dataset"], row["strategy"], row["budget"], row["solid"]) for row in bars] == [
        (dataset, strategy, budget, budget == 2)
        for dataset in ("pets", "depth")
        for strategy in ("linear", "task_agnostic", "hybrid_knn", "knn")
        for budget in (1, 2)
    ]
    assert [row["relative_regret"] for row in bars if row["strategy"] == "linear"] == pytest.approx([0.5, 0, 0.4, 0.4])
    assert {row["budget"] for row in groups} == {2}
    app = sound(opened("compare", "small", strategy="linear", baseline="knn", budget="1"))
    assert [(row["dataset"], row["delta"]) for row in rows(charts(app)[0])] == [
        (MEAN, pytest.approx(-0.45)),
        ("depth", pytest.approx(-0.4)),
        ("pets", pytest.approx(-0.5)),
    ]
