"""Successive halving: by hand in the small world with curves, on bad input, and on haystack against a plain implementation."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median
from typing import Any

import curved
import duckdb
import pytest
import world
from paths import ROOT
from views import rows

from warehouse import connect

QUESTION = "halving mean_halving halving_rival mean_halving_rival survivor violation"


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(curved.write_curved(tmp_path_factory.mktemp("curved")), question=QUESTION) as con:
        yield con


def test_the_better_half_goes_on(con: duckdb.DuckDBPyConnection) -> None:
    """pets: a, b, c; then a, c, the best after 1/8; then c, the better after 1/4, though b was the best of all from there on.
    depth: a, b, c; then a and b, which tie; then a."""
    query = """select string_agg(model, '' order by model) from survivor where pool = 'ALL' and dataset = '{}' and eta = 2
               group by rung order by rung"""
    assert rows(con, query.format("pets")) == [("abc",), ("ac",), ("c",), ("c",)]
    assert rows(con, query.format("depth")) == [("abc",), ("ab",), ("a",), ("a",)]
    assert rows(con, "from violation") == []


def test_what_is_left_and_what_it_costs(con: duckdb.DuckDBPyConnection) -> None:
    """eta 2: 3 models train 1/8 of the steps, 2 another 1/8, 1 the other 1/4 and 1/2: 1.375 fine-tunes. eta 3, and 4, of which there are
    only 3: one goes on, on depth the first by name. Fine-tunes of a, b, c take 20, 40 and 100 s."""
    query = """select strategy, start, eta, rungs, model, accuracy, relative_regret, finetunes, seconds from halving
               where pool = 'ALL' and dataset = '{}' order by eta"""
    pets = 160 / 8, (20 + 100) / 8, 20 / 8
    assert rows(con, query.format("pets")) == [
        (None, 3, 2, 4, "c", 0.56, pytest.approx(0.34 / 0.44), 1.375, pytest.approx(pets[0] + pets[1] + 100 * 3 / 4)),
        (None, 3, 3, 4, "a", 0.8, pytest.approx(0.5), 1.25, pytest.approx(pets[0] + 20 * 7 / 8)),
        (None, 3, 4, 4, "a", 0.8, pytest.approx(0.5), 1.25, pytest.approx(pets[0] + 20 * 7 / 8)),
    ]
    assert rows(con, query.format("depth")) == [
        (None, 3, 2, 4, "a", 0.5, pytest.approx(0.4), 1.375, pytest.approx(20 + (20 + 40) / 8 + 20 * 3 / 4)),
        (None, 3, 3, 4, "a", 0.5, pytest.approx(0.4), 1.25, pytest.approx(20 + 20 * 7 / 8)),
        (None, 3, 4, 4, "a", 0.5, pytest.approx(0.4), 1.25, pytest.approx(20 + 20 * 7 / 8)),
    ]
    query = "select eta, datasets, relative_regret, finetunes, seconds from mean_halving where pool = 'ALL' order by eta"
    assert rows(con, query) == [
        (2, 2, pytest.approx((0.34 / 0.44 + 0.4) / 2), 1.375, pytest.approx((110 + 42.5) / 2)),
        (3, 2, pytest.approx(0.45), 1.25, pytest.approx(37.5)),
        (4, 2, pytest.approx(0.45), 1.25, pytest.approx(37.5)),
    ]


def test_one_model_is_a_fine_tune(con: duckdb.DuckDBPyConnection) -> None:
    """EXPERT is b alone."""
    query = """select distinct start, model, accuracy, relative_regret, finetunes, seconds from halving where pool = 'EXPERT'
               order by accuracy"""
    expected = [(1, "b", 0.44, 0.0, 1.0, pytest.approx(40)), (1, "b", 0.9, 0.0, 1.0, pytest.approx(40))]
    assert rows(con, query) == expected


def test_rivals_have_the_largest_budget_that_costs_no_more(con: duckdb.DuckDBPyConnection) -> None:
    """Of 1.375 fine-tunes a strategy has one, partial_1_8 too: 3/8 are for its proxy. 3/4 are that of partial_1_4, which has none.
    linear takes a on pets, and on depth."""
    query = """select rival, budget, relative_regret from halving_rival
               where pool = 'ALL' and dataset = 'pets' and eta = {} and rival in ('linear', 'partial_1_8', 'partial_1_4') order by all"""
    assert rows(con, query.format(2)) == [("linear", 1, pytest.approx(0.5)), ("partial_1_8", 1, pytest.approx(0.5))]
    assert rows(con, query.format(3)) == [("linear", 1, pytest.approx(0.5))]
    query = "select rival, budget, relative_regret from mean_halving_rival where pool = 'ALL' and eta = 2 and rival in ('linear', 'knn')"
    # knn takes b on pets and c on depth: the best twice.
    assert rows(con, f"{query} order by all") == [("knn", 1, 0.0), ("linear", 1, pytest.approx(0.45))]


def test_seconds_that_are_not_known_leave_the_regret(tmp_path: Path) -> None:
    runs = [{**run, "seconds": None if run["model"] == "b" else run["seconds"]} for run in curved.finetunes()]
    with connect(curved.write_curved(tmp_path, runs), question=QUESTION) as con:
        assert rows(con, "select count(*), count(seconds), count(finetunes) from halving where pool = 'ALL'") == [(6, 0, 6)]
        assert rows(con, "select count(*), count(seconds) from mean_halving where pool = 'ALL'") == [(3, 0)]


def test_one_dataset_without_its_oracle_leaves_no_mean(tmp_path: Path) -> None:
    runs = curved.finetunes()
    runs[0]["test_accuracy"] = None  # of a on pets; its curve is whole
    with connect(curved.write_curved(tmp_path, runs), question=QUESTION) as con:
        assert rows(con, "select distinct dataset from halving where pool = 'ALL'") == [("depth",)]
        assert rows(con, "select count(*) from mean_halving where pool = 'ALL'") == [(0,)]


def test_a_validation_accuracy_that_is_not_known_at_the_end_leaves_none(tmp_path: Path) -> None:
    """It may lack where there is one learning rate. Here that of c does: the scores are there, what halving would choose is not known."""
    runs = [
        {**run, "validation_accuracy": None if run["model"] == "c" else run["validation_accuracy"]}
        for run in curved.finetunes()
        if run["learning_rate"] == 0.1
    ]
    with connect(curved.write_curved(tmp_path, runs, learning_rates=[0.1]), question=f"{QUESTION} candidate_score") as con:
        assert rows(con, "select count(*) from candidate_score where pool = 'ALL' and proxy = 'partial_1_8'") == [(6,)]
        assert rows(con, "select count(*) > 0 from regret where strategy = 'partial_1_8'") == [(True,)]
        assert rows(con, "select distinct pool::varchar from halving order by all") == [
            ("DIM2048",), ("EXPERT",), ("IMNETACCURACIES",), ("RESNET-50",)
        ], "those without c"  # fmt: skip


def nine(folder: Path, **proxies: object) -> Path:
    """Nine models, one better than the other throughout but for linear, which has them in the other order; they tie in pairs."""
    names = [f"m{i}" for i in range(1, 10)]
    runs = [
        {"model": name, "dataset": "pets", "repeat": 0, "learning_rate": 0.1, "validation_accuracy": i // 2 / 10,
         "validation_curve": [i // 2 / 10] * 3, "test_accuracy": i / 10}
        for i, name in enumerate(names, 1)
    ]  # fmt: skip
    linear = [
        {"proxy": "linear", "model": name, "dataset": "pets", "repeat": 0, "learning_rate": 0.1, "score": 1 - i / 10}
        for i, name in enumerate(names, 1)
    ]
    protocol = {**curved.PROTOCOL, "learning_rates": [0.1], "linear_learning_rates": [0.1], "repeats": 1, "linear_repeats": 1,
                "proxies": ["linear"], **proxies}  # fmt: skip
    models = [{"model": name, "imagenet_accuracy": i / 10} for i, name in enumerate(names, 1)]
    return world.write_study(folder, models, world.DATASETS[:1], protocol, runs, linear if "proxies" not in proxies else [])


def test_the_first_of_an_order_may_begin(tmp_path: Path) -> None:
    """m9 is the best, and the first of task_agnostic, so of hybrid_linear; linear begins with m1. The first of two that tie is left.
    All nine, eta 2: 9/8 + 5/8 + 3/4 + 2/2 fine-tunes; m8 and m9 tie. Four: 4/8 + 2/8 + 1/4 + 1/2; eight: 8/8 + 4/8 + 2/4 + 1/2."""
    with connect(nine(tmp_path), pools=["ALL"], question="mean_halving halving") as con:
        query = (
            "select strategy, start, model, accuracy, finetunes from halving where eta = 2 order by strategy nulls first, start"
        )
        assert rows(con, query) == [
            (None, 9, "m8", 0.8, 3.5),
            ("hybrid_linear", 4, "m9", 0.9, 1.5),
            ("hybrid_linear", 8, "m9", 0.9, 2.5),
            ("linear", 4, "m4", 0.4, 1.5),
            ("linear", 8, "m8", 0.8, 2.5),
        ]
        assert rows(con, "select count(*), count(distinct (strategy, start, eta)) from mean_halving") == [(15, 15)]
        assert rows(con, "select count(*) from mean_halving where seconds is not null") == [(0,)]


def test_an_order_that_the_study_lacks_begins_nothing(tmp_path: Path) -> None:
    with connect(nine(tmp_path, proxies=[]), pools=["ALL"], question="halving") as con:
        assert rows(con, "select strategy, start, eta from halving order by eta") == [(None, 9, 2), (None, 9, 3), (None, 9, 4)]


def test_a_resample_draws_a_fine_tune_whole_and_an_interval_holds_its_estimate(tmp_path: Path) -> None:
    """Each repeat's curve is as far from its median as its test accuracy, so are the medians of what is drawn."""
    question = "halving_interval mean_halving_interval mean_halving halving resample.rung_score resample.accuracy resample.score"
    with connect(curved.write_curved(tmp_path / "study"), question=question) as con:
        query = """select count(*), count(distinct round(accuracy, 9)), max(abs(({}) - (accuracy - 0.8)))
                   from resample.accuracy join resample.{} using (model, dataset) join resample.drawn using (dataset)
                   where model = 'a' and origin = 'pets' and {}"""
        same = [(200, 3, pytest.approx(0, abs=1e-9))]
        assert rows(con, query.format("validation_accuracy - 0.7", "rung_score", "rung = 4")) == same
        assert rows(con, query.format("score - 0.5", "score", "proxy = 'partial_1_8'")) == same
        for view, cells in (("halving_interval", 5 * 2 * 3), ("mean_halving_interval", 5 * 3)):
            held = "count(*) filter (where low <= relative_regret and relative_regret <= high)"
            assert rows(con, f"select count(*), {held}, min(resamples), max(resamples) from {view}") == [(cells, cells, 200, 200)]
        # One model: nothing to lose in any resample.
        assert rows(con, "select distinct low, high from mean_halving_interval where pool = 'EXPERT'") == [(0.0, 0.0)]
    with connect(curved.write_curved(tmp_path / "one"), repeats=1, question=question) as con:
        assert rows(con, "select count(*) > 0 from halving") == [(True,)]
        assert rows(con, "from halving_interval") == rows(con, "from mean_halving_interval") == []


Values = Mapping[tuple[str, str], Sequence[float]]


def halved(models: Sequence[str], dataset: str, validation: Values, eta: int) -> tuple[str, list[int]]:
    """Return the model that is left, and how many trained to each rung."""
    alive, trained = list(models), []
    for rung in range(4):
        trained.append(len(alive))
        alive.sort(key=lambda model: (-validation[model, dataset][rung], model))
        alive = alive[: math.ceil(len(alive) / eta)] if rung < 3 else alive
    return alive[0], trained


@pytest.mark.slow
def test_haystack_says_what_a_plain_implementation_says() -> None:
    """Every eta, start and order in the pool ALL; the steps are 16, 32, 63 and 125. The table is printed."""
    question = "finetune accuracy ranking oracle mean_halving mean_halving_interval mean_halving_rival"
    with connect(ROOT / "results" / "haystack", pools=["ALL"], question=question) as con:
        runs: dict[Any, dict[Any, list[list[float]]]] = defaultdict(lambda: defaultdict(list))
        query = "select model::varchar, dataset::varchar, repeat, validation_curve, validation_accuracy from finetune"
        for model, dataset, repeat, curve, last in con.execute(query).fetchall():
            runs[model, dataset][repeat].append([*curve, last])
        validation = {
            cell: [round(median(max(run[rung] for run in of_repeat) for of_repeat in repeats.values()), 12) for rung in range(4)]
            for cell, repeats in runs.items()
        }
        accuracy: dict[Any, float] = {(str(m), str(d)): t for m, d, t in con.execute("from accuracy").fetchall()}
        oracle: dict[str, float] = dict(con.execute("select dataset::varchar, oracle_accuracy from oracle").fetchall())
        orders = defaultdict(list)
        query = """select strategy::varchar, dataset::varchar, model::varchar from ranking
                   where strategy in ('linear', 'hybrid_linear') order by rank"""
        for strategy, dataset, model in con.execute(query).fetchall():
            orders[strategy, dataset].append(model)
        everything = sorted({model for model, _ in accuracy})
        found = con.execute("select strategy, start, eta, relative_regret, finetunes from mean_halving").fetchall()
        assert len(found) == 15
        for strategy, start, eta, regret, finetunes in found:
            regrets = []
            for dataset, best in oracle.items():
                begin = everything if strategy is None else orders[strategy, dataset][:start]
                left, trained = halved(begin, dataset, validation, eta)
                regrets.append((best - accuracy[left, dataset]) / (1 - accuracy[left, dataset]))
            steps = [later - earlier for earlier, later in pairwise((0, 16, 32, 63, 125))]
            assert regret == pytest.approx(fmean(regrets), abs=1e-9), (strategy, start, eta)
            assert finetunes == pytest.approx(sum(n * s for n, s in zip(trained, steps, strict=True)) / 125, abs=1e-9)
        print("\nhaystack, pool ALL: mean relative regret of successive halving")
        print(con.sql("from mean_halving_interval order by all"))
        print(con.sql("select eta, rival, budget, relative_regret from mean_halving_rival where strategy is null order by all"))
