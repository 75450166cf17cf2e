"""Every proxy of a study is two strategies, whatever its name and whichever way is better."""

from pathlib import Path

import pytest
import world
from views import rows

from warehouse import StrategyError, StudyError, connect

CELLS = [(model["model"], dataset["dataset"]) for model in world.MODELS for dataset in world.DATASETS]
# Ranks pets b, a, c and depth c, a, b where a higher score is better, and the other way round where a lower one is.
SCORE = {
    ("a", "pets"): -2.0,
    ("b", "pets"): 7.5,
    ("c", "pets"): -3.0,
    ("a", "depth"): 0.0,
    ("b", "depth"): -0.5,
    ("c", "depth"): 1.5,
}
LOGME = [
    {"proxy": "logme", "model": model, "dataset": dataset, "learning_rate": None, "repeat": 0, "score": SCORE[model, dataset]}
    for model, dataset in CELLS
]
ORDER = """
    select string_agg(model, '' order by rank) from ranking where strategy = '{}' and pool = 'ALL' group by dataset order by dataset
"""
QUESTION = "ranking regret violation strategy_proxy"


def study(folder: Path, scores: list[world.Row] = LOGME, **protocol: object) -> Path:
    with_proxy = {**world.PROTOCOL, "proxies": ["knn", "linear", "logme"], **protocol}
    return world.write_study(folder, proxy=[*world.proxies(), *scores], protocol=with_proxy)


def test_a_proxy_ranks_by_its_score_and_its_hybrid_starts_with_the_agnostic_best(tmp_path: Path) -> None:
    con = connect(study(tmp_path), question=QUESTION)
    assert rows(con, ORDER.format("logme")) == [("cab",), ("bac",)]  # depth, pets
    assert rows(con, ORDER.format("hybrid_logme")) == [("acb",), ("abc",)]
    at_1 = "select dataset, relative_regret from regret where strategy = 'logme' and pool = 'ALL' and budget = 1 order by dataset"
    assert rows(con, at_1) == [("depth", 0.0), ("pets", 0.0)]
    assert rows(con, "from violation") == []
    assert rows(con, "from strategy_proxy where strategy = 'hybrid_logme'") == [("hybrid_logme", "logme")]


def test_a_proxy_of_which_the_lowest_score_is_the_best(tmp_path: Path) -> None:
    con = connect(study(tmp_path, lower_is_better=["logme"]), question="ranking score proxy")
    assert rows(con, ORDER.format("logme")) == [("bac",), ("cab",)]
    assert rows(con, "select score from score where proxy = 'logme' and model = 'b' and dataset = 'pets'") == [(-7.5,)]
    assert rows(con, "select score from proxy where proxy = 'logme' and model = 'b' and dataset = 'pets'") == [(7.5,)]


def test_a_proxy_that_lacks_a_cell_ranks_nothing_there(tmp_path: Path) -> None:
    con = connect(study(tmp_path, LOGME[1:]), question=QUESTION)  # without a on pets
    assert rows(
        con, "select distinct pool, dataset from ranking where strategy = 'logme' and dataset = 'pets' order by pool"
    ) == [
        ("EXPERT", "pets"),
    ]


def test_what_a_study_has_no_proxy_for_is_no_strategy(tmp_path: Path) -> None:
    con = connect(world.write_study(tmp_path, proxy=[], protocol={**world.PROTOCOL, "proxies": []}), question="ranking")
    assert {name for (name,) in rows(con, "select distinct strategy from ranking")} == {
        "leave_one_dataset_out", "num_params", "task_agnostic", "task_agnostic_oracle", "upstream_examples",
    }  # fmt: skip


def test_only_some_strategies_and_what_they_read(tmp_path: Path) -> None:
    with connect(world.write_study(tmp_path), only=("hybrid_linear", "random"), question="regret") as con:
        assert {name for (name,) in rows(con, "select distinct strategy from regret")} == {
            "hybrid_linear", "linear", "task_agnostic", "random",
        }  # fmt: skip
    with pytest.raises(StrategyError, match=r"hybrid_liner.*'hybrid_linear'"):
        connect(tmp_path, only=("hybrid_liner",))


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("task_agnostic", "'task_agnostic' needs another name: there is a strategy task_agnostic"),
        ("hybrid_linear", "'linear' needs another name|'hybrid_linear' needs another name"),
        ("Linear", "'linear' needs another name|'Linear' needs another name"),
        ("random", "cannot be called random"),
        ("a b", "its name is letters, digits, _ and -"),
        ("x'; drop table model; --", "its name is letters, digits, _ and -"),
    ],
)
def test_a_proxy_whose_name_no_strategy_can_have_is_named(tmp_path: Path, proxy: str, words: str) -> None:
    with pytest.raises(StrategyError, match=words):
        connect(world.write_study(tmp_path, protocol={**world.PROTOCOL, "proxies": ["knn", "linear", proxy]}), question="ranking")


def test_lower_is_better_names_proxies_alone(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="lower_is_better names one that is not among the proxies"):
        connect(study(tmp_path, lower_is_better=["lgme"]), question="regret")


def test_there_may_be_any_number_of_learning_rates(tmp_path: Path) -> None:
    """One hundred of them; the 70th validates best, as does the 80th, and the lower rate is taken. A duplicate takes its cell away."""
    rates = [float(rate) for rate in range(1, 101)]
    runs = [
        {
            "model": model,
            "dataset": dataset,
            "learning_rate": rate,
            "repeat": 0,
            "validation_accuracy": 0.9 if rate in (70, 80) else 0.5,
            "test_accuracy": rate / 1000,
        }
        for model, dataset in CELLS
        for rate in rates
    ]
    protocol = {**world.PROTOCOL, "learning_rates": rates, "repeats": 1}
    con = connect(world.write_study(tmp_path / "all", finetune=runs, protocol=protocol), question="accuracy")
    assert rows(con, "select distinct accuracy from accuracy") == [(0.07,)]
    twice = [*runs[:98], runs[98], runs[98], *runs[100:]]  # a on pets: rate 99 twice, 100 never
    con = connect(world.write_study(tmp_path / "twice", finetune=twice, protocol=protocol), question="accuracy duplicate_run")
    assert rows(con, "select count(*) from accuracy") == [(5,)]
    assert rows(con, "select model, dataset, learning_rate, rows from duplicate_run") == [("a", "pets", 99.0, 2)]
