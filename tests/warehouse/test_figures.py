"""The views behind the paper's figures and tables, on the small world: numbers that were worked out by hand (see world.py)."""

from pathlib import Path

import duckdb
import pytest
import world
from views import regret, rows

from warehouse import connect
from warehouse.paper.figures import FIGURES
from warehouse.relation import of_schema


def test_random_is_the_expectation_over_all_choices(small: duckdb.DuckDBPyConnection) -> None:
    """pets: 0.56, 0.80, 0.90. One model: their mean. Two: 0.80 in one of three pairs, 0.90 in two. Three: the best."""
    query = "select accuracy from regret where strategy = 'random' and pool = 'ALL' and dataset = 'pets' order by budget"
    assert rows(small, query) == [(pytest.approx(2.26 / 3),), (pytest.approx(2.6 / 3),), (0.9,)]
    assert regret(small, "random", "pets") == pytest.approx([0.594595, 0.25, 0.0], abs=1e-6)
    assert regret(small, "random", "pets")[-1] == 0


def test_leave_one_dataset_out_never_looks_at_its_dataset(small: duckdb.DuckDBPyConnection) -> None:
    """For pets the order of depth (c, a, b), for depth that of pets (b, a, c)."""
    assert regret(small, "leave_one_dataset_out", "pets") == pytest.approx([0.34 / 0.44, 0.5, 0.0])
    assert regret(small, "leave_one_dataset_out", "depth") == pytest.approx([0.26 / 0.56, 0.4, 0.0])


def test_zero_regret_budget(small: duckdb.DuckDBPyConnection) -> None:
    query = "select dataset, budget from zero_regret_budget where strategy = '{}' and pool = 'ALL' order by dataset"
    assert rows(small, query.format("linear")) == [("depth", 3), ("pets", 2)]
    assert rows(small, query.format("task_agnostic")) == [("depth", 2), ("pets", None)], "it never ranks b, the best on pets"


def test_zero_regret_share(small: duckdb.DuckDBPyConnection) -> None:
    query = "select share, datasets from zero_regret_share where strategy = 'linear' and pool = 'ALL' order by budget"
    assert rows(small, query) == [(0.0, 2), (0.5, 2), (1.0, 2)]
    chance = "select share from zero_regret_share where strategy = 'random' and pool = 'ALL' order by budget"
    assert rows(small, chance) == [(pytest.approx(1 / 3),), (pytest.approx(2 / 3),), (1.0,)]


def test_a_random_choice_may_hit_any_of_the_best_that_tie(tmp_path: Path) -> None:
    """c is as good as b on pets: two of three, and of two drawn one is among them."""
    runs = [{**run, "test_accuracy": run["test_accuracy"] + (0.34 if (run["model"], run["dataset"]) == ("c", "pets") else 0)}
            for run in world.finetunes() if run["learning_rate"] == 0.01]  # fmt: skip
    protocol = {**world.PROTOCOL, "learning_rates": [0.01]}
    con = connect(world.write_study(tmp_path, finetune=runs, protocol=protocol), question="random_hit")
    query = "select probability from random_hit where pool = 'ALL' and dataset = 'pets' order by budget"
    assert rows(con, query) == [(pytest.approx(2 / 3),), (1.0,), (1.0,)]


def test_group_regret(small: duckdb.DuckDBPyConnection) -> None:
    query = (
        "select vtab_group, relative_regret, datasets from group_regret where strategy = 'linear' and pool = 'ALL' and budget = 1"
    )
    assert rows(small, query + " order by all") == [("natural", pytest.approx(0.5), 1), ("structured", pytest.approx(0.4), 1)]


def test_mean_delta_counts_wins(small: duckdb.DuckDBPyConnection) -> None:
    """linear takes a on both (0.8, 0.5), knn takes b and c (0.9, 0.7): -0.1 / 0.2 and -0.2 / 0.5."""
    query = """select delta, won, tied, lost from mean_delta
               where strategy = 'linear' and baseline = 'knn' and pool = 'ALL' and budget = 1"""
    assert rows(small, query) == [(pytest.approx(-0.45), 0, 0, 2)]


def test_top_pick(small: duckdb.DuckDBPyConnection) -> None:
    query = "select dataset, model, accuracy from top_pick where strategy = 'linear' and pool = 'ALL' order by dataset"
    assert rows(small, query) == [("depth", "a", pytest.approx(0.5)), ("pets", "a", pytest.approx(0.8))]


def test_model_regret(small: duckdb.DuckDBPyConnection) -> None:
    """pets: b is the best with 0.90, a loses 0.1 of the 0.2 that it leaves open, c 0.34 of 0.44."""
    query = "select model, relative_regret, best from model_regret where pool = 'ALL' and dataset = 'pets' order by model"
    assert rows(small, query) == [("a", pytest.approx(0.5), False), ("b", 0.0, True), ("c", pytest.approx(0.34 / 0.44), False)]


def test_model_mean(small: duckdb.DuckDBPyConnection) -> None:
    """On depth c is the best with 0.70: a loses 0.2 of 0.5, b 0.26 of 0.56."""
    query = "select model, datasets, best_on, accuracy, relative_regret from model_mean where pool = 'ALL' order by model"
    assert rows(small, query) == [
        ("a", 2, 0, pytest.approx(0.65), pytest.approx(0.45)),
        ("b", 2, 1, pytest.approx(0.67), pytest.approx(0.13 / 0.56)),
        ("c", 2, 1, pytest.approx(0.63), pytest.approx(0.17 / 0.44)),
    ]


def test_completeness_counts_what_the_protocol_asks_for(tmp_path: Path) -> None:
    """3 models x 2 datasets x 2 learning rates x 3 repeats, of which a has none on pets."""
    runs = [run for run in world.finetunes() if (run["model"], run["dataset"]) != ("a", "pets")]
    with connect(world.write_study(tmp_path, finetune=runs), question="completeness") as con:
        assert rows(con, "select procedure, asked, done, share from completeness order by procedure") == [
            ("finetune", 36, 30, pytest.approx(30 / 36)),
            ("knn", 6, 6, 1.0),
            ("linear", 36, 36, 1.0),
        ]


def test_accuracy_range(small: duckdb.DuckDBPyConnection) -> None:
    """pets: quarters of 0.56, 0.80, 0.90 by interpolation; no accuracy is further than 1.5 boxes away."""
    query = """select lowest, whisker_low, q1, median, q3, whisker_high, highest, models
               from accuracy_range where pool = 'ALL' and dataset = 'pets'"""
    assert rows(small, query) == [tuple(map(pytest.approx, (0.56, 0.56, 0.68, 0.8, 0.85, 0.9, 0.9, 3)))]


def test_whiskers_leave_outliers_out() -> None:
    con = duckdb.connect()
    con.execute("create table pool as select 'ALL' as pool, 'm' || i as model from range(6) as model(i)")
    accuracies = [0.1, 0.5, 0.52, 0.54, 0.56, 0.58]
    values = ", ".join(f"('m{i}', 'd', {accuracy}::double)" for i, accuracy in enumerate(accuracies))
    con.execute(f"create table accuracy as select * from (values {values}) as t(model, dataset, accuracy)")
    con.execute("create table oracle as select 'ALL' as pool, 'd' as dataset, 0.58::double as oracle_accuracy")
    con.execute(of_schema(())["accuracy_range"].statements[0])
    found = con.execute("select lowest, whisker_low, whisker_high from accuracy_range").fetchone()
    assert found == (pytest.approx(0.1), pytest.approx(0.5), pytest.approx(0.58))


def test_proxy_correlation_stands_beside_regret(small: duckdb.DuckDBPyConnection) -> None:
    """linear on pets: 0.7, 0.6, 0.5 against 0.80, 0.90, 0.56: one of three pairs is wrong. On depth a and b tie: -2 / sqrt(2 * 3)."""
    query = """select pearson, kendall, relative_regret, models from proxy_correlation
               where proxy = 'linear' and pool = 'ALL' and dataset = '{}'"""
    pets = (pytest.approx(0.686743, abs=1e-6), pytest.approx(1 / 3), pytest.approx(0.5), 3)
    assert rows(small, query.format("pets")) == [pets]
    assert rows(small, query.format("depth"))[0][1] == pytest.approx(-2 / 6**0.5)


def test_score_by_dimension(small: duckdb.DuckDBPyConnection) -> None:
    query = "select feature_dim, score from score_by_dimension where proxy = 'knn' and dataset = 'pets' order by feature_dim"
    assert rows(small, query) == [(1024, pytest.approx(0.3)), (2048, pytest.approx(0.4)), (4096, pytest.approx(0.2))]


@pytest.mark.parametrize("figure", FIGURES)
def test_the_sql_of_each_figure_answers(figure: str, small: duckdb.DuckDBPyConnection) -> None:
    found = rows(small, FIGURES[figure])
    assert found or figure == "the printed numbers beside ours", "of models and datasets that the small world has not"
