"""Fine-tunes that stop early are proxies: their scores, strategies and cost, worked out by hand in the small world with curves."""

import math
from collections.abc import Iterator
from pathlib import Path

import curved
import duckdb
import pytest
import world
from views import order, regret, rows

from warehouse import StrategyError, connect

QUESTION = "candidate_score mean_regret reads_answer violation strategy_proxy cost rung study_proxy"


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(curved.write_curved(tmp_path_factory.mktemp("curved")), question=QUESTION) as con:
        yield con


def scores(con: duckdb.DuckDBPyConnection) -> dict[tuple[object, ...], float]:
    query = "select proxy, model, dataset, score from candidate_score where pool = 'ALL' and contains(proxy, 'partial')"
    return {row[:3]: float(str(row[3])) for row in rows(con, query)}


def test_a_score_is_the_median_over_repeats_of_the_best_learning_rate_then(con: duckdb.DuckDBPyConnection) -> None:
    """The better learning rate is another one after 1/8 of the steps than later; the means over repeats are 0.0033 higher."""
    names = ("partial_1_8", "partial_1_4", "partial_1_2")
    expected = {
        (name, *cell): pytest.approx(accuracy, abs=1e-12)
        for cell, validation in curved.VALIDATION.items()
        for name, accuracy in zip(names, validation[:3], strict=True)
    }
    assert scores(con) == expected
    assert rows(con, "from violation") == []


def test_each_is_two_strategies(con: duckdb.DuckDBPyConnection) -> None:
    """On depth a and b tie after 1/8 of the steps. hybrid: the task-agnostic best, a, then the order of the proxy."""
    assert [order(con, f"partial_1_{n}", "pets") for n in (8, 4, 2)] == ["acb", "bca", "bac"]
    assert [order(con, f"partial_1_{n}", "depth") for n in (8, 4, 2)] == ["abc", "cab", "cab"]
    assert [order(con, f"hybrid_partial_1_{n}", "pets") for n in (8, 4, 2)] == ["acb", "abc", "abc"]
    assert regret(con, "partial_1_8", "pets")[0] == pytest.approx((0.9 - 0.8) / (1 - 0.8))
    assert regret(con, "partial_1_8", "depth")[0] == pytest.approx((0.7 - 0.5) / (1 - 0.5))
    query = "select strategy, relative_regret from mean_regret where pool = 'ALL' and budget = 1 and strategy like 'partial%' order by 1"
    assert rows(con, query) == [("partial_1_2", 0.0), ("partial_1_4", 0.0), ("partial_1_8", pytest.approx(0.45))]


def test_they_read_no_answer(tmp_path: Path, con: duckdb.DuckDBPyConnection) -> None:
    """Noise for every test accuracy, and for the validation accuracy at the end, moves not one score and not one rank."""
    assert rows(con, "select distinct strategy from reads_answer") == [("task_agnostic_oracle",)]
    noise = [
        {**run, "test_accuracy": hash((i, 1)) % 97 / 97, "validation_accuracy": hash((i, 2)) % 89 / 89}
        for i, run in enumerate(curved.finetunes())
    ]
    query = "from ranking where contains(strategy, 'partial') or contains(strategy, 'linear') order by all"
    with connect(curved.write_curved(tmp_path, noise), question="ranking candidate_score oracle accuracy") as noisy:
        assert rows(noisy, "from accuracy order by all") != rows(con, "from accuracy order by all")
        assert scores(noisy) == scores(con)
        assert rows(noisy, query) == rows(con, query)


@pytest.mark.parametrize(
    ("relation", "words"),
    [
        ("partial_score", "may lack models"),
        ("halving", "is made of what strategies choose"),
        ("mean_halving_interval", "is made of what strategies choose"),
        ("survivor", "is made of what strategies choose"),
    ],
)
def test_a_strategy_reads_partial_fine_tunes_as_candidate_score_alone(tmp_path: Path, relation: str, words: str) -> None:
    (tmp_path / "mine.sql").write_text(f"select pool, dataset, model, 1 as rank from candidate join {relation} using (dataset)")
    with pytest.raises(StrategyError, match=words):
        connect(curved.write_curved(tmp_path / "study"), added={"mine": tmp_path / "mine.sql"}, question="ranking")


def test_who_reads_the_validation_accuracy_at_the_end_reads_the_answer(tmp_path: Path) -> None:
    sql = """select pool, dataset, model, row_number() over (partition by pool, dataset order by validation_accuracy desc, model) as rank
             from candidate join rung_score using (model, dataset) where rung = 4"""
    (tmp_path / "mine.sql").write_text(sql)
    con = connect(curved.write_curved(tmp_path / "study"), added={"mine": tmp_path / "mine.sql"}, question="undeclared_oracle")
    assert rows(con, "from undeclared_oracle") == [("mine", "rung_score")]


def test_the_cost_is_that_share_of_a_fine_tune_of_every_model(con: duckdb.DuckDBPyConnection) -> None:
    """partial_1_8 on pets: 2 of 16 steps of 20 + 40 + 100 s, and its pick, a, in full. No forward pass, of which no time is known."""
    assert rows(con, "from strategy_proxy where contains(strategy, '1_8') order by all") == [
        ("hybrid_partial_1_8", "partial_1_8"),
        ("partial_1_8", "partial_1_8"),
    ]
    query = """select representation_seconds, proxy_seconds, finetune_seconds, seconds, speed_up from cost
               where strategy = '{}' and pool = 'ALL' and dataset = 'pets' and budget = 1"""
    assert rows(con, query.format("partial_1_8")) == [tuple(map(pytest.approx, (0, 20, 20, 40, 4)))]
    assert rows(con, query.format("partial_1_2")) == [tuple(map(pytest.approx, (0, 80, 40, 120, 160 / 120)))]
    assert rows(con, query.format("linear")) == []


def test_who_names_two_kinds_of_proxies_pays_for_both(tmp_path: Path) -> None:
    (tmp_path / "both.sql").write_text(
        """select pool, dataset, model, row_number() over (partition by pool, dataset order by sum(score), model) as rank
           from candidate_score where proxy in ('partial_1_8', 'knn') group by pool, dataset, model"""
    )
    study = curved.write_curved(tmp_path / "study")
    world.write(study / "proxy" / "part.parquet", [{**row, "seconds": 0.1} for row in world.proxies()])
    keys = [{"model": m["model"], "dataset": d["dataset"]} for m in world.MODELS for d in world.DATASETS]
    world.write(study / "representation" / "part.parquet", [{**key, "representation_seconds": 1.0} for key in keys])
    con = connect(study, added={"both": tmp_path / "both.sql"}, question="strategy_proxy_cost")
    query = """select representation_seconds, proxy_seconds from strategy_proxy_cost
               where strategy = '{}' and pool = 'ALL' and dataset = 'pets'"""
    assert rows(con, query.format("both")) == [(pytest.approx(3.0), pytest.approx(20.3))]
    assert rows(con, query.format("partial_1_8")) == [(0.0, pytest.approx(20.0))]


@pytest.mark.parametrize(
    "curve",
    [None, [], [0.5, 0.5], [0.5, math.nan, 0.5], [0.5, None, 0.5], [0.5, 1.5, 0.5], "no run", "twice"],
    ids=str,
)
def test_a_cell_without_its_curves_has_no_score(tmp_path: Path, curve: object) -> None:
    runs = curved.finetunes()
    i = next(i for i, run in enumerate(runs) if (run["model"], run["dataset"], run["repeat"]) == ("c", "depth", 1))
    if curve == "no run":
        del runs[i]
    elif curve == "twice":
        runs.append({**runs[i], "validation_curve": [0.9, 0.9, 0.9]})
    else:
        runs[i]["validation_curve"] = curve
    with connect(curved.write_curved(tmp_path, runs), question="score candidate_score regret halving mean_halving") as con:
        query = "select count(*), count(*) filter (model = 'c' and dataset = 'depth') from score where contains(proxy, 'partial')"
        assert rows(con, query) == [(15, 0)]
        query = "select distinct dataset from regret where pool = 'ALL' and contains(strategy, 'partial')"
        assert rows(con, query) == [("pets",)]
        assert rows(con, "select distinct dataset from halving where pool = 'ALL'") == [("pets",)]
        assert rows(con, "select count(*) from mean_halving where pool = 'ALL'") == [(0,)]
        assert rows(con, "select count(*) > 0 from mean_halving where pool = 'EXPERT'") == [(True,)]


def test_only_the_repeats_that_count_count(tmp_path: Path) -> None:
    """The first repeat is 0.03 above the median. The whole study's curves are those of three repeats, of which one lacks two."""
    study = curved.write_curved(tmp_path / "study", [run for run in curved.finetunes() if run["repeat"] == 0])
    assert scores(connect(study, repeats=1, question="candidate_score"))["partial_1_8", "a", "pets"] == pytest.approx(0.53)
    assert scores(connect(study, question="candidate_score")) == {}


def test_without_curves_there_are_none(small: duckdb.DuckDBPyConnection) -> None:
    assert rows(small, "from study_proxy order by all") == [("knn", "measured", 0.0), ("linear", "measured", 0.0)]
    for relation in ("rung", "rung_score", "partial_score", "halving", "mean_halving", "halving_interval", "halving_rival"):
        assert rows(small, f"from {relation}") == []


@pytest.mark.parametrize(
    ("share", "name"),
    [
        (1 / 8, "partial_1_8"),
        (0.125, "partial_1_8"),
        (2 / 6, "partial_1_3"),
        (0.6, "partial_3_5"),
        (63 / 64, "partial_63_64"),
        (1 / 65, "partial_1_5384615385_percent"),
        (0.333, "partial_33_3_percent"),
        (0.005, "partial_0_5_percent"),
    ],
)
def test_a_proxy_is_named_by_its_fraction(tmp_path: Path, share: float, name: str) -> None:
    runs = [{**run, "validation_curve": run["validation_curve"][:1]} for run in curved.finetunes()]
    study = curved.write_curved(tmp_path, runs, steps=1000, curve_at=[share])
    with connect(study, question="ranking study_proxy rung") as con:
        assert rows(con, "select proxy from study_proxy where share > 0") == [(name,)]
        assert rows(con, "select step, share from rung order by rung") == [(s := math.ceil(1000 * share), s / 1000), (1000, 1.0)]
        assert order(con, name, "pets") == "acb"
        assert order(con, f"hybrid_{name}", "pets") == "acb"


@pytest.mark.parametrize("name", ["partial_1_8", "Partial_1_8", "hybrid_partial_1_4"])
def test_a_proxy_of_the_protocol_that_is_called_so_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(StrategyError, match=r"proxy '\w*partial_1_\d' needs another name: there is a strategy"):
        connect(curved.write_curved(tmp_path / "clash", proxies=["knn", "linear", name]), question="ranking")
    free = world.write_study(tmp_path / "free", protocol={**world.PROTOCOL, "proxies": ["knn", "linear", name]})
    assert (name,) in rows(connect(free, question="study_proxy"), "select proxy from study_proxy")
