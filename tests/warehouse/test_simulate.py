"""Strategies and pools without retraining: SQL files, Python functions, conditions on models."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import world
from views import rows

from study_format.layout import RELATIONS
from warehouse import PoolError, StrategyError, connect, simulate
from warehouse.relation import answers, readable

SMALLEST = "select pool, dataset, model, row_number() over (partition by pool, dataset order by num_params, model) as rank from candidate"
HYBRID = """
select pool, dataset, model, row_number() over (partition by pool, dataset order by linear.rank + knn.rank, model) as rank
from strategy.linear as linear join strategy.knn as knn using (pool, dataset, model)
"""


PEEK = """
select pool, dataset, model, row_number() over (partition by pool, dataset order by accuracy, model) as rank
from candidate join {} as known using (model, dataset)
"""


def written(folder: Path, sql: str) -> Path:
    path = folder / "mine.sql"
    path.write_text(sql)
    return path


def smallest(candidates: Sequence[dict[str, Any]]) -> list[str]:
    return [row["model"] for row in sorted(candidates, key=lambda row: (row["num_params"], row["model"]))]


def by_linear(candidates: Sequence[dict[str, Any]]) -> list[str]:
    return [row["model"] for row in sorted(candidates, key=lambda row: (-row["scores"]["linear"], row["model"]))]


def test_sql_and_python_say_the_same(tmp_path: Path) -> None:
    """a, b, c by size: 0.80 then 0.90 on pets, with intervals."""
    study = world.write_study(tmp_path / "study")
    query = """select pool, budget, dataset, regret.relative_regret, low, high
               from regret join regret_interval using (strategy, pool, budget, dataset) where strategy = 'mine' order by all"""
    in_sql = rows(simulate(study, "mine", written(tmp_path, SMALLEST), question=query), query)
    assert rows(simulate(study, "mine", smallest, question=query), query) == in_sql
    assert [row[3] for row in in_sql if row[0] == "ALL" and row[2] == "pets"] == [pytest.approx(0.5), 0.0, 0.0]


def test_a_function_sees_scores_also_in_resamples(tmp_path: Path) -> None:
    study = world.write_study(tmp_path)
    con = simulate(study, "mine", by_linear, question="regret_interval")
    query = "select pool, budget, dataset, relative_regret, low, high from regret_interval where strategy = '{}' order by all"
    assert rows(con, query.format("mine")) == rows(con, query.format("linear"))


def test_a_strategy_on_strategies_has_intervals(tmp_path: Path) -> None:
    con = simulate(world.write_study(tmp_path / "study"), "mine", written(tmp_path, HYBRID), question="delta_interval")
    assert rows(con, "select count(*) > 0 from delta_interval where strategy = 'mine' and baseline = 'knn'") == [(True,)]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        (SMALLEST.replace("num_params, model", "vtab_group"), "depends on the order of rows"),
        (f"{SMALLEST} union all select pool, dataset, model, 4 from candidate where model = 'a'", "ranks a model twice"),
        (SMALLEST.replace("model, row", "'z' as model, row"), "not in the pool"),
        (
            "select pool, dataset, model, row_number() over (partition by pool, dataset order by accuracy, model) as rank"
            " from candidate join accuracy using (model, dataset)",
            "reads accuracy, which is the answer",
        ),
        (PEEK.format("Accuracy"), "reads accuracy, which is the answer"),
        (f"with known as (from accuracy) {PEEK.format('known')}", "reads accuracy, which is the answer"),
        (f"with accuracy as (from accuracy) {PEEK.format('accuracy')}", "reads accuracy, which is the answer"),
        (PEEK.format("main.accuracy"), "reads main.accuracy: write accuracy, without"),
        (PEEK.format("query_table('accuracy')"), "reads through query_table: a strategy reads relations by their names alone"),
        (PEEK.format("(summarize accuracy)"), "reads through describe"),
        (PEEK.format("read_parquet('finetune/*.parquet')"), "reads through read_parquet"),
        (PEEK.format("'finetune/*.parquet'"), "which is not a relation"),
        (
            "select pool, dataset, model, rank from ranking where strategy = 'knn'",
            "reads ranking, which is made of what strategies",
        ),
        (
            "select pool, dataset, model, rank from ranking join regret using (pool, dataset)",
            "reads ranking, which is made of what",
        ),
        (SMALLEST.replace("candidate", "candidates"), "'candidates', which is not a relation. Did you mean 'candidate'?"),
        ("from strategy.liner", "reads strategy.liner, which does not exist. Did you mean 'strategy.linear'?"),
        ("from strategy.mine", "read each other in a cycle: mine -> mine"),
        ("select 1", "a strategy selects"),
        ("select pool dataset frm", "is not one SELECT"),
    ],
)
def test_what_is_no_honest_order_is_named(tmp_path: Path, sql: str, words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        simulate(world.write_study(tmp_path / "study"), "mine", written(tmp_path, sql), question="regret")


@pytest.mark.parametrize(
    "sql",
    [
        f"with every as (from candidate), mine as ({SMALLEST.replace('from candidate', 'from every')}) from mine",
        f"with accuracy as ({SMALLEST}) from accuracy",  # a name of its own, whatever else has it
        SMALLEST.replace("candidate", "CANDIDATE"),
        'select pool, dataset, model, rank from "Strategy" . "SMALLER"',
    ],
)
def test_a_select_may_be_written_as_sql_allows(tmp_path: Path, sql: str) -> None:
    """Each says the same as the shortest way to say it, on the study and in every resample."""
    (tmp_path / "smaller.sql").write_text(SMALLEST)
    added = {"mine": written(tmp_path, sql), "smaller": tmp_path / "smaller.sql"}
    query = "select pool, budget, dataset, relative_regret, low, high from regret_interval where strategy = '{}' order by all"
    con = connect(world.write_study(tmp_path / "study"), added=added, question="regret_interval violation")
    assert rows(con, query.format("mine")) == rows(con, query.format("smaller"))
    assert len(rows(con, query.format("mine"))) > 0
    assert rows(con, "from violation") == []


def test_what_is_computed_from_fine_tunes_is_the_answer() -> None:
    """A strategy knows what is known before training, and what the other datasets say."""
    answer = answers(RELATIONS)
    readable_ = {name for name, reason in readable(RELATIONS).items() if not reason}
    known = {"candidate", "candidate_score", "other_mean_accuracy", "model", "pool", "finetune_cost", "representation_cost"}
    assert known <= readable_ - answer
    assert {
        "finetune",
        "curve",
        "rung_score",
        "accuracy",
        "mean_accuracy",
        "oracle",
        "outcome",
        "held_out",
        "model_pair",
        "accuracy_range",
        "halving",
        "survivor",
    } <= answer
    assert not {"regret", "ranking", "score", "proxy", "selected_proxy", "partial_score", "halving", "survivor"} & readable_


def test_no_shipped_strategy_depends_on_the_order_of_rows(tmp_path: Path) -> None:
    assert rows(connect(world.write_study(tmp_path), question="unstable_order"), "from unstable_order") == []


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (lambda candidates: [row["model"] for row in candidates], "depends on the order of its rows"),
        (lambda candidates: ["z"], "returned 'z', which is not among the models"),
        (lambda candidates: candidates[0]["nope"], "failed on .*: KeyError"),
        (lambda candidates: [min(row["model"] for row in candidates)] * 2, "ranks a model twice"),
    ],
)
def test_a_function_that_is_no_order_is_named(tmp_path: Path, order: Any, words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        simulate(world.write_study(tmp_path), "mine", order, question="regret")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("random", "cannot be called random"),
        ("linear", "There is a strategy linear already"),
        ("Linear", "There is a strategy Linear already"),
        ("candidate", "cannot be called candidate, as a relation"),
        ("it's", "its name is letters, digits, _ and -"),
    ],
)
def test_a_name_that_is_taken_or_none_is_refused(tmp_path: Path, name: str, words: str) -> None:
    """A strategy of yours never stands in another's place, nor changes what is built on that."""
    (tmp_path / f"{name}.sql").write_text(SMALLEST)
    study = world.write_study(tmp_path / "study")
    for mine in (smallest, tmp_path / f"{name}.sql"):
        with pytest.raises(StrategyError, match=words):
            simulate(study, name, mine, question="regret")


@pytest.mark.parametrize(
    "condition", ["dataset = 'pets'", "dataset like 'pe%'", "upper(dataset) = 'PETS'", "dataset in ('pets', 'x')"]
)
def test_a_strategy_that_names_datasets_has_regret_and_no_intervals(tmp_path: Path, condition: str) -> None:
    """c, b, a on pets, a, b, c on depth: regrets of 0.34/0.44 and 0.2/0.5. In a resample no dataset has its name."""
    sql = SMALLEST.replace("order by num_params", f"order by if({condition}, -num_params, num_params)")
    query = "select dataset, relative_regret from regret where strategy = 'mine' and pool = 'ALL' and budget = 1 order by all"
    con = simulate(world.write_study(tmp_path / "study"), "mine", written(tmp_path, sql), question=f"{query} regret_interval")
    assert rows(con, query) == [("depth", pytest.approx(0.4)), ("pets", pytest.approx(0.34 / 0.44))]
    assert rows(con, "select count(*) from regret_interval where strategy = 'mine'") == [(0,)]
    assert rows(con, "select count(*) > 0 from regret_interval where strategy = 'linear'") == [(True,)]


def test_a_pool_named_twice_is_one(tmp_path: Path) -> None:
    """b and a of two: nothing is lost."""
    con = connect(world.write_study(tmp_path), pools=["num_params < 30e6"] * 2, question="pool regret")
    assert rows(con, "select count(*) from pool") == [(2,)]
    assert rows(con, "select distinct relative_regret from regret where strategy = 'random' and budget = 2") == [(0.0,)]


def test_a_condition_is_a_pool_that_every_view_follows(tmp_path: Path) -> None:
    """Without c, the largest: the best on depth is a with 0.5, and linear takes it."""
    condition = "num_params < 30e6"
    con = connect(world.write_study(tmp_path), pools=[condition], question="pool regret mean_regret_interval")
    assert rows(con, "select distinct pool from regret") == [(condition,)]
    assert rows(con, "select model from pool order by model") == [("a",), ("b",)]
    query = "select oracle_accuracy, relative_regret from regret where strategy = 'linear' and dataset = 'depth' and budget = 1"
    assert rows(con, query) == [(pytest.approx(0.5), 0.0)]
    assert rows(con, "select count(*) > 0 from mean_regret_interval") == [(True,)]


def test_pools_of_the_paper_and_conditions_stand_side_by_side(tmp_path: Path) -> None:
    con = connect(world.write_study(tmp_path), pools=["EXPERT", "family in ('imagenet', 'expert')"], question="pool")
    found = rows(con, "select pool, string_agg(model, '' order by model) from pool group by pool order by pool")
    assert found == [("EXPERT", "b"), ("family in ('imagenet', 'expert')", "ab")]


def test_a_condition_that_metadata_cannot_decide_has_no_models(tmp_path: Path) -> None:
    con = connect(world.write_study(tmp_path), pools=["imagenet_accuracy > 0.7"], question="regret undecided_pool")
    assert rows(con, "select count(*) from regret") == [(0,)]
    assert rows(con, "select model from undecided_pool order by model") == [("b",), ("c",)]


@pytest.mark.parametrize(
    "condition",
    [
        "EXPRT", "num_parms < 3", "num_params", "1 = 1; drop table model", "true) from model; --", "true from model --",
        "count(*) > 1", "model::integer > 1", "model in (select model from model)", "exists (from read_text('x'))", "",
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused(tmp_path: Path, condition: str) -> None:
    with pytest.raises(PoolError):
        connect(world.write_study(tmp_path), pools=[condition])
