"""Proxies that ask a network's own classification head: asked of those that have one, and judged in the pool of those."""

from pathlib import Path

import pytest
import world
from views import rows

from warehouse import connect

HEADS = {"a": 1000, "c": 7}
MODELS = [{**model, "source_classes": HEADS.get(model["model"])} for model in world.MODELS]
SCORE = {("a", "pets"): -2.0, ("c", "pets"): -1.0, ("a", "depth"): -3.0, ("c", "depth"): -1.5}
PROTOCOL = {**world.PROTOCOL, "proxies": ["knn", "linear", "leep"], "head_proxies": ["leep"]}


def study(folder: Path, score: dict[tuple[str, str], float] = SCORE, protocol: world.Row = PROTOCOL) -> Path:
    leep = [{"proxy": "leep", "model": m, "dataset": d, "repeat": 0, "score": value} for (m, d), value in score.items()]
    return world.write_study(folder, models=MODELS, proxy=[*world.proxies(), *leep], protocol=protocol)


def test_they_are_complete_without_the_networks_that_have_no_head(tmp_path: Path) -> None:
    con = connect(study(tmp_path), question="missing_run completeness violation")
    assert rows(con, "from missing_run") == []
    assert rows(con, "from violation") == []
    assert rows(con, "select asked, done from completeness where procedure = 'leep'") == [(4, 4)]
    con = connect(study(tmp_path / "less", {("a", "pets"): -2.0}), question="missing_run")
    assert rows(con, "select procedure, model, dataset from missing_run order by all") == [
        ("leep", "a", "depth"), ("leep", "c", "depth"), ("leep", "c", "pets"),
    ]  # fmt: skip


def test_without_that_list_every_network_owes_the_score(tmp_path: Path) -> None:
    con = connect(study(tmp_path, protocol={**PROTOCOL, "head_proxies": None}), question="missing_run")
    assert rows(con, "select model, dataset from missing_run order by all") == [("b", "depth"), ("b", "pets")]


def test_they_rank_in_the_pool_of_the_networks_with_a_head(tmp_path: Path) -> None:
    """c is first on both: on depth it is the best of a and c, on pets it loses 0.24 of the 0.44 that it has left to gain."""
    con = connect(study(tmp_path), question="pool ranking regret")
    assert rows(con, "select model from pool where pool = 'HEAD' order by all") == [("a",), ("c",)]
    pools = "select distinct pool from ranking where strategy = 'leep' order by all"
    assert rows(con, pools) == [("HEAD",), ("IMNETACCURACIES",)], "the latter holds a alone"
    regret = "select dataset, relative_regret from regret where strategy = 'leep' and pool = 'HEAD' and budget = 1 order by all"
    assert rows(con, regret) == [("depth", 0.0), ("pets", pytest.approx(0.24 / 0.44))]


def test_a_study_without_heads_has_no_such_pool(tmp_path: Path) -> None:
    con = connect(world.write_study(tmp_path), question="pool")
    assert ("HEAD",) not in rows(con, "select distinct pool::varchar from pool")


@pytest.mark.parametrize(("strategy", "order"), [("num_params", "cba"), ("upstream_examples", "acb")])
def test_size_is_a_score_that_costs_nothing_and_the_unknown_comes_last(tmp_path: Path, strategy: str, order: str) -> None:
    con = connect(world.write_study(tmp_path), question="ranking")
    query = (
        f"select string_agg(model, '' order by rank) from ranking where strategy = '{strategy}' and pool = 'ALL' group by dataset"
    )
    assert rows(con, query) == [(order,)] * 2


def test_a_size_that_nobody_knows_ranks_nothing(tmp_path: Path) -> None:
    models = [{"model": model["model"]} for model in world.MODELS]
    con = connect(world.write_study(tmp_path, models=models), question="ranking")
    assert rows(con, "select distinct strategy from ranking where strategy in ('num_params', 'upstream_examples')") == []
