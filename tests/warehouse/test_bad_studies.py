"""Studies that are broken: the file or the row is named, and a regret is right or absent."""

import math
import shutil
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import world

from warehouse import StrategyError, StudyError, connect
from warehouse.strategy import STRATEGIES


def broken(rows: list[world.Row], change: world.Row, **key: object) -> list[world.Row]:
    """The rows, with a change to those of a key."""
    changed = [{**row, **change} if all(row.get(name) == value for name, value in key.items()) else row for row in rows]
    assert changed != rows
    return changed


ASKED = "model finetune duplicate_run accuracy score oracle regret delta invalid_order undeclared_oracle violation"


def opened(study: Path, strategies: Path = STRATEGIES) -> duckdb.DuckDBPyConnection:
    """The study with what is asked here, which takes a fifth of the time of everything."""
    return connect(study, strategies=strategies, question=ASKED)


def rules(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str, str]]:
    return set(con.execute("select rule, model, dataset from violation").fetchall())


@pytest.mark.parametrize("value", [80.0, -1.0, math.nan, math.inf, None])
def test_an_accuracy_that_is_no_fraction_takes_its_cell_away(tmp_path: Path, value: float | None) -> None:
    """The one that is tested, and the one that chooses the learning rate."""
    runs = broken(world.finetunes(), {"test_accuracy": value}, model="b", dataset="pets", repeat=1, learning_rate=0.01)
    runs = broken(runs, {"validation_accuracy": value}, model="c", dataset="depth", repeat=0, learning_rate=0.01)
    con = opened(world.write_study(tmp_path, finetune=runs))
    assert rules(con) == {
        ("test_accuracy is not a fraction in [0, 1]", "b", "pets"),
        ("validation_accuracy is not a fraction in [0, 1]", "c", "depth"),
    }
    left = con.execute("select model, dataset from accuracy order by all").fetchall()
    assert left == [("a", "depth"), ("a", "pets"), ("b", "depth"), ("c", "pets")]
    pools = con.execute("select dataset, string_agg(distinct pool, ' ' order by pool) from regret group by all order by all")
    assert pools.fetchall() == [
        ("depth", "COMPLETE DIM2048 EXPERT IMNETACCURACIES RESNET-50"),
        ("pets", "COMPLETE IMNETACCURACIES"),
    ], "c is large and of VTAB: in ALL alone; b is in every pool but IMNETACCURACIES"
    assert con.execute("select count(*) from regret where dataset = 'depth' and pool = 'RESNET-50'").fetchone() == (16,)


@pytest.mark.parametrize("value", [70.0, -1.0, math.nan, None])
def test_a_score_that_is_no_fraction_takes_the_proxys_strategies_away(tmp_path: Path, value: float | None) -> None:
    scores = broken(world.proxies(), {"score": value}, proxy="knn", model="c", dataset="depth")
    con = opened(world.write_study(tmp_path, proxy=scores))
    assert rules(con) == {("score is not a fraction in [0, 1]", "c", "depth")}
    left = con.execute("select distinct strategy from regret where pool = 'ALL' and dataset = 'depth' order by all").fetchall()
    assert left == [
        ("hybrid_linear",), ("leave_one_dataset_out",), ("linear",), ("num_params",), ("random",), ("task_agnostic",),
        ("task_agnostic_oracle",), ("upstream_examples",),
    ]  # fmt: skip


def test_a_duplicate_key_takes_its_cell_away(tmp_path: Path) -> None:
    runs = world.finetunes()
    twice = [*runs, {**runs[0], "test_accuracy": 0.1}]
    con = opened(world.write_study(tmp_path, finetune=twice))
    assert con.execute("select * from duplicate_run").fetchall() == [("finetune", "a", "pets", 0.01, 0, 2)]
    assert con.execute("select count(*) from accuracy where model = 'a' and dataset = 'pets'").fetchone() == (0,)
    assert con.execute("select rule from violation").fetchall() == [("key stands in 2 rows",)]


def test_a_duplicate_score_takes_its_strategies_away(tmp_path: Path) -> None:
    scores = world.proxies()
    con = opened(world.write_study(tmp_path, proxy=[*scores, {**scores[0], "score": 0.9}]))
    assert con.execute("select rule from violation").fetchall() == [("key stands in 2 rows",)]
    assert con.execute("select count(*) from regret where strategy = 'knn' and pool = 'ALL' and dataset = 'pets'").fetchone() == (
        0,
    )


def test_a_model_without_metadata_is_named_and_left_out(tmp_path: Path) -> None:
    con = opened(world.write_study(tmp_path, models=world.MODELS[:2]))
    assert {rule for rule, _, _ in rules(con)} == {"model has no metadata"}
    assert {model for _, model, _ in rules(con)} == {"c"}
    assert con.execute("select oracle_accuracy from oracle where pool = 'ALL' and dataset = 'depth'").fetchone() == (
        pytest.approx(0.5),
    )


@pytest.mark.parametrize(
    ("change", "rule"),
    [({"learning_rate": 0.5}, "learning_rate is not one of the protocol"), ({"repeat": -1}, "repeat is not a number from 0")],
)
def test_a_run_outside_the_protocol_takes_its_cell_away(tmp_path: Path, change: world.Row, rule: str) -> None:
    runs = broken(world.finetunes(), change, model="b", dataset="pets", repeat=1, learning_rate=0.01)
    con = opened(world.write_study(tmp_path, finetune=runs))
    assert rules(con) == {(rule, "b", "pets")}
    assert con.execute("select count(*) from accuracy where model = 'b' and dataset = 'pets'").fetchone() == (0,)


def test_a_proxy_that_the_protocol_does_not_name_is_no_score(tmp_path: Path) -> None:
    con = opened(world.write_study(tmp_path, proxy=broken(world.proxies(), {"proxy": "leep"}, proxy="knn")))
    assert {rule for rule, _, _ in rules(con)} == {"proxy is not one of the protocol"}
    assert con.execute("select count(*) from score where proxy = 'leep'").fetchone() == (0,)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"imagenet_accuracy": 80.0}, "imagenet_accuracy is not a fraction"),
        ({"imagenet_accuracy": math.nan}, "imagenet_accuracy is not a fraction"),
        ({"num_params": 0}, "num_params is not a positive number"),
        ({"upstream_examples": -1}, "upstream_examples is negative"),
        ({"model": "b"}, "key stands in more than one row"),
        ({"model": ""}, "model is null or empty"),
    ],
)
def test_broken_metadata_are_refused(tmp_path: Path, change: world.Row, words: str) -> None:
    world.write_study(tmp_path, models=[{**world.MODELS[0], **change}, *world.MODELS[1:]])
    with pytest.raises(StudyError, match=words) as caught:
        opened(tmp_path)
    assert "model.parquet" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"repeats": None}, "repeats is not a positive number"),
        ({"learning_rates": [0.1, 0.1]}, "listed twice"),
        ({"linear_repeats": 0}, "linear_repeats is not a positive number"),
    ],
)
def test_a_broken_protocol_is_refused(tmp_path: Path, change: world.Row, words: str) -> None:
    world.write_study(tmp_path, protocol={**world.PROTOCOL, **change})
    with pytest.raises(StudyError, match=words):
        opened(tmp_path)


def test_an_empty_folder_is_no_study(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"no model\.parquet"):
        connect(tmp_path)


@pytest.mark.parametrize("cut", [0, 3, 500])
def test_a_truncated_file_is_named_and_kept(tmp_path: Path, cut: int) -> None:
    world.write_study(tmp_path)
    part = tmp_path / "finetune" / "other.parquet"
    part.write_bytes((tmp_path / "finetune" / "part.parquet").read_bytes()[:cut])
    with pytest.raises(StudyError, match=r"other\.parquet is not a readable Parquet file"):
        opened(tmp_path)
    assert part.stat().st_size == cut


def test_a_file_with_a_broken_page_is_named(tmp_path: Path) -> None:
    world.write_study(tmp_path)
    part = tmp_path / "finetune" / "part.parquet"
    content = bytearray(part.read_bytes())
    content[4:200] = bytes(196)  # the footer is whole, the first column is not
    part.write_bytes(content)
    with pytest.raises(StudyError, match=r"part\.parquet is not a readable Parquet file"):
        opened(tmp_path)


def test_a_foreign_file_is_named(tmp_path: Path) -> None:
    world.write_study(tmp_path)
    pq.write_table(pa.table({"city": ["Paris"], "size": [1]}), tmp_path / "proxy" / "cities.parquet")
    with pytest.raises(StudyError, match=r"cities\.parquet is not a proxy file: it has no column"):
        connect(tmp_path)


def test_a_column_of_another_type_is_named(tmp_path: Path) -> None:
    world.write_study(tmp_path)
    world.write(tmp_path / "finetune" / "text.parquet", [{"model": "a", "dataset": "pets", "repeat": 5, "test_accuracy": "high"}])
    with pytest.raises(StudyError, match=r"text\.parquet is not a finetune file: its column test_accuracy is not of type double"):
        connect(tmp_path)


def test_a_column_in_which_everything_is_null_is_of_any_type(tmp_path: Path) -> None:
    models = [{**model, "licence": None, "upstream_examples": None} for model in world.MODELS]
    con = opened(world.write_study(tmp_path, models=models))
    assert con.execute("select distinct licence, upstream_examples from model").fetchall() == [(None, None)]


def test_a_folder_with_brackets_and_quotes_in_its_name_opens(tmp_path: Path) -> None:
    con = opened(world.write_study(tmp_path / "it's [a] *study*"))
    assert con.execute("select count(*) from finetune").fetchone() == (36,)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("drop table pool", "is not one SELECT"),
        ("select 1; select 2", "is not one SELECT"),
        ("select pool, dataset, model from candidate", r"a strategy selects \(pool, dataset, model, rank\)"),
        ("select pool, dataset, model, 1 as rank from strategy.nope", "reads strategy.nope, which does not exist"),
        ("select pool, dataset, model, rank from strategy.mine", "in a cycle"),
        ("select pool, dataset, modl, 1 as rank from candidate", "does not run"),
    ],
)
def test_a_file_that_is_no_strategy_is_named(tmp_path: Path, sql: str, words: str) -> None:
    folder = strategies(tmp_path, sql)
    with pytest.raises(StrategyError, match=words) as caught:
        opened(world.write_study(tmp_path / "study"), strategies=folder)
    assert "mine" in str(caught.value)


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("select pool, dataset, 'a' as model, 1 as rank from candidate where pool = 'ALL'", "ranks a model twice"),
        ("select 'EXPERT' as pool, dataset, 'a' as model, 1 as rank from dataset", "ranks a model that is not in the pool"),
        ("select pool, dataset, model, 0 as rank from candidate where model = 'a'", "ranks are not 1, 2, 3 ..."),
        ("select pool, dataset, model, 1 as rank from candidate where pool = 'ALL'", "ranks are not 1, 2, 3 ..."),
    ],
)
def test_an_order_that_is_none_has_no_regret(tmp_path: Path, sql: str, rule: str) -> None:
    con = opened(world.write_study(tmp_path / "study"), strategies=strategies(tmp_path, sql))
    assert set(con.execute("select strategy, broken_rule from invalid_order").fetchall()) == {("mine", rule)}
    assert con.execute("select count(*) from regret where strategy = 'mine'").fetchone() == (0,)
    assert con.execute("select count(*) from regret where strategy = 'knn'").fetchone() != (0,)


def test_a_strategy_that_looks_at_the_answer_is_named(tmp_path: Path) -> None:
    sql = """select pool, dataset, model, row_number() over (partition by pool, dataset order by accuracy desc, model) as rank
             from candidate join accuracy using (model, dataset)"""
    con = opened(world.write_study(tmp_path / "study"), strategies=strategies(tmp_path, sql))
    assert con.execute("from undeclared_oracle").fetchall() == [("mine", "accuracy")]


def test_a_strategy_may_build_on_others_and_is_then_everywhere(tmp_path: Path) -> None:
    sql = (
        "select pool, dataset, model, row_number() over (partition by pool, dataset order by rank desc) as rank from strategy.knn"
    )
    con = opened(world.write_study(tmp_path / "study"), strategies=strategies(tmp_path, sql))
    query = "select relative_regret from regret where strategy = 'mine' and pool = 'ALL' and dataset = 'pets' order by budget"
    assert con.execute(query).fetchall() == [(pytest.approx(0.34 / 0.44),), (pytest.approx(0.5),), (0.0,)]  # c, a, b
    assert con.execute(
        "select count(*) from delta where baseline = 'mine' and strategy = 'linear' and pool = 'ALL'"
    ).fetchone() == (6,)


def strategies(tmp_path: Path, sql: str) -> Path:
    """The shipped strategies and one of mine."""
    folder = tmp_path / "strategies"
    shutil.copytree(STRATEGIES, folder)
    (folder / "mine.sql").write_text(sql)
    return folder
