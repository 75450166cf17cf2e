"""Strategies with memory: accuracies on near datasets, which a probe's embedding finds; and the mean of all proxies' ranks."""

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import world
from near_world import PLACES, PROTOCOL, embedding, study
from paths import ROOT
from views import rows

from warehouse import connect


def order(folder: Path, strategy: str, dataset: str) -> str:
    con = connect(folder, question="ranking")
    query = "select string_agg(model, '' order by rank) from ranking where strategy = $1 and dataset = $2 and pool = 'ALL'"
    ((found,),) = con.execute(query, [strategy, dataset]).fetchall()
    return str(found)


def test_distances_are_those_of_the_papers(tmp_path: Path) -> None:
    """Moments: 3^2 + 4^2 of the means and 1 + 1 of the deviations. Fisher: shares 1/4, 3/4 and 3/4, 1/4, whose cosine is 6/10."""
    embeddings = [embedding(name) for name in PLACES if name not in ("maps", "roads")]
    embeddings.append(embedding("maps", mean=[0.0, 0.0], variance=[1.0, 4.0], fisher=[1.0, 3.0]))
    embeddings.append(embedding("roads", mean=[3.0, 4.0], variance=[4.0, 1.0], fisher=[3.0, 1.0]))
    con = connect(study(tmp_path, embeddings), question="dataset_distance")
    for pair in (("maps", "roads"), ("roads", "maps")):
        found = con.execute(
            "select kind, distance from dataset_distance where dataset = ? and other = ? order by kind", pair
        ).fetchall()
        assert found == [("fisher", pytest.approx(0.4)), ("moments", pytest.approx(27.0))]


def test_the_nearest_three_of_other_sources_choose(tmp_path: Path) -> None:
    """Of cats they are maps, roads and cells, with means a 0.4, b 0.5, c 0.7: not dogs, of the same pictures, and not moon."""
    con = connect(study(tmp_path), question="neighbour score")
    near = "select other from neighbour where kind = 'moments' and dataset = 'cats' order by place"
    assert rows(con, near) == [("maps",), ("roads",), ("cells",), ("moon",)]
    score = "select model, score from score where proxy = 'nearest_moments' and dataset = 'cats' order by model"
    assert rows(con, score) == [("a", pytest.approx(0.4)), ("b", pytest.approx(0.5)), ("c", pytest.approx(0.7))]
    assert order(tmp_path, "nearest_moments", "cats") == "cba"
    assert order(tmp_path, "hybrid_nearest_moments", "cats") == "acb", "a is the best by ImageNet accuracy"


def test_a_dataset_without_its_embedding_leaves_no_neighbours(tmp_path: Path) -> None:
    """Which are nearest would depend on the one that is missing."""
    embeddings = [embedding(name) for name in PLACES if name != "moon"]
    con = connect(study(tmp_path, embeddings), question="ranking missing_run completeness")
    assert rows(con, "from ranking where strategy = 'nearest_moments'") == []
    assert rows(con, "select procedure, model, dataset from missing_run") == [("embedding", "a", "moon")]
    assert rows(con, "select asked, done from completeness where procedure = 'embedding'") == [(6, 5)]


@pytest.mark.parametrize(
    ("different", "rule"),
    [
        ({"mean": [float("nan"), 0.0]}, "finite"),
        ({"fisher": [1.0]}, "feature_dim"),
        ({"variance": [-1.0, 1.0]}, "variance"),
        ({"probe": "b"}, "probe"),
        ({"seconds": -1.0}, "seconds"),
    ],
)  # fmt: skip
def test_a_broken_embedding_is_named_and_leaves_no_neighbours(tmp_path: Path, different: world.Row, rule: str) -> None:
    embeddings = [embedding(name, **(different if name == "moon" else {})) for name in PLACES]
    con = connect(study(tmp_path, embeddings), question="ranking violation")
    ((found, dataset),) = rows(con, "select rule, dataset from violation")
    assert rule in found
    assert dataset == "moon"
    assert rows(con, "from ranking where strategy = 'nearest_moments'") == []


def test_it_costs_one_pass_of_the_probe_and_its_embedding(tmp_path: Path) -> None:
    con = connect(study(tmp_path), question="cost")
    query = "select representation_seconds, proxy_seconds, finetune_seconds from cost where strategy = 'nearest_fisher'"
    assert rows(con, f"{query} and pool = 'ALL' and budget = 1 and dataset = 'cats'") == [(2.0, 0.5, 100.0)]


def test_the_mean_of_ranks_shares_ties_and_costs_all_proxies(tmp_path: Path) -> None:
    """On pets knn says b, a, c; linear a, b, c; the third c before a and b, which tie: means a 11/6, b 11/6, c 14/6."""
    third = {
        ("a", "pets"): 5.0,
        ("b", "pets"): 5.0,
        ("c", "pets"): 9.0,
        ("a", "depth"): 1.0,
        ("b", "depth"): 2.0,
        ("c", "depth"): 3.0,
    }
    proxy = [
        *world.proxies(),
        *({"proxy": "logme", "model": m, "dataset": d, "repeat": 0, "score": s} for (m, d), s in third.items()),
    ]
    protocol = {**world.PROTOCOL, "proxies": ["knn", "linear", "logme"]}
    con = connect(world.write_study(tmp_path, protocol=protocol, proxy=proxy), question="candidate_score ranking strategy_proxy")
    query = (
        "select model, score from candidate_score where proxy = 'mean_rank' and pool = 'ALL' and dataset = 'pets' order by model"
    )
    means = [("a", pytest.approx(-11 / 6)), ("b", pytest.approx(-11 / 6)), ("c", pytest.approx(-14 / 6))]
    assert rows(con, query) == means
    needed = "select proxy from strategy_proxy where strategy = 'hybrid_mean_rank' order by all"
    assert rows(con, needed) == [("knn",), ("linear",), ("logme",)]


def test_two_proxies_have_no_mean_rank(tmp_path: Path) -> None:
    con = connect(world.write_study(tmp_path), question="study_proxy")
    assert rows(con, "select proxy from study_proxy order by all") == [("knn",), ("linear",)]


def test_a_resample_looks_at_the_resampled_accuracies_of_its_neighbours(tmp_path: Path) -> None:
    """Three repeats on roads alone: only scores of which it is a neighbour vary."""
    path = study(tmp_path, protocol={**PROTOCOL, "repeats": 3})
    runs = pq.read_table(path / "finetune" / "part.parquet").to_pylist()
    repeats = [
        {**run, "repeat": repeat, "test_accuracy": run["test_accuracy"] + (off if run["dataset"] == "roads" else 0)}
        for run in runs
        for repeat, off in enumerate((-0.1, 0.0, 0.1))
    ]
    world.write(path / "finetune" / "part.parquet", repeats)
    con = connect(path, question="resample.score resample.drawn")
    query = """select origin, count(distinct score) > 1 from resample.score join resample.drawn using (dataset)
               where proxy = 'nearest_moments' and model = 'a' group by origin order by origin"""
    varies = {str(origin): varied for origin, varied in con.execute(query).fetchall()}
    assert varies == {"cats": True, "cells": True, "dogs": True, "maps": True, "moon": True, "roads": False}


@pytest.mark.slow
@pytest.mark.parametrize("dataset", ["emoji-google", "solar-cell-wafer"])
def test_noise_in_the_accuracies_of_a_dataset_moves_no_pick_there(tmp_path: Path, dataset: str) -> None:
    """On haystack, whose learned scores are stored: what they would be after such a change, see test_learn."""
    shutil.copytree(ROOT / "results" / "haystack", tmp_path / "noisy", ignore=shutil.ignore_patterns("protocol.parquet"))
    protocol = pq.read_table(ROOT / "results" / "haystack" / "protocol.parquet").replace_schema_metadata(None)
    pq.write_table(protocol, tmp_path / "noisy" / "protocol.parquet")  # without a checksum: the files are ours to change
    files = list((tmp_path / "noisy").rglob("*.parquet"))
    for file in files:
        table = pq.read_table(file).replace_schema_metadata(None)
        if file.parent.parent.name == "finetune":
            noise = pa.array([((7919 * i) % 1000) / 1000 for i in range(len(table))], pa.float64())
            chosen = pc.if_else(pc.equal(table["dataset"], dataset), noise, table["test_accuracy"])
            table = table.set_column(table.column_names.index("test_accuracy"), "test_accuracy", chosen)
        pq.write_table(table, file)
    orders = []
    for path in (ROOT / "results" / "haystack", tmp_path / "noisy"):
        con = connect(path, question="ranking oracle")
        query = """select strategy::varchar, list(model::varchar order by rank) from ranking
                   where dataset = $1 and pool = 'ALL' and not contains(strategy, 'oracle') group by all order by all"""
        orders.append(dict(con.execute(query, [dataset]).fetchall()))
        oracle = "select oracle_accuracy from oracle where dataset = $1 and pool = 'ALL'"
        orders[-1]["accuracy"] = con.execute(oracle, [dataset]).fetchall()
    changed = {strategy for strategy, found in orders[0].items() if orders[1][strategy] != found}
    assert changed == {"accuracy"}
    assert {"nearest_fisher", "nearest_moments", "learned_ridge", "hybrid_learned_boosting", "mean_rank"} <= orders[0].keys()
