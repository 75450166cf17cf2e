"""Intervals over datasets, by hand on the small world and on studies of few sources."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest
import world
from views import rows

from warehouse import connect

MEAN = "strategy = 'linear' and pool = 'ALL' and budget = 1"


def two_models(folder: Path, lost: Mapping[str, float], sources: Mapping[str, str | None]) -> Path:
    """A study of one repeat in which m, the first of the task-agnostic order, has the relative regret `lost` on each dataset."""
    runs = [
        {"model": model, "dataset": dataset, "repeat": 0, "test_accuracy": 0.5 if model == "m" else 0.5 + regret / 2}
        for dataset, regret in lost.items()
        for model in ("m", "n")
    ]
    return world.write_study(
        folder,
        models=[{"model": "m", "imagenet_accuracy": 0.9}, {"model": "n", "imagenet_accuracy": 0.8}],
        datasets=[{"dataset": dataset, "source": sources.get(dataset)} for dataset in lost],
        protocol={"study": "two", "repeats": 1, "proxies": []},
        finetune=runs,
        proxy=[],
    )


def interval(folder: Path) -> list[tuple[object, ...]]:
    """Of the task-agnostic order at one fine-tune, where the first of two models is taken."""
    columns = "relative_regret, low, high, datasets, sources, resamples, with_repeats"
    query = f"select {columns} from mean_regret_dataset_interval where strategy = 'task_agnostic' and pool = 'ALL' and budget = 1"
    with connect(folder, question=query) as con:
        return rows(con, query)


def test_one_of_two_sources_is_drawn(tmp_path: Path) -> None:
    """Without repeats. a tests at 0.83 beside 0.93 of b on pets, and at 0.53 beside 0.73 of c on depth; knn takes b and c."""
    pets, depth = 0.1 / 0.17, 0.2 / 0.47
    question = "mean_regret_dataset_interval mean_delta_dataset_interval"
    with connect(world.write_study(tmp_path), repeats=1, question=question) as con:
        query = f"select relative_regret, low, high, datasets, sources, resamples, with_repeats from {{}} where {MEAN}"
        assert rows(con, query.format("mean_regret_dataset_interval")) == [
            (pytest.approx((pets + depth) / 2), pytest.approx(depth), pytest.approx(pets), 2, 2, 200, False)
        ]
        query = f"""select delta, low, high, wins, ties, losses, datasets, sources, resamples, with_repeats
                    from mean_delta_dataset_interval where {MEAN} and baseline = 'knn'"""
        assert rows(con, query) == [
            (pytest.approx(-(pets + depth) / 2), pytest.approx(-pets), pytest.approx(-depth), 0, 0, 200, 2, 2, 200, False)
        ]


def test_tasks_of_one_source_are_drawn_together(tmp_path: Path) -> None:
    """Regrets 0.1 and 0.3 of one source, 0.8 of another: the mean over what is drawn is 0.2 or 0.8, never 0.1."""
    lost = {"shape": 0.1, "scale": 0.3, "pets": 0.8}
    cubes = "drawn here, cubes: "
    found = interval(two_models(tmp_path / "study", lost, {"shape": cubes + "their shape", "scale": cubes + "their scale"}))
    assert found == [(pytest.approx(0.4), pytest.approx(0.2), pytest.approx(0.8), 3, 2, 200, False)]


def test_three_sources(tmp_path: Path) -> None:
    """Two of three are drawn: the smallest twice with one chance in nine, the mean is between the ends."""
    found = interval(two_models(tmp_path / "study", {"a": 0.1, "b": 0.4, "c": 0.7}, {}))
    assert found == [(pytest.approx(0.4), pytest.approx(0.1), pytest.approx(0.7), 3, 3, 200, False)]


def test_one_source_has_no_interval(tmp_path: Path) -> None:
    lost = {"a": 0.1, "b": 0.4}
    assert not interval(two_models(tmp_path / "same", lost, dict.fromkeys(lost, "ELPV: what is seen")))
    assert not interval(two_models(tmp_path / "one", {"a": 0.1}, {}))


def test_the_source_of_a_dataset(tmp_path: Path) -> None:
    """The package at its end, else what stands before a colon and a space, else the dataset itself."""
    given = {
        "defect": "ELPV, solar cells: how probable a defect is, Python package elpv-dataset 1.0.0.post1",
        "wafer": "ELPV, solar cells: mono- or polycrystalline, Python package elpv-dataset 1.0.0.post1",
        "shape": "drawn here: square, ellipse or heart",
        "scale": "drawn here: scale",
        "clevr": "https://cs.stanford.edu/clevr",
        "pets": None,
        "birds": "",
    }
    with connect(two_models(tmp_path / "study", dict.fromkeys(given, 0.1), given), question="dataset_source") as con:
        assert dict(rows(con, "from dataset_source")) == {
            "defect": "Python package elpv-dataset 1.0.0.post1",
            "wafer": "Python package elpv-dataset 1.0.0.post1",
            "shape": "drawn here",
            "scale": "drawn here",
            "clevr": "https://cs.stanford.edu/clevr",
            "pets": "pets",
            "birds": "birds",
        }


def test_repeats_are_drawn_at_the_same_time(small: duckdb.DuckDBPyConnection) -> None:
    """One of two datasets is drawn: the mean in each resample is the regret in it on one of them."""
    query = f"select resample, relative_regret from resampled_mean_regret where {MEAN} and with_repeats"
    drawn = rows(small, query)
    assert len(drawn) == 200
    possible = set(rows(small, f"select resample, round(relative_regret, 12) from resampled_regret where {MEAN}"))
    assert set(drawn) <= possible
    ((low, high, with_repeats),) = rows(small, f"select low, high, with_repeats from mean_regret_dataset_interval where {MEAN}")
    ((narrow_low, narrow_high),) = rows(small, f"select low, high from mean_regret_interval where {MEAN}")
    assert with_repeats is True
    assert float(str(low)) < float(str(narrow_low))
    assert float(str(high)) > float(str(narrow_high))


def test_a_strategy_without_resamples_of_repeats_says_so(tmp_path: Path) -> None:
    """It compares datasets with their names, which resamples do not have: its interval is of datasets alone, also beside others."""
    named = tmp_path / "named.sql"
    named.write_text("""select pool, dataset, model, row_number() over (partition by pool, dataset order by dataset = 'pets', model) as rank
                        from candidate""")
    question = "mean_regret_dataset_interval mean_delta_dataset_interval"
    with connect(world.write_study(tmp_path / "study"), added={"named": named}, question=question) as con:
        of_one = "select distinct with_repeats from mean_regret_dataset_interval where strategy {} 'named'"
        assert rows(con, of_one.format("=")) == [(False,)]
        assert rows(con, of_one.format("<>")) == [(True,)]
        query = "select distinct with_repeats from mean_delta_dataset_interval where strategy = 'named' and baseline = 'linear'"
        assert rows(con, query) == [(False,)]


@pytest.mark.slow
def test_no_mean_no_interval(tmp_path: Path) -> None:
    runs = [run for run in world.finetunes() if (run["model"], run["dataset"]) != ("a", "pets")]
    query = "select count(*) from mean_regret_dataset_interval where pool = 'ALL'"
    for whole in (False, True):  # one whole dataset has no other to be drawn
        with connect(world.write_study(tmp_path / str(whole), finetune=runs), whole_datasets=whole) as con:
            assert rows(con, query) == [(0,)]


@pytest.mark.slow
def test_every_interval_holds_its_mean_and_is_paired(small: duckdb.DuckDBPyConnection) -> None:
    for view, value in (("mean_regret", "relative_regret"), ("mean_delta", "delta")):
        inside = f"coalesce(low <= {value} and {value} <= high, false)"
        assert rows(small, f"select bool_and({inside}), count(*) > 20 from {view}_dataset_interval") == [(True, True)]
    mirrored = """select count(*) from mean_delta_dataset_interval as one join mean_delta_dataset_interval as other
                  on one.strategy = other.baseline and one.baseline = other.strategy and one.pool = other.pool
                     and one.budget = other.budget
                  where one.wins <> other.losses or one.ties <> other.ties"""
    assert rows(small, mirrored) == [(0,)]


def test_the_same_study_gives_the_same_intervals(tmp_path: Path, small: duckdb.DuckDBPyConnection) -> None:
    query = "from mean_regret_dataset_interval order by all"
    with connect(world.write_study(tmp_path), question=query) as con:
        assert rows(con, query) == rows(small, query)
