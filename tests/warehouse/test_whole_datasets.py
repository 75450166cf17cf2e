"""Tables with holes: the pool of complete models, and means over the datasets on which a pool is whole."""

from pathlib import Path

import duckdb
import pytest
import world
from views import rows

from warehouse import connect

QUESTION = "mean_regret mean_delta mean_regret_interval mean_accuracy ranking pool pool_dataset regret total_cost group_regret"


def holed(folder: Path) -> Path:
    """The study of `world` without model c on pets: ALL is whole on depth alone, a and b are complete."""
    runs = [row for row in world.finetunes() if (row["model"], row["dataset"]) != ("c", "pets")]
    return world.write_study(folder, finetune=runs)


def means(con: duckdb.DuckDBPyConnection, strategy: str, pool: str) -> list[object]:
    sql = f"select budget, datasets, relative_regret from mean_regret where strategy = '{strategy}' and pool = '{pool}' order by budget"
    return rows(con, sql)


def test_complete_holds_the_models_that_have_every_dataset(tmp_path: Path) -> None:
    con = connect(holed(tmp_path), question=QUESTION)
    assert rows(con, "select model from pool where pool = 'COMPLETE' order by model") == [("a",), ("b",)]
    # knn picks b on pets, the best, and b on depth, where a is: (0.50 - 0.44) / (1 - 0.44).
    assert means(con, "knn", "COMPLETE") == [(1, 2, pytest.approx(0.06 / 0.56 / 2)), (2, 2, 0.0)]
    assert means(con, "knn", "ALL") == []


def test_complete_is_not_listed_where_it_is_all_and_can_be_asked_for(tmp_path: Path) -> None:
    world.write_study(tmp_path)
    assert rows(connect(tmp_path, question="pool"), "select count(*) from pool where pool = 'COMPLETE'") == [(0,)]
    con = connect(tmp_path, pools=["COMPLETE", "family = 'vtab'"], question="pool")
    assert rows(con, "select pool, count(*) from pool group by pool order by pool") == [("COMPLETE", 3), ("family = 'vtab'", 1)]


def test_means_may_be_over_the_datasets_on_which_the_pool_is_whole(tmp_path: Path) -> None:
    con = connect(holed(tmp_path), whole_datasets=True, question=QUESTION)
    assert rows(con, "select dataset from pool_dataset where pool = 'ALL'") == [("depth",)]
    # On depth knn ranks c (0.70, the best), b, a.
    assert means(con, "knn", "ALL") == [(1, 1, 0.0), (2, 1, 0.0), (3, 1, 0.0)]
    assert means(con, "knn", "COMPLETE")[0] == (1, 2, pytest.approx(0.06 / 0.56 / 2))
    against = "strategy = 'knn' and baseline = 'linear' and pool = 'ALL' and budget = 1"
    assert rows(con, f"select datasets, won, tied, lost from mean_delta where {against}") == [
        (1, 1, 0, 0)
    ]  # linear takes a, 0.50
    assert rows(con, "select mean_accuracy, other_mean_accuracy from mean_accuracy where pool = 'ALL' and model = 'c'") == [
        (0.7, None)
    ]
    intervals = "select count(*), bool_and(low <= relative_regret and relative_regret <= high) from mean_regret_interval where pool = 'ALL'"
    count, inside = rows(con, intervals)[0]
    assert inside
    assert count > 0
    groups = "select vtab_group, datasets from group_regret where strategy = 'knn' and pool = 'ALL' and budget = 1"
    assert rows(con, groups) == [("structured", 1)]


def test_the_two_are_never_mixed(tmp_path: Path) -> None:
    """A strategy that lacks one of the whole datasets has no mean, rather than one over fewer."""
    scores = [row for row in world.proxies() if (row["proxy"], row["model"], row["dataset"]) != ("knn", "c", "depth")]
    runs = [row for row in world.finetunes() if (row["model"], row["dataset"]) != ("c", "pets")]
    con = connect(world.write_study(tmp_path / "knn", finetune=runs, proxy=scores), whole_datasets=True, question=QUESTION)
    assert means(con, "knn", "ALL") == []
    assert [row[1] for row in means(con, "linear", "ALL")] == [1, 1, 1]
