"""The league compares what can be compared, and says what cannot."""

from pathlib import Path

import pytest
import world
from views import rows

from warehouse import connect
from warehouse.league import QUESTION, league

SOURCES = [{**dataset, "source": f"source {number}"} for number, dataset in enumerate(world.DATASETS)]
ALL = "from league where pool = 'ALL'"


def lines(folder: Path, budget: int = 1, **options: object) -> list[str]:
    with connect(folder, question=QUESTION, resamples=40, **options) as con:  # type: ignore[arg-type]
        return list(league(con, "small", "ALL", budget))


@pytest.mark.slow
def test_a_row_is_what_the_views_say(tmp_path: Path) -> None:
    """linear has a on both: 0.5 of 0.2 are left to gain on pets, 0.4 of 0.5 on depth; no pick is the best. The oracle reads the answer."""
    folder = world.write_study(tmp_path, datasets=SOURCES)
    question = "league mean_regret_dataset_interval mean_delta_dataset_interval"
    with connect(folder, question=question, resamples=40) as con:
        columns = "relative_regret, worst_dataset::varchar, worst_regret, zero_share, datasets, of_datasets, reads_answer"
        linear = rows(con, f"select {columns} {ALL} and strategy = 'linear' and budget = 1")
        assert linear == [(pytest.approx(0.45), "pets", pytest.approx(0.5), 0, 2, 2, False)]
        (full,) = rows(con, f"select {columns} {ALL} and strategy = 'linear' and budget = 3")
        assert full == (0, "depth", 0, 1, 2, 2, False), "of equal regrets the first name"
        assert rows(con, f"select distinct strategy {ALL} and reads_answer") == [("task_agnostic_oracle",)]
        interval = "select low, high from mean_regret_dataset_interval where strategy = 'knn' and pool = 'ALL' and budget = 1"
        assert rows(con, f"select low, high {ALL} and strategy = 'knn' and budget = 1") == rows(con, interval)
        assert rows(con, f"select beats_hybrid_linear {ALL} and strategy in ('hybrid_linear', 'random') and budget = 3") == [
            (None,), (0.5,),
        ], "nothing beats itself, and with all fine-tuned it is a tie"  # fmt: skip


def test_the_first_pick_is_stable_where_scores_are_far_apart(tmp_path: Path) -> None:
    """On pets linear scores 0.7 and 0.6, on depth 0.5 twice; repeats differ by up to 0.05. knn has one repeat."""
    with connect(world.write_study(tmp_path), question="first_pick_stability", resamples=40) as con:
        found = {
            key: share
            for *key_, share in rows(
                con, "select strategy::varchar, dataset::varchar, share from first_pick_stability where pool = 'ALL'"
            )
            for key in [tuple(key_)]
        }
    assert found["linear", "pets"] == 1
    assert 0.2 < float(str(found["linear", "depth"])) < 0.9
    assert found["knn", "pets"] == found["knn", "depth"] == found["task_agnostic", "pets"] == 1


@pytest.mark.slow
def test_who_lacks_a_dataset_has_no_place(tmp_path: Path) -> None:
    scores = [row for row in world.proxies() if (row["proxy"], row["model"], row["dataset"]) != ("knn", "b", "pets")]
    folder = world.write_study(tmp_path, proxy=scores)
    with connect(folder, question="league", resamples=5) as con:
        place = "select relative_regret, datasets, of_datasets from league where pool = 'ALL' and budget = 1 and strategy = 'knn'"
        assert rows(con, place) == [(None, 1, 2)]
    said = "\n".join(lines(folder))
    assert "hybrid_knn (1 of 2), knn (1 of 2)" in said
    assert not [line for line in said.splitlines() if line.startswith("knn ")]


def test_it_is_sorted_by_regret_and_oracles_stand_apart(tmp_path: Path) -> None:
    said = lines(world.write_study(tmp_path, datasets=SOURCES), budget=2)
    end = said.index("")
    regrets = [float(line.split()[1]) for line in said[2:end]]
    assert regrets == sorted(regrets)
    assert not [line for line in said[:end] if "oracle" in line]
    assert [line for line in said[end:] if line.startswith("task_agnostic_oracle")]
    assert any("2 sources" in line for line in said)


def test_one_source_has_no_interval_and_that_is_said(tmp_path: Path) -> None:
    one = [{**dataset, "source": "the same"} for dataset in world.DATASETS]
    said = lines(world.write_study(tmp_path, datasets=one))
    assert any("one source" in line for line in said)
    assert "-" in next(line for line in said if line.startswith("linear")).split()
