"""What is recommended for a dataset without fine-tunes, and how good that would have been."""

from pathlib import Path

import pytest
import world
from near_world import MODELS, PROTOCOL, embedding
from near_world import study as near_study
from views import rows

from warehouse import connect
from warehouse.combine import combine
from warehouse.recommend import CHOICE, EVIDENCE, PICKS, choices, evidence, near, needed, picks

SOURCES = [{**dataset, "source": f"source {number}"} for number, dataset in enumerate(world.DATASETS)]


def test_what_loses_least_comes_first_and_nothing_that_reads_the_answer(tmp_path: Path) -> None:
    """knn finds b on pets and c on depth, the best of each."""
    con = connect(world.write_study(tmp_path), question=CHOICE)
    found = choices(con, "ALL", 1)
    assert (found[0].strategy, found[0].relative_regret) == ("knn", 0)
    regrets = [choice.relative_regret for choice in found if choice.relative_regret is not None]
    assert regrets == sorted(regrets)
    names = {choice.strategy for choice in found}
    assert {"linear", "hybrid_linear", "leave_one_dataset_out", "num_params"} <= names
    assert names.isdisjoint({"random", "task_agnostic_oracle"})
    assert needed(con, "knn") == (["knn"], False)
    assert needed(con, "num_params") == ([], False)


def own(folder: Path) -> Path:
    """Images of one's own at place 2, between maps and roads, seen by the probe alone."""
    world.write_study(folder, models=MODELS[:1], datasets=[{"dataset": "mine", "source": "own images", "num_classes": 2}],
                      protocol={**PROTOCOL, "study": "mine", "train_examples": 50}, finetune=[], proxy=[])  # fmt: skip
    world.write(folder / "embedding" / "part.parquet", [{**embedding("maps", mean=[2.0, 0.0]), "dataset": "mine"}])
    return folder


def test_a_dataset_of_ones_own_is_ranked_beside_the_study_by_what_the_study_knows(tmp_path: Path) -> None:
    """Nearest are maps, roads and then, at distance 2, cats before dogs, which is no place: means a 1.4 / 3, b 1.2 / 3, c 1.5 / 3."""
    study = near_study(tmp_path / "study")
    combine(study, own(tmp_path / "mine"), tmp_path / "both")
    con = connect(tmp_path / "both", pools=["ALL"], whole_datasets=True, question=f"{PICKS} oracle study_proxy")
    assert near(con, "mine") == ["cats", "cells", "dogs"], "by Fisher information all are as near, in the order of their names"
    found = picks(con, "nearest_moments", "ALL", "mine", 2)
    assert [pick.model for pick in found] == ["c", "a"]
    assert found[0].scores == {"nearest_moments": pytest.approx(0.5)}
    assert (found[0].num_params, found[1].num_params) == (50_000_000, 10_000_000)
    fixed = picks(con, "leave_one_dataset_out", "ALL", "mine", 3)
    assert [pick.model for pick in fixed] == ["a", "c", "b"], "means over all six: 3.9, 2.5 and 1.9 of 6"
    assert rows(con, "from oracle where dataset = 'mine'") == []
    assert picks(con, "linear", "ALL", "mine", 2) == []


def test_the_evidence_is_the_studys(tmp_path: Path) -> None:
    study = near_study(tmp_path / "study")
    known = evidence(connect(study, question=EVIDENCE), "nearest_moments", "ALL", 1, ["maps", "roads", "nowhere"])
    assert (known.datasets, known.sources) == (6, 5)
    assert known.finetune_seconds == {"a": 100.0, "b": 100.0, "c": 100.0}
    assert [dataset for dataset, _ in known.near] == ["maps", "roads"]
    with connect(study, question="regret") as con:
        there = "select dataset::varchar, relative_regret from regret where strategy = 'nearest_moments' and budget = 1 and pool = 'ALL'"
        assert set(known.near) <= set(rows(con, there))


def test_what_is_recommended_is_chosen_on_other_sources(tmp_path: Path) -> None:
    """knn picks a on pets, and c, the best, on depth. So depth recommends knn to pets, where it loses 0.1 of the 0.2 that a leaves. On pets
    all that begin with a tie: the first name is hybrid_knn, whose a loses 0.2 of 0.5 on depth, against knn, too."""
    scores = {**world.KNN, ("a", "pets"): 0.5}
    knn = [{"proxy": "knn", "model": m, "dataset": d, "repeat": 0, "score": score} for (m, d), score in scores.items()]
    proxy = [row for row in world.proxies() if row["proxy"] != "knn"] + knn
    path = world.write_study(tmp_path, datasets=SOURCES, proxy=proxy)
    con = connect(path, question="recommended mean_recommended")
    query = "select dataset::varchar, strategy::varchar, relative_regret from recommended where pool = 'ALL' and budget = 1 order by 1"
    assert rows(con, query) == [("depth", "hybrid_knn", pytest.approx(0.4)), ("pets", "knn", pytest.approx(0.5))]
    ((datasets, mean, low, high),) = rows(
        con, "select datasets, relative_regret, low, high from mean_recommended where pool = 'ALL' and budget = 1"
    )
    assert (datasets, mean) == (2, pytest.approx(0.45))
    assert low == pytest.approx(0.4)
    assert high == pytest.approx(0.5)
    con = connect(path, question="recommended_margin")
    query = "select delta from recommended_margin where pool = 'ALL' and budget = 1 and baseline = 'knn'"
    assert rows(con, query) == [(pytest.approx(-0.4 / 2),)]


def test_one_source_recommends_nothing(tmp_path: Path) -> None:
    one = [{**dataset, "source": "the same"} for dataset in world.DATASETS]
    con = connect(world.write_study(tmp_path, datasets=one), question="recommended")
    assert rows(con, "from recommended") == []
