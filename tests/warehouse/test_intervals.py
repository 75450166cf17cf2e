"""Intervals, paired comparisons and split repeats: by hand on the small world, and against a simulated truth."""

from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pytest
import world
from views import rows

from warehouse import connect

UP, DOWN = 1.5**0.5 * 0.03, 1.5**0.5 * 0.02  # three repeats at +0.03, -0.02 and 0 around their median, widened by sqrt(3 / 2)


def test_resampled_accuracies_are_the_three_medians_that_can_be_drawn(small: duckdb.DuckDBPyConnection) -> None:
    """The median of three draws from three is the lowest with 7 chances in 27, the middle with 13, the highest with 7."""
    query = "select accuracy from resample.accuracy join resample.drawn using (dataset) where model = 'a' and origin = 'pets'"
    drawn = Counter(round(float(str(value)), 6) for (value,) in rows(small, query))
    assert set(drawn) == {round(0.8 - DOWN, 6), 0.8, round(0.8 + UP, 6)}
    assert sum(drawn.values()) == 200
    assert drawn[0.8] / 200 == pytest.approx(13 / 27, abs=0.1)
    assert drawn[round(0.8 + UP, 6)] / 200 == pytest.approx(7 / 27, abs=0.1)


def test_a_regret_in_a_resample_is_a_regret(small: duckdb.DuckDBPyConnection) -> None:
    """linear takes a in every resample, and b is always the best: nine regrets are possible."""
    found = {
        round(float(str(value)), 6)
        for (value,) in rows(
            small,
            """select relative_regret from resampled_regret
               where strategy = 'linear' and pool = 'ALL' and budget = 1 and dataset = 'pets'""",
        )
    }
    possible = {round((b - a) / (1 - a), 6) for a in (0.8 - DOWN, 0.8, 0.8 + UP) for b in (0.9 - DOWN, 0.9, 0.9 + UP)}
    assert found == possible


def test_interval(small: duckdb.DuckDBPyConnection) -> None:
    """Each extreme has 49 chances in 729, more than 2.5 %: the percentiles are the extremes."""
    ((plain, low, high, resamples),) = rows(
        small,
        """select relative_regret, low, high, resamples from regret_interval
           where strategy = 'linear' and pool = 'ALL' and budget = 1 and dataset = 'pets'""",
    )
    assert plain == pytest.approx(0.5)
    assert resamples == 200
    assert high == pytest.approx((0.9 + UP - 0.8 + DOWN) / (1 - 0.8 + DOWN))
    assert float(str(low)) <= (0.9 - DOWN - 0.8 - UP) / (1 - 0.8 - UP) + 1e-9


def test_the_end_on_the_side_of_the_bias_reaches_further(small: duckdb.DuckDBPyConnection) -> None:
    """Resamples 0.2, 0.3, ... 0.6 of a plain 0.3 are 0.1 too high: the low end goes down by 0.2, the high end stays."""
    query = """select interval_low(x, 0.3), interval_high(x, 0.3), interval_low(x, 0.5), interval_high(x, 0.5)
               from unnest([0.2, 0.3, 0.4, 0.5, 0.6]::double[]) as r(x)"""
    assert rows(small, query) == [tuple(map(pytest.approx, (0.21 - 0.2, 0.59, 0.21, 0.59 + 0.2)))]


def test_every_interval_holds_its_estimate_and_the_full_budget_has_none_to_lose(small: duckdb.DuckDBPyConnection) -> None:
    for view, value in (("regret_interval", "relative_regret"), ("mean_regret_interval", "relative_regret"), ("delta_interval", "delta"),
                        ("mean_delta_interval", "delta")):  # fmt: skip
        assert rows(small, f"select count(*) from {view} where not coalesce(low <= {value} and {value} <= high, false)") == [(0,)]
        assert rows(small, f"select count(*) > 0 from {view}") == [(True,)]
    full = "select distinct low, high from regret_interval where pool = 'ALL' and budget = 3 and strategy <> 'task_agnostic'"
    assert rows(small, full) == [(0.0, 0.0)]


def test_paired_comparison_counts_resamples(small: duckdb.DuckDBPyConnection) -> None:
    """On pets linear has a, knn has b, and the worst b (0.8755) beats the best a (0.8367) in every resample."""
    query = """select wins, ties, losses, high < 0 from delta_interval
               where strategy = 'linear' and baseline = 'knn' and pool = 'ALL' and budget = 1 and dataset = 'pets'"""
    assert rows(small, query) == [(0, 0, 200, True)]
    query = """select wins, ties, losses from mean_delta_interval
               where strategy = 'linear' and baseline = 'knn' and pool = 'ALL' and budget = 1"""
    assert rows(small, query) == [(0, 0, 200)]
    same = """select distinct delta, low, high, ties from delta_interval
              where strategy = 'hybrid_knn' and baseline = 'task_agnostic' and pool = 'ALL' and budget = 1"""
    assert rows(small, same) == [(0.0, 0.0, 0.0, 200)]


def test_the_same_study_gives_the_same_intervals(tmp_path: Path, small: duckdb.DuckDBPyConnection) -> None:
    query = "from mean_regret_interval order by all"
    with connect(world.write_study(tmp_path), question=query) as con:
        assert rows(con, query) == rows(small, query)


def test_one_repeat_has_no_interval(small: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    with connect(world.write_study(tmp_path), repeats=1) as con:
        assert rows(con, "select count(*) from regret") != [(0,)]
        assert rows(con, "select count(*) from regret_interval") == [(0,)]
        assert rows(con, "select count(*) from split_regret") == [(0,)]


def test_split_regret_chooses_on_the_other_repeats(small: duckdb.DuckDBPyConnection) -> None:
    """On pets b is the best and a is linear's by any two repeats: what is measured is the mean of their three repeats."""
    query = """select oracle_accuracy, accuracy, relative_regret from split_regret
               where strategy = 'linear' and pool = 'ALL' and dataset = 'pets' and budget = 1"""
    off = 0.01 / 3
    assert rows(small, query) == [tuple(map(pytest.approx, (0.9 + off, 0.8 + off, 0.1 / (0.2 - off))))]
    assert rows(small, "select count(*) from split_regret where strategy = 'task_agnostic_oracle'") == [(0,)]


DATASETS, MODELS, REPEATS, NOISE = 120, 12, 5, 0.02


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> tuple[duckdb.DuckDBPyConnection, dict[str, float]]:
    """A study with known expected accuracies, and each dataset's true relative regret of always taking the model m0."""
    rng = np.random.default_rng(7)
    truth = np.clip(rng.normal(0.7, 0.05, (MODELS, DATASETS)), 0.05, 0.95)
    runs = [
        {
            "model": f"m{m}",
            "dataset": f"d{d}",
            "repeat": r,
            "test_accuracy": float(np.clip(truth[m, d] + rng.normal(0, NOISE), 0, 1)),
        }
        for m in range(MODELS)
        for d in range(DATASETS)
        for r in range(REPEATS)
    ]
    models = [{"model": f"m{m}", "imagenet_accuracy": 0.9 - m / 100} for m in range(MODELS)]
    folder = world.write_study(
        tmp_path_factory.mktemp("simulated"),
        models=models,
        datasets=[{"dataset": f"d{d}"} for d in range(DATASETS)],
        protocol={"study": "simulated", "repeats": REPEATS, "proxies": []},
        finetune=runs,
        proxy=[],
    )
    con = connect(folder, pools=["ALL"], question="regret_interval mean_regret_interval split_regret")
    return con, {f"d{d}": float((truth[:, d].max() - truth[0, d]) / (1 - truth[0, d])) for d in range(DATASETS)}


def test_intervals_cover_the_truth(simulated: tuple[duckdb.DuckDBPyConnection, dict[str, float]]) -> None:
    """120 datasets, twelve models 0.05 apart, repeats 0.02: of 95 % intervals at least 90 % hold the true regret."""
    con, truth = simulated
    found = con.execute(
        "select dataset, low, high from regret_interval where strategy = 'task_agnostic' and budget = 1"
    ).fetchall()
    assert len(found) == DATASETS
    assert np.mean([low <= truth[dataset] <= high for dataset, low, high in found]) >= 0.9
    ((low, high),) = rows(con, "select low, high from mean_regret_interval where strategy = 'task_agnostic' and budget = 1")
    assert float(str(low)) <= np.mean(list(truth.values())) <= float(str(high))


def test_plain_regret_is_biased_upward_and_split_regret_is_not(
    simulated: tuple[duckdb.DuckDBPyConnection, dict[str, float]],
) -> None:
    con, truth = simulated
    true = np.mean(list(truth.values()))
    query = "select avg(relative_regret) from {} where strategy = 'task_agnostic' and budget = 1"
    ((plain,),), ((split,),) = rows(con, query.format("regret")), rows(con, query.format("split_regret"))
    print(f"true mean regret {true:.4f}, plain {plain:.4f}, split {split:.4f}")
    assert float(str(plain)) > true + 0.005
    assert float(str(split)) <= true + 0.002


def test_the_interval_of_a_group_is_that_of_its_datasets(small: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Each group of the small world has one dataset. Where both are natural, that group is the whole study."""
    key, numbers = "strategy, pool, budget", "round(relative_regret, 12), low, high, resamples"
    query = f"select {key}, dataset, {numbers} from {{}} join dataset using ({{}}) order by all"
    of_groups = rows(small, query.format("group_regret_interval", "vtab_group"))
    assert of_groups == rows(small, query.format("regret_interval", "dataset"))
    assert len(of_groups) > 20
    datasets = [{**row, "vtab_group": "natural"} for row in world.DATASETS]
    with connect(
        world.write_study(tmp_path / "study", datasets=datasets), question="group_regret_interval mean_regret_interval"
    ) as con:
        whole = rows(con, f"select {key}, {numbers} from mean_regret_interval order by all")
        assert rows(con, f"select {key}, {numbers} from group_regret_interval order by all") == whole
        assert len(whole) > 20
