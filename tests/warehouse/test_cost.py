"""What a strategy costs, on the small world with seconds: numbers that were worked out by hand."""

from pathlib import Path

import duckdb
import pytest
import world
from pond import write_pond
from views import rows

from warehouse import connect

# Seconds of one fine-tune at one learning rate; a proxy run takes a tenth of a second, a forward pass one.
SECONDS = {"a": 10.0, "b": 20.0, "c": 50.0}


def priced(folder: Path, lacking: str = "") -> duckdb.DuckDBPyConnection:
    finetunes = [{**row, "seconds": SECONDS[row["model"]] + row["repeat"] - 1} for row in world.finetunes()]
    if lacking == "finetune":
        finetunes[0]["seconds"] = None
    proxies = [{**row, "seconds": None if (lacking, row["proxy"]) == ("proxy", "linear") else 0.1} for row in world.proxies()]
    study = world.write_study(folder, finetune=finetunes, proxy=proxies)
    keys = [{"model": m["model"], "dataset": d["dataset"]} for m in world.MODELS for d in world.DATASETS]
    world.write(study / "representation" / "part.parquet", [{**key, "representation_seconds": 1.0} for key in keys])
    return connect(study, question="finetune_cost strategy_proxy cost total_cost pareto")


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    return priced(tmp_path_factory.mktemp("priced"))


def test_a_fine_tune_costs_each_learning_rate_once(con: duckdb.DuckDBPyConnection) -> None:
    """Repeats of 9, 10 and 11 seconds at each of two learning rates: 20 seconds."""
    assert rows(con, "select seconds from finetune_cost where model = 'a' and dataset = 'pets'") == [(pytest.approx(20.0),)]


def test_cost_of_a_proxy_strategy(con: duckdb.DuckDBPyConnection) -> None:
    """linear, ALL: three forward passes, 3 x 6 runs of 0.1 s; it takes a (20 s), then b (40 s). Everything: 20 + 40 + 100."""
    query = """select representation_seconds, proxy_seconds, finetune_seconds, seconds, everything_seconds, speed_up, relative_regret
               from cost where strategy = 'linear' and pool = 'ALL' and dataset = 'pets' order by budget"""
    one, two, _ = rows(con, query)
    assert one == tuple(map(pytest.approx, (3.0, 1.8, 20.0, 24.8, 160.0, 160 / 24.8, 0.5)))
    assert two[2] == pytest.approx(60.0)


def test_who_asks_no_proxy_pays_for_none(con: duckdb.DuckDBPyConnection) -> None:
    query = "select seconds from cost where strategy = 'task_agnostic' and pool = 'ALL' and dataset = 'pets' order by budget"
    assert rows(con, query) == [(pytest.approx(20.0),), (pytest.approx(120.0),), (pytest.approx(120.0),)], "a, c, and no third"
    query = "select seconds from cost where strategy = 'random' and pool = 'ALL' and dataset = 'pets' order by budget"
    assert rows(con, query) == [(pytest.approx(b * 160 / 3),) for b in (1, 2, 3)]


def test_strategies_need_the_proxies_that_they_name(con: duckdb.DuckDBPyConnection) -> None:
    found = rows(con, "from strategy_proxy order by all")
    assert found == [("hybrid_knn", "knn"), ("hybrid_linear", "linear"), ("knn", "knn"), ("linear", "linear")]


def test_total_cost_and_pareto(con: duckdb.DuckDBPyConnection) -> None:
    """At B = 1 over both datasets: task_agnostic takes a twice for 40 s and a mean regret of 0.45. Nothing is cheaper."""
    query = "select seconds, speed_up, relative_regret from total_cost where strategy = 'task_agnostic' and pool = 'ALL' and budget = 1"
    assert rows(con, query) == [(pytest.approx(40.0), pytest.approx(320 / 40), pytest.approx(0.45))]
    front = rows(con, "select strategy, budget, seconds, relative_regret from pareto where pool = 'ALL' order by seconds")
    assert front[0] == ("task_agnostic", 1, pytest.approx(40.0), pytest.approx(0.45))
    regrets = [float(str(row[3])) for row in front]
    assert regrets == sorted(regrets, reverse=True), "who costs more loses less"
    assert regrets[-1] == 0
    assert "task_agnostic_oracle" not in {row[0] for row in front}


@pytest.mark.slow
def test_the_front_is_the_same_each_time(tmp_path: Path) -> None:
    """A sum's last digit depends on the order of its rows: a strategy must not be beaten by itself, computed once more."""
    with connect(write_pond(tmp_path), question="pareto") as con:
        fronts = {str(rows(con, "select strategy, budget from pareto where pool = 'ALL' order by seconds")) for _ in range(12)}
    assert fronts == {"[('upstream_examples', 1), ('random', 1), ('knn', 1), ('knn', 2), ('linear', 2), ('linear', 3)]"}


def test_without_seconds_there_is_no_cost(small: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    for view in ("cost", "total_cost", "pareto"):
        assert rows(small, f"select count(*) from {view}") == [(0,)]
    con = priced(tmp_path / "linear", lacking="proxy")
    left = rows(con, "select distinct strategy from cost where pool = 'ALL' order by all")
    assert ("knn",) in left
    assert not {("linear",), ("hybrid_linear",)} & set(left)
    con = priced(tmp_path / "finetune", lacking="finetune")
    assert rows(con, "select distinct dataset from cost where pool = 'ALL'") == [("depth",)]


def on_two_devices(folder: Path, finetunes: list[world.Row], elsewhere: str = "") -> duckdb.DuckDBPyConnection:
    """The small world with seconds; proxies, and forward passes, of the fast device but for those named."""
    proxies = [{**row, "seconds": 0.1, "device": "slow" if row["proxy"] == elsewhere else "fast"} for row in world.proxies()]
    study = world.write_study(folder, finetune=finetunes, proxy=proxies)
    keys = [{"model": m["model"], "dataset": d["dataset"]} for m in world.MODELS for d in world.DATASETS]
    world.write(
        study / "representation" / "part.parquet", [{**key, "representation_seconds": 1.0, "device": "fast"} for key in keys]
    )
    return connect(study, question="finetune_cost cost cost_device")


def test_seconds_of_two_devices_are_never_added_up(tmp_path: Path) -> None:
    """The fast device ran every model on depth alone, in a tenth of the slow one's time; for pets its means count."""
    finetunes = [
        {**row, "device": device, "seconds": SECONDS[row["model"]] * (1 if device == "slow" else 0.1) + row["repeat"] - 1}
        for row in world.finetunes()
        for device in ["fast" if row["dataset"] == "depth" else "slow"]
    ]
    con = on_two_devices(tmp_path / "study", finetunes)
    assert rows(con, "from cost_device") == [("fast",)], "both ran three models; it alone made forward passes"
    expected = [
        ("a", "depth", 2.0),
        ("a", "pets", 2.0),
        ("b", "depth", 4.0),
        ("b", "pets", 4.0),
        ("c", "depth", 10.0),
        ("c", "pets", 10.0),
    ]
    assert rows(con, "from finetune_cost order by all") == [(m, d, pytest.approx(seconds)) for m, d, seconds in expected]
    query = "select seconds, everything_seconds from cost where strategy = 'linear' and pool = 'ALL' and dataset = 'pets' and budget = 1"
    assert rows(con, query) == [(pytest.approx(3 + 1.8 + 2), pytest.approx(16))]


def test_what_only_another_device_measured_has_no_cost(tmp_path: Path) -> None:
    finetunes = [{**row, "device": "slow" if row["model"] == "c" else "fast", "seconds": 1.0} for row in world.finetunes()]
    con = on_two_devices(tmp_path / "model", finetunes)
    assert rows(con, "select distinct model from finetune_cost order by all") == [("a",), ("b",)]
    pools = rows(con, "select distinct pool::varchar from cost order by all")
    assert pools == [("DIM2048",), ("EXPERT",), ("IMNETACCURACIES",), ("RESNET-50",)], "those without c"
    con = on_two_devices(
        tmp_path / "proxy", [{**row, "device": "fast", "seconds": 1.0} for row in world.finetunes()], elsewhere="linear"
    )
    assert {strategy for (strategy,) in rows(con, "select distinct strategy from cost")} == {
        "hybrid_knn", "knn", "leave_one_dataset_out", "num_params", "random", "task_agnostic", "task_agnostic_oracle", "upstream_examples"
    }  # fmt: skip
