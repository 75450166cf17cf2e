"""Every page on a full, a half-collected, an empty and a broken study; controls and links; strategies that somebody types."""

import json
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import world
from pond import MODELS, write_pond
from streamlit.testing.v1 import AppTest

from dashboard import shared
from dashboard.app import PAGES
from dashboard.study import state

SHIPPED = Path(__file__).parent.parent / "results" / "haystack-small"
SMALLEST = "select pool, dataset, model, row_number() over (partition by pool, dataset order by num_params, model) as rank from candidate"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with studies of every kind under results/."""
    folder = tmp_path_factory.mktemp("home") / "results"
    write_pond(folder / "pond")
    world.write_study(folder / "small")
    world.write_study(
        folder / "half", finetune=[run for run in world.finetunes() if (run["model"], run["dataset"]) != ("a", "pets")]
    )
    world.write_study(folder / "early", finetune=[run for run in world.finetunes() if run["repeat"] == 0])
    world.write_study(
        folder / "tidy",
        models=[{"model": model["model"]} for model in world.MODELS],
        datasets=[{"dataset": dataset["dataset"]} for dataset in world.DATASETS],
        protocol={"study": "tidy", "repeats": 1},
        finetune=[{"model": m, "dataset": d, "repeat": 0, "test_accuracy": x} for (m, d), x in world.ACCURACY.items()],
        proxy=[],
    )
    world.write_study(folder / "empty", finetune=[], proxy=[])
    world.write_study(folder / "truncated")
    part = folder / "truncated" / "finetune" / "part.parquet"
    part.write_bytes(part.read_bytes()[:1000])
    world.write_study(folder / "unruly", models=[{**world.MODELS[0], "num_params": -1}, *world.MODELS[1:]])
    (folder / "bare").mkdir()
    return folder.parent


@pytest.fixture(autouse=True)
def _in_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)


def opened(page: str = "start", study: str = "pond", /, **link: str) -> AppTest:
    """A new session at a page, with a link's values."""
    app = AppTest.from_string(f"from dashboard.app import main\nmain({study!r}, {page!r})", default_timeout=60)
    for name, value in link.items():
        app.query_params[name] = value
    return app.run()


def charts(app: AppTest) -> list[dict[str, Any]]:
    """The specifications on the page, with their rows, which go to the browser apart, as Arrow."""
    found = []
    for chart in app.get("vega_lite_chart"):
        datasets = {one.name: pa.ipc.open_stream(one.data.data).read_all().to_pylist() for one in chart.proto.datasets}
        found.append({**json.loads(chart.proto.spec), "datasets": datasets})
    return found


def rows(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of a chart."""
    found: list[dict[str, Any]] = spec["datasets"][spec["data"]["name"]]
    return found


def words(app: AppTest) -> str:
    """All that the page says."""
    kinds = (app.title, app.markdown, app.caption, app.info, app.warning, app.error, app.code)
    return "\n".join(element.value for kind in kinds for element in kind)


def sound(app: AppTest) -> AppTest:
    """Neither a traceback nor a page that gave up."""
    assert not app.exception
    assert "This page failed" not in words(app), words(app)
    return app


CHARTS = {"start": 1, "regret": 2, "compare": 1, "budget": 3, "models": 3, "proxies": 3, "simulate": 1, "data": 0}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_a_full_study(page: str) -> None:
    app = sound(opened(page))
    assert not app.error
    assert not app.warning
    assert not app.info
    found = charts(app)
    assert len(found) == CHARTS[page]
    assert all(rows(spec) for spec in found)
    captions = [caption.value for caption in app.caption]
    assert all(any(chart.proto.alt == caption for caption in captions) for chart in app.get("vega_lite_chart")), (
        "a sentence below"
    )
    assert len([code for code in app.code if code.value.startswith("select")]) >= len(found), "its SQL"
    for kind in ("SVG", "PNG"):
        assert len([button for button in app.get("download_button") if button.label == kind]) == len(found)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_the_study_that_ships(page: str) -> None:
    app = sound(opened(page, str(SHIPPED)))
    assert not app.error
    assert not app.warning
    found = charts(app)
    assert len(found) == CHARTS[page]
    assert all(rows(spec) for spec in found)
    if page == "start":
        assert "576" in words(app) + "".join(str(metric.value) for metric in app.metric), "fine-tunes"


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_a_half_collected_study(page: str) -> None:
    app = sound(opened(page, "half"))
    assert not app.error
    if page == "start":
        assert "needle collect --study half" in words(app)
        assert "finetune: 6 runs missing, such as a on pets" in words(app)
    if page == "regret":
        assert {row["dataset"] for row in rows(charts(app)[0])} == {"depth"}, "right, or absent"
    if page == "data":
        assert "needle plan --study half" in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_an_empty_study(page: str) -> None:
    app = sound(opened(page, "empty"))
    assert not app.error
    assert not charts(app)
    assert "needle collect --study empty" in words(app)


@pytest.mark.parametrize("page", PAGES)
def test_every_page_of_a_study_that_knows_nothing_of_its_models(page: str) -> None:
    """As an imported table may be: names and accuracies, no groups, no sizes, no proxies, one run a cell."""
    app = sound(opened(page, "tidy"))
    assert not app.error
    assert len(charts(app)) == {"regret": 1, "budget": 2, "proxies": 0}.get(page, CHARTS[page])


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
    for page in ("start", "data"):
        app = sound(opened(page, study))
        assert said in words(app)
        assert f"needle collect --study {study}" in words(app)
        assert not charts(app)


def test_first_repeats_answer_before_all_are_there() -> None:
    app = opened("start", "early")
    assert "no mean regret" in words(app)
    app = sound(app.selectbox(key="repeats").set_value("1").run())
    assert len(charts(app)) == 1
    assert app.query_params["repeats"] == "1"


def test_a_link_restores_the_view() -> None:
    app = opened("budget")
    app.selectbox(key="pool").set_value("EXPERT").run()
    app.number_input(key="budget").set_value(3).run()
    app.multiselect(key="strategies").set_value(["linear", "knn"]).run()
    sound(app.number_input(key="upto").set_value(3).run())
    link = dict(app.query_params)
    assert link == {"study": "pond", "pool": "EXPERT", "budget": "3", "strategies": "knn,linear", "upto": "3"}
    again = sound(opened("budget", **link))
    assert charts(again) == charts(app)
    assert not again.warning


def test_strange_values_in_a_link_are_not_taken() -> None:
    link = {"study": "../../etc", "budget": "-1", "strategies": "linear,nope", "upto": "9" * 5000, "simulated": "!!"}
    app = sound(opened("budget", **link))
    for said in (
        "Study: the link asks for '../../etc', which is not offered here. Shown: pond.",
        "Budget B: the link asks for '-1'",
        "Strategies: the link asks for 'linear,nope'",
        "Up to B: the link asks for '999",
        "simulated strategies that cannot be read",
    ):
        assert said in words(app)
    assert len(charts(app)) == 3
    assert len(words(app)) < 6000


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("budget", "²", "Budget B: the link asks for '²'"),
        ("pool", "1; drop table model", "is no condition on the columns of model"),
        ("pool", "exists(from read_text('/etc/passwd'))", "may not call read_text"),
        ("pool", "num_params", "is no condition"),
        ("simulated", "eJw" + "A" * 400, "cannot be read"),
        ("simulated", shared.packed({"x": "copy model to '/tmp/mine'"}), "The simulated strategy x is left out"),
    ],
    ids=range(6),
)
def test_a_strange_value_in_a_link_is_not_taken(name: str, value: str, said: str) -> None:
    app = sound(opened("start", **{name: value}))
    assert said in words(app)
    assert len(charts(app)) == 1


def test_a_condition_is_a_pool() -> None:
    """Of the sizes 1 to 4 of 6 M parameters each, 1 and 2 of every family."""
    app = sound(opened("start", pool="num_params < 13e6"))
    assert not app.warning
    assert "of 6 models" in words(app)
    assert "pool = 'num_params < 13e6'" in words(app), "shown as it would be typed"


def test_another_study_has_other_pools() -> None:
    app = opened("start", pool="EXPERT", budget="4")
    app = sound(app.selectbox(key="study").set_value("small").run())
    assert app.selectbox(key="pool").value == "EXPERT"
    assert app.number_input(key="budget").value == 1, "the pool has one model"
    app = sound(app.selectbox(key="study").set_value("paper-eurosat").run())
    assert len(charts(app)) == 1


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
    assert "A diamond is the bar that the paper prints" in words(app)
    assert not any(row["paper"] is not None for row in rows(charts(opened("regret"))[0]))


def tried(app: AppTest, name: str, sql: str) -> AppTest:
    """Type a strategy and try it."""
    app.text_input(key="name").set_value(name)
    app.text_area(key="sql").set_value(sql)
    return app.button(key="try").click().run()


def test_a_simulated_strategy_stands_among_the_others_in_its_session_alone(home: Path) -> None:
    before = state(home / "results" / "pond")
    app = sound(tried(opened("simulate"), "smallest", SMALLEST))
    assert not app.error
    assert "smallest" in {row["strategy"] for row in rows(charts(app)[0])}
    assert "smallest" in app.multiselect(key="strategies").value
    assert "smallest" not in {row["strategy"] for row in rows(charts(opened("simulate"))[0])}, "nobody else sees it"
    link = dict(app.query_params)
    again = sound(opened("compare", **link, strategy="smallest"))
    assert not again.warning
    assert {row["winner"] for row in rows(charts(again)[0])} >= {"smallest"}, "but for who has the link"
    cost = rows(charts(sound(opened("budget", **link)))[2])
    (first,) = [row["seconds"] for row in cost if (row["strategy"], row["budget"]) == ("smallest", 1)]
    assert first == 9 * 2 * 60, "it asks no proxy: on 9 datasets expert-1 at two learning rates, of 60 seconds each"
    app = sound(app.button(key="drop").click().run())
    assert "smallest" not in {row["strategy"] for row in rows(charts(app)[0])}
    assert state(home / "results" / "pond") == before, "the study stays as it is"


def test_a_hybrid_is_composed() -> None:
    """The first of task_agnostic and then linear is what hybrid_linear is."""
    app = sound(opened("simulate").button(key="compose").click().run())
    assert not app.error
    drawn = {(row["strategy"], row["budget"]): row["relative_regret"] for row in rows(charts(app)[0])}
    name = "task_agnostic_1_then_linear"
    assert app.text_input(key="name").value == name
    assert [drawn[name, b] for b in range(1, 11)] == pytest.approx([drawn["hybrid_linear", b] for b in range(1, 11)])


REFUSED = [
    ("x", "copy model to '/tmp/mine'", "nothing else is run"),
    ("x", "from read_text('/etc/passwd')", "may not call read_text"),
    ("x", "select 1; drop table candidate", "nothing else is run"),
    ("x", "select 1", "a strategy selects (pool, dataset, model, rank)"),
    ("x", "select pool, dataset, model, 1 as rank from candidate", "ranks are not 1, 2, 3"),
    ("x", "select pool, dataset, model, model as rank from candidate", "values of other types"),
    ("x", SMALLEST.replace("num_params, model", "family"), "depends on the order of rows"),
    ("x", SMALLEST + " where false", "ranks no model"),
    ("x", SMALLEST.replace("candidate", "pool join accuracy using (model)").replace("num_params", "accuracy"), "is the answer"),
    ("linear", SMALLEST, "There is a strategy linear already"),
    ("a b", SMALLEST, "is no name of a strategy"),
]


def test_a_strategy_that_is_none_is_refused() -> None:
    app = opened("simulate")
    for name, sql, said in REFUSED:
        app = sound(tried(app, name, sql))
        assert said in app.error[0].value
        assert "x" not in {row["strategy"] for row in rows(charts(app)[0])}


def answered(app: AppTest) -> AppTest:
    """The page once a question has been answered; a browser asks by itself."""
    end = time.monotonic() + 60
    while any(button.key == "stop-question" for button in app.button):
        assert time.monotonic() < end
        time.sleep(0.1)
        app = app.run()
    return sound(app)


def test_a_question_is_answered_behind_the_fence() -> None:
    app = opened("data")
    app.text_area(key="query").set_value("select model, num_params from model where family = 'expert' order by model")
    app = answered(app.button(key="run").click().run())
    assert app.dataframe[0].value["model"].tolist() == [m["model"] for m in MODELS if m["family"] == "expert"]
    app.text_area(key="query").set_value("drop table model")
    app = answered(app.button(key="run").click().run())
    assert "nothing else is run" in app.error[0].value


def test_a_question_can_be_stopped() -> None:
    app = opened("data")
    app.text_area(key="query").set_value(
        "select count(*) from range(1000000) as a(i), range(1000000) as b(j) where (i * j) % 7 = 3"
    )
    app = sound(app.button(key="run").click().run())
    app = sound(app.button(key="stop-question").click().run())
    assert not app.error
    assert not [button for button in app.button if button.key == "stop-question"]
    app.text_area(key="query").set_value("select count(*) as models from model")
    app = answered(app.button(key="run").click().run())
    assert app.dataframe[0].value["models"].tolist() == [len(MODELS)]


def test_every_relation_says_what_its_rows_are() -> None:
    app = sound(opened("data"))
    found = app.dataframe[0].value.set_index("relation")["what it is"]
    assert found["mean_regret"] == "One row per (strategy, pool, budget): mean relative regret, where every dataset has one."
    assert found["proxy_bill"].startswith("One row per (strategy, pool, dataset)")
    assert found[found == "A macro or a type."].index.tolist() == [
        "pool_name", "is_fraction", "place", "merit", "relative_delta", "log_odds_delta", "resampled_median", "interval_low",
        "interval_high", "is_whole", "has_every_dataset",
    ]  # fmt: skip
    app = sound(app.selectbox(key="relation").set_value("strategy.linear").run())
    assert any("where proxy = 'linear'" in code.value for code in app.code)


def test_intervals_are_made_beside_the_page() -> None:
    app = sound(opened("compare", "small", intervals="1"))
    assert all(row["low"] is None for row in rows(charts(app)[0])), "the page does not wait"
    end = time.monotonic() + 60
    while all(row["low"] is None for row in rows(charts(app)[0])):
        assert time.monotonic() < end
        time.sleep(0.3)
        app = sound(app.run())
    for row in rows(charts(app)[0]):
        assert row["low"] <= row["delta"] <= row["high"]
    assert "A line is the 95 % interval" in words(app)
    assert "better in resamples" in [metric.label for metric in app.metric]


def test_intervals_can_be_stopped() -> None:
    app = sound(opened("compare", intervals="1", baseline="knn"))
    app = sound(app.button(key="stop-intervals").click().run())
    assert not app.toggle(key="intervals").value
    assert not app.get("button")


def test_what_a_link_packs_is_unpacked() -> None:
    tried = {"smallest": SMALLEST}
    assert shared.unpacked(shared.packed(tried)) == tried
    assert shared.unpacked(shared.packed({"x": "x" * 30_000})) is None, "too much for a link"
    assert shared.unpacked(shared.packed({"x": 1})) is None  # type: ignore[dict-item]
