"""Typed strategies and queries run in the sandbox, and intervals are computed in the background."""

import re
import time
from pathlib import Path

import pytest
from pond import MODELS
from session import charts, opened, page_text, rows, sound
from streamlit.testing.v1 import AppTest

from dashboard.format import LEVEL
from dashboard.session import simulations, study_copy
from dashboard.session.study import Study, fingerprint
from warehouse import StrategyError

pytestmark = pytest.mark.usefixtures("in_home")

SMALLEST = "select pool, dataset, model, row_number() over (partition by pool, dataset order by num_params, model) as rank from candidate"


def run_strategy(app: AppTest, name: str, sql: str) -> AppTest:
    """Type a strategy and run it."""
    app.text_input(key="name").set_value(name)
    app.text_area(key="sql").set_value(sql)
    return app.button(key="run-strategy").click().run()


def test_a_simulated_strategy_stands_among_the_others_in_its_session_alone(home: Path) -> None:
    before = fingerprint(home / "results" / "pond")
    app = sound(run_strategy(opened("simulate"), "smallest", SMALLEST))
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
    assert fingerprint(home / "results" / "pond") == before, "the study stays as it is"


def test_what_a_strategy_does_stands_where_it_is_chosen() -> None:
    app = sound(run_strategy(opened("simulate", strategies="random"), "smallest", f"-- Small: few parameters first.\n{SMALLEST}"))
    shown = app.dataframe[0].value.set_index("strategy")["what it does"]
    assert shown["▶ smallest"] == "Small. Few parameters first."
    said = next(expander for expander in app.sidebar.expander if expander.label == "What they do").caption[0].value
    assert "- `smallest`: Small. Few parameters first." in said
    assert "- `random`: Random choice. Every choice of B models is equally likely" in said
    compared = sound(opened("compare", strategy="hybrid_knn", baseline="task_agnostic"))
    assert "Hybrid with knn. The task-agnostic best, then the order of the proxy knn without it." in page_text(compared)
    assert "Best on ImageNet. The highest published ImageNet accuracy first" in page_text(compared)


@pytest.mark.slow
def test_a_hybrid_is_composed() -> None:
    """The first of task_agnostic and then linear is what hybrid_linear is."""
    app = sound(opened("simulate").button(key="compose").click().run())
    assert not app.error
    drawn = {(row["strategy"], row["budget"]): row["relative_regret"] for row in rows(charts(app)[0])}
    name = "task_agnostic_1_then_linear"
    assert app.text_input(key="name").value == name
    assert [drawn[name, b] for b in range(1, 11)] == pytest.approx([drawn["hybrid_linear", b] for b in range(1, 11)])


@pytest.mark.slow
def test_a_composed_oracle_keeps_its_whole_name() -> None:
    """Cut off, it would look at the answer without saying oracle in its name, and be refused."""
    app = opened("simulate")
    app.selectbox(key="lead").set_value("leave_one_dataset_out")
    app.selectbox(key="rest").set_value("task_agnostic_oracle")
    app = sound(app.button(key="compose").click().run())
    assert not app.error
    name = "leave_one_dataset_out_1_then_task_agnostic_oracle"
    assert app.text_input(key="name").value == name
    assert name in {row["strategy"] for row in rows(charts(app)[0])}


REFUSED = [
    ("x", "copy model to '/tmp/mine'", "nothing else is run"),
    ("x", "select 1", "a strategy selects (pool, dataset, model, rank)"),
    ("x", "select pool, dataset, model, 1 as rank from candidate", "ranks are not 1, 2, 3"),
    ("x", "select pool, dataset, model, model as rank from candidate", "values of other types"),
    ("x", SMALLEST.replace("num_params, model", "family"), "depends on the order of rows"),
    ("x", SMALLEST + " where false", "ranks no model"),
    ("x", SMALLEST.replace("candidate", "pool join accuracy using (model)").replace("num_params", "accuracy"), "is the answer"),
    (
        "x",
        "select pool, dataset, model, rank from ranking where strategy = 'task_agnostic_oracle'",
        "x reads ranking, which is made",
    ),
    ("linear", SMALLEST, "There is a strategy linear already"),
    ("a b", SMALLEST, "is not a valid strategy name"),
]


def test_a_strategy_that_is_none_is_refused(home: Path) -> None:
    folder = home / "results" / "pond"
    one = Study("pond", folder, fingerprint(folder))
    for name, sql, said in REFUSED:
        with pytest.raises(StrategyError, match=re.escape(said)):
            study_copy.simulate_strategy(one, (), name, sql)
    app = sound(run_strategy(opened("simulate"), *REFUSED[0][:2]))
    assert REFUSED[0][2] in app.error[0].value
    assert "x" not in {row["strategy"] for row in rows(charts(app)[0])}


def answered(app: AppTest) -> AppTest:
    """The page once a question has been answered; a browser asks by itself."""
    end = time.monotonic() + 60
    while any(button.key == "stop-query" for button in app.button):
        assert time.monotonic() < end
        time.sleep(0.1)
        app = app.run()
    return sound(app)


def test_a_question_is_answered_in_the_sandbox() -> None:
    app = opened("data")
    app.text_area(key="query").set_value("select model, num_params from model where family = 'expert' order by model")
    app = answered(app.button(key="run").click().run())
    assert app.dataframe[0].value["model"].tolist() == [m["model"] for m in MODELS if m["family"] == "expert"]
    app.text_area(key="query").set_value("drop table model")
    app = answered(app.button(key="run").click().run())
    assert "nothing else is run" in app.error[0].value


def test_a_link_brings_the_answer_back() -> None:
    """Of another session, too, which asks the sandbox anew."""
    app = opened("data", "small")
    app.text_area(key="query").set_value("select sum(num_params)::bigint as total from model")
    app = answered(app.button(key="run").click().run())
    total = app.dataframe[0].value["total"].tolist()
    link = dict(app.query_params)
    assert answered(opened("data", **link)).dataframe[0].value["total"].tolist() == total
    edited = sound(opened("data", **{name: value for name, value in link.items() if name != "answered"}))
    assert "total" not in edited.dataframe[0].value, "a query that nobody ran"


def test_an_example_of_the_paper_is_answered_on_the_chosen_pool() -> None:
    app = opened("data", "small", pool="EXPERT")
    app.selectbox(key="example").set_value("figures 7, 17: share of datasets with zero regret")
    app = answered(app.run())
    answer = app.dataframe[0].value
    assert list(answer) == ["strategy", "budget", "share"]
    assert set(answer["budget"]) == {1}, "the pool has one model"
    assert app.selectbox(key="example").value is None


def test_a_click_writes_a_name_into_the_query() -> None:
    app = opened("data", "small")
    app.text_area(key="query").set_value("select count(*) as n from")
    app.selectbox(key="inserted-relation").set_value("dataset")
    app = sound(app.run())
    app = answered(app.button(key="insert-dataset").click().run())
    assert app.text_area(key="query").value == "select count(*) as n from dataset"


def test_a_question_can_be_stopped() -> None:
    app = opened("data")
    app.text_area(key="query").set_value(
        "select count(*) from range(1000000) as a(i), range(1000000) as b(j) where (i * j) % 7 = 3"
    )
    app = sound(app.button(key="run").click().run())
    app = sound(app.button(key="stop-query").click().run())
    assert not app.error
    assert not [button for button in app.button if button.key == "stop-query"]
    app.text_area(key="query").set_value("select count(*) as models from model")
    app = answered(app.button(key="run").click().run())
    assert app.dataframe[0].value["models"].tolist() == [len(MODELS)]


def test_the_example_is_answered_at_once_beside_the_relations() -> None:
    app = sound(opened("data", "small"))
    answer = app.dataframe[0].value
    best = answer[(answer["pool"] == "ALL") & (answer["budget"] == 1)].iloc[0]
    assert (best["strategy"], best["relative_regret"]) == ("knn", 0.0)
    columns = ["strategy", "pool", "budget", "datasets", "relative_regret"]
    assert [button.label for button in app.button if button.key.startswith("insert-")] == ["mean_regret", *columns]
    app.selectbox(key="inserted-relation").set_value("pool")
    app = sound(app.run())
    assert [button.label for button in app.button if button.key.startswith("insert-")] == ["pool", "model"]
    app.text_area(key="query").set_value("select count(*) as models from model")
    app = sound(app.run())
    assert "relation" in app.dataframe[0].value.columns, "the next table: what nobody asked is not answered"
    app = answered(app.button(key="run").click().run())
    assert app.dataframe[0].value["models"].tolist() == [3]


def test_every_relation_says_what_its_rows_are() -> None:
    app = sound(opened("data"))
    (described,) = [one.value for one in app.dataframe if "description" in one.value.columns]
    found = described.set_index("relation")["description"]
    assert (
        found["mean_regret"]
        == "One row per (strategy, pool, budget): mean relative regret, where every dataset of the mean has one."
    )
    assert found["strategy_proxy_cost"].startswith("One row per (strategy, pool, dataset)")
    assert found[found == "A macro or a type."].index.tolist() == [
        "pool_name", "is_fraction", "is_seconds", "exact_median", "curve_steps", "is_curve", "partial_name",
        "rate_position", "selection_key", "count_distinct_positions", "has_every_rate", "moments_distance", "share_of",
            "fisher_distance", "is_vector", "relative_delta", "log_odds_delta",
        "resampled_median", "drawn_low", "drawn_high", "interval_low", "interval_high", "is_each_once", "is_uniform",
    ]  # fmt: skip
    app = sound(app.selectbox(key="relation").set_value("strategy.linear").run())
    assert any("where proxy = 'linear'" in code.value for code in app.code)


@pytest.mark.slow
@pytest.mark.parametrize(("page", "value"), [("simulate", "relative_regret"), ("compare", "delta")])
def test_intervals_are_made_beside_the_page(page: str, value: str) -> None:
    """Of a strategy of the session, too."""
    link = {
        "simulated": simulations.encode({"smallest": SMALLEST}),
        "strategy": "smallest",
        "baseline": "linear",
        "intervals": "1",
    }
    app = sound(opened(page, "small", **link))
    assert all(row["low"] is None for row in rows(charts(app)[0])), "the page does not wait"
    end = time.monotonic() + 60
    while all(row["low"] is None for row in rows(charts(app)[0])):
        assert time.monotonic() < end
        time.sleep(0.3)
        app = sound(app.run())
    found = [row for row in rows(charts(app)[0]) if row["low"] is not None]
    assert len(found) >= 2
    for row in found:
        assert row["low"] <= row[value] <= row["high"]
    if page == "simulate":
        assert {row["strategy"] for row in found} >= {"smallest", "linear"}
        assert f"A band is the {LEVEL} interval" in page_text(app)
        assert "[" in app.dataframe[0].value.set_index("strategy").loc["▶ smallest", "B = 1"]
    else:
        assert f"A line is the {LEVEL} interval" in page_text(app)
        assert "Over repeats alone, on these datasets" in page_text(app)


def test_intervals_can_be_stopped() -> None:
    app = sound(opened("regret", intervals="1"))
    app = sound(app.button(key="stop-intervals").click().run())
    assert not app.toggle(key="intervals").value
    assert not app.get("button")
