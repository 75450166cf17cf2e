"""One test a view, on the small world: numbers that were worked out by hand (see world.py)."""

import math
from pathlib import Path

import duckdb
import pytest
import world
from views import order, regret, rows

from warehouse import connect


def test_facts_have_the_rows_of_the_files(small: duckdb.DuckDBPyConnection) -> None:
    counts = {
        fact: rows(small, f"select count(*) from {fact}")
        for fact in ("model", "dataset", "protocol", "finetune", "proxy", "representation")
    }
    assert counts == {
        "model": [(3,)],
        "dataset": [(2,)],
        "protocol": [(1,)],
        "finetune": [(36,)],
        "proxy": [(42,)],
        "representation": [(0,)],
    }


def test_pool(small: duckdb.DuckDBPyConnection) -> None:
    pools = rows(small, "select pool, string_agg(model, '' order by model) from pool group by pool order by pool")
    assert pools == [("ALL", "abc"), ("DIM2048", "ab"), ("EXPERT", "b"), ("IMNETACCURACIES", "a"), ("RESNET-50", "ab")]


def test_a_pool_that_metadata_cannot_decide_has_no_models(tmp_path: Path) -> None:
    models = [{**model, "num_params": None} if model["model"] == "b" else model for model in world.MODELS]
    con = connect(world.write_study(tmp_path, models=models), question="pool undecided_pool regret")
    assert rows(con, "select count(*) from pool where pool = 'RESNET-50'") == [(0,)]
    assert rows(con, "from undecided_pool") == [("RESNET-50", "b")]
    assert rows(con, "select distinct pool from regret order by pool") == [
        ("ALL",),
        ("DIM2048",),
        ("EXPERT",),
        ("IMNETACCURACIES",),
    ]


def test_selected_run_goes_by_validation_and_breaks_ties_to_the_lower_learning_rate(small: duckdb.DuckDBPyConnection) -> None:
    assert rows(small, "select distinct learning_rate from selected_run") == [(0.01,)]
    assert rows(small, "select max(test_accuracy) from selected_run where model = 'c'") == [(pytest.approx(0.73),)]


def test_accuracy_is_the_median_of_the_repeats(small: duckdb.DuckDBPyConnection) -> None:
    found = {(str(m), str(d)): t for m, d, t in rows(small, "from accuracy")}
    assert found == pytest.approx(world.ACCURACY)


def test_score_is_the_median_of_each_repeats_best(small: duckdb.DuckDBPyConnection) -> None:
    for proxy, expected in (("linear", world.LINEAR), ("knn", world.KNN)):
        found = {
            (str(m), str(d)): t for m, d, t in rows(small, f"select model, dataset, score from score where proxy = '{proxy}'")
        }
        assert found == pytest.approx(expected)


def test_candidate_is_every_pool_model_on_every_dataset(small: duckdb.DuckDBPyConnection) -> None:
    assert rows(small, "select pool, count(*) from candidate group by pool order by pool") == [
        ("ALL", 6), ("DIM2048", 4), ("EXPERT", 2), ("IMNETACCURACIES", 2), ("RESNET-50", 4)]  # fmt: skip


@pytest.mark.parametrize(
    ("strategy", "pets", "depth"),
    [
        ("task_agnostic", "ac", "ac"),  # b is not ranked: neither accuracy nor upstream size is known
        ("linear", "abc", "abc"),  # a and b tie on depth: by name
        ("knn", "bac", "cba"),
        ("hybrid_linear", "abc", "abc"),
        ("hybrid_knn", "abc", "acb"),
        ("task_agnostic_oracle", "bac", "bac"),
    ],
)
def test_ranking(small: duckdb.DuckDBPyConnection, strategy: str, pets: str, depth: str) -> None:
    assert (order(small, strategy, "pets"), order(small, strategy, "depth")) == (pets, depth)


def test_the_hybrid_keeps_every_model_where_the_agnostic_order_is_empty(small: duckdb.DuckDBPyConnection) -> None:
    assert (order(small, "task_agnostic", "pets", "EXPERT"), order(small, "hybrid_knn", "pets", "EXPERT")) == ("", "b")


def test_budget_goes_to_the_size_of_the_pool(small: duckdb.DuckDBPyConnection) -> None:
    assert rows(small, "select pool, max(budget) from budget group by pool order by pool") == [
        ("ALL", 3), ("DIM2048", 2), ("EXPERT", 1), ("IMNETACCURACIES", 1), ("RESNET-50", 2)]  # fmt: skip


def test_pick_is_the_first_of_the_order_and_may_be_short(small: duckdb.DuckDBPyConnection) -> None:
    query = """select budget, string_agg(model, '' order by model) from pick
               where pool = 'ALL' and dataset = 'depth' and strategy = '{}' group by budget order by budget"""
    assert rows(small, query.format("knn")) == [(1, "c"), (2, "bc"), (3, "abc")]
    assert rows(small, query.format("task_agnostic")) == [(1, "a"), (2, "ac"), (3, "ac")]


def test_oracle(small: duckdb.DuckDBPyConnection) -> None:
    found = {(str(p), str(d)): o for p, d, o in rows(small, "from oracle where pool in ('ALL', 'RESNET-50')")}
    assert found == pytest.approx(
        {("ALL", "pets"): 0.9, ("ALL", "depth"): 0.7, ("RESNET-50", "pets"): 0.9, ("RESNET-50", "depth"): 0.5}
    )


@pytest.mark.parametrize(
    ("strategy", "pets", "depth"),
    [
        ("task_agnostic", [0.5, 0.5, 0.5], [0.4, 0, 0]),  # (0.9 - 0.8) / (1 - 0.8); (0.7 - 0.5) / (1 - 0.5)
        ("linear", [0.5, 0, 0], [0.4, 0.4, 0]),
        ("knn", [0, 0, 0], [0, 0, 0]),
        ("hybrid_linear", [0.5, 0, 0], [0.4, 0.4, 0]),
        ("hybrid_knn", [0.5, 0, 0], [0.4, 0, 0]),
        ("task_agnostic_oracle", [0, 0, 0], [0.26 / 0.56, 0.4, 0]),
    ],
)
def test_relative_regret(small: duckdb.DuckDBPyConnection, strategy: str, pets: list[float], depth: list[float]) -> None:
    assert regret(small, strategy, "pets") == pytest.approx(pets)
    assert regret(small, strategy, "depth") == pytest.approx(depth)


def test_absolute_and_log_odds_regret(small: duckdb.DuckDBPyConnection) -> None:
    query = """select absolute_regret, log_odds_regret from regret
               where pool = 'ALL' and budget = 1 and dataset = 'pets' and strategy = 'linear'"""
    assert rows(small, query) == [(pytest.approx(0.1), pytest.approx(math.log(9) - math.log(4)))]


def test_mean_regret(small: duckdb.DuckDBPyConnection) -> None:
    query = "select budget, datasets, relative_regret from mean_regret where pool = 'ALL' and strategy = 'task_agnostic' order by budget"
    assert rows(small, query) == [(1, 2, pytest.approx(0.45)), (2, 2, pytest.approx(0.25)), (3, 2, pytest.approx(0.25))]


def test_delta_is_positive_where_the_strategy_beats_the_baseline(small: duckdb.DuckDBPyConnection) -> None:
    query = """select dataset, delta, log_odds_delta from delta
               where pool = 'ALL' and budget = 1 and strategy = '{}' and baseline = '{}' order by dataset"""
    logs = [math.log(7 / 3), math.log(9 / 4)]  # logit 0.7 - logit 0.5; logit 0.9 - logit 0.8
    assert rows(small, query.format("knn", "linear")) == [
        ("depth", pytest.approx(0.4), pytest.approx(logs[0])),
        ("pets", pytest.approx(0.5), pytest.approx(logs[1])),
    ]
    assert rows(small, query.format("linear", "knn")) == [
        ("depth", pytest.approx(-0.4), pytest.approx(-logs[0])),
        ("pets", pytest.approx(-0.5), pytest.approx(-logs[1])),
    ]


@pytest.mark.parametrize(
    ("a", "b", "relative", "log_odds"),
    [(0.9, 0.9, 0, 0), (1, 1, 0, 0), (0, 0, 0, 0), (1, 0.5, 1, None), (0.5, 0, 0.5, None), (0.5, 0.75, -0.5, -math.log(3))],
)
def test_differences_at_the_edges(
    small: duckdb.DuckDBPyConnection, a: float, b: float, relative: float, log_odds: float | None
) -> None:
    found = small.cursor().execute("select relative_delta(?::double, ?), log_odds_delta(?::double, ?)", [a, b, a, b]).fetchone()
    assert found == (pytest.approx(relative), None if log_odds is None else pytest.approx(log_odds))


def test_a_cell_that_lacks_one_run_takes_its_pools_regret_away_and_no_other(tmp_path: Path) -> None:
    runs = [
        row
        for row in world.finetunes()
        if (row["model"], row["dataset"], row["repeat"], row["learning_rate"]) != ("c", "pets", 2, 0.1)
    ]
    con = connect(world.write_study(tmp_path, finetune=runs), question="missing_run accuracy regret mean_regret")
    assert rows(con, "from missing_run") == [("finetune", "c", "pets", 0.1, 2)]
    assert rows(con, "select count(*) from accuracy where model = 'c' and dataset = 'pets'") == [(0,)]
    assert rows(con, "select distinct pool from regret where dataset = 'pets' order by pool") == [
        ("COMPLETE",),
        ("DIM2048",),
        ("EXPERT",),
        ("IMNETACCURACIES",),
        ("RESNET-50",),
    ]
    assert regret(con, "linear", "depth") == pytest.approx([0.4, 0.4, 0])
    assert rows(con, "select count(*) from mean_regret where pool = 'ALL'") == [(0,)]
    assert rows(con, "select count(*) from regret where strategy = 'task_agnostic_oracle' and pool = 'ALL'") == [(0,)]


def test_a_strategy_without_its_proxy_has_no_regret_and_the_others_do(tmp_path: Path) -> None:
    scores = [row for row in world.proxies() if (row["proxy"], row["model"], row["dataset"]) != ("linear", "c", "pets")]
    con = connect(world.write_study(tmp_path, proxy=scores), question="missing_run regret")
    query = "select distinct strategy from regret where pool = '{}' and dataset = 'pets' order by strategy"
    assert rows(con, query.format("ALL")) == [
        ("hybrid_knn",), ("knn",), ("leave_one_dataset_out",), ("num_params",), ("random",), ("task_agnostic",),
        ("task_agnostic_oracle",), ("upstream_examples",),
    ]  # fmt: skip
    assert ("linear",) in rows(con, query.format("RESNET-50"))  # which has no c
    assert rows(con, "select procedure, model, dataset, count(*) from missing_run group by all") == [("linear", "c", "pets", 6)]


def test_the_first_repeats_answer_before_the_study_is_complete(tmp_path: Path) -> None:
    first = [row for row in world.finetunes() if row["repeat"] == 0]
    folder = world.write_study(tmp_path, finetune=first)
    assert rows(connect(folder, question="regret"), "select count(*) from regret") == [(0,)]
    con = connect(folder, repeats=1, question="accuracy missing_run")
    found = {(str(m), str(d)): t for m, d, t in rows(con, "from accuracy")}
    assert found == pytest.approx({key: t + world.AROUND[0] for key, t in world.ACCURACY.items()})
    assert rows(con, "from missing_run") == []


def test_a_complete_study_breaks_no_rule(small: duckdb.DuckDBPyConnection) -> None:
    assert rows(small, "from violation") == []
    assert rows(small, "from missing_run") == []
