"""What would be wrong and look right: each of these once gave a number, or was silent, without a word of any check."""

import math
from pathlib import Path
from typing import Any

import pytest
import world
from paths import ROOT
from views import rows

from warehouse import StudyError, connect

SHIPPED = ROOT / "results" / "haystack"


@pytest.mark.parametrize("name", ["repeats=1", "num_params=1000", "family=expert", "test_accuracy=0.5", "dataset=x"])
def test_the_name_of_a_folder_is_no_column(tmp_path: Path, name: str) -> None:
    """Nor is one within the study; DuckDB would take `repeats=1` for a column of every file below it."""
    found = []
    for folder in ("plain", name):
        study = world.write_study(tmp_path / folder / "study")
        con = connect(study, question="accuracy regret pool")
        found.append(
            [rows(con, f"from {relation} order by all") for relation in ("model", "protocol", "accuracy", "pool", "regret")]
        )
    assert found[0] == found[1]


def test_medians_that_tie_are_equal(tmp_path: Path) -> None:
    """(.007 + .029) / 2 and (.018 + .018) / 2 are both .018; in binary the former is greater by its last digit."""
    assert (0.007 + 0.029) / 2 != 0.018
    values = {"a": (0.018, 0.018), "b": (0.007, 0.029)}
    runs = [
        {"model": m, "dataset": "pets", "repeat": r, "test_accuracy": value, "score": value, "proxy": "mine"}
        for m, both in values.items()
        for r, value in enumerate(both)
    ]
    study = world.write_study(
        tmp_path,
        models=world.MODELS[:2],
        datasets=world.DATASETS[:1],
        protocol={"study": "tie", "repeats": 2, "proxies": []},
        finetune=runs,
        proxy=[],
    )
    con = connect(study, question="accuracy regret zero_regret_budget")
    assert rows(con, "select distinct accuracy from accuracy") == [(0.018,)]
    assert rows(con, "select distinct budget from zero_regret_budget where strategy <> 'random'") == [(1,)]


def test_no_regret_of_the_study_that_ships_is_a_last_digit() -> None:
    """Up to 1,000 test images, three repeats: accuracies are those of repeats, and two of a dataset differ by one image at least."""
    con = connect(SHIPPED, question="regret delta score ranking")
    small = "between 1e-15 and 1 / 1001"
    assert rows(con, f"select count(*) from regret where strategy <> 'random' and absolute_regret {small}") == [(0,)]
    assert rows(con, f"select count(*) from delta where 'random' not in (strategy, baseline) and abs(delta) {small}") == [(0,)]
    ranked = rows(
        con,
        """select dataset::varchar, score, model::varchar from ranking join score using (model, dataset)
           where strategy = 'linear' and proxy = 'linear' and pool = 'ALL' order by dataset, rank""",
    )
    assert len(ranked) == 22 * 19
    assert ranked == sorted(ranked, key=lambda row: (row[0], -float(str(row[1])), row[2])), "a tie ends in the name"
    assert len({row[:2] for row in ranked}) < len(ranked), "there are ties"


def as_published(folder: Path, outcomes: dict[str, list[float]]) -> Any:
    runs = [
        {"model": m, "dataset": "pets", "repeat": r, "test_accuracy": t}
        for m, found in outcomes.items()
        for r, t in enumerate(found)
    ]
    scores = [{"proxy": "knn", "model": m, "dataset": "pets", "repeat": 0, "score": world.KNN[m, "pets"]} for m in outcomes]
    protocol = {"study": "some", "repeats": 5, "as_published": True, "proxies": ["knn"]}
    study = world.write_study(folder, datasets=world.DATASETS[:1], protocol=protocol, finetune=runs, proxy=scores)
    return connect(study, question="split_regret split_oracle regret violation completeness")


def test_split_regret_asks_for_equal_repeats(tmp_path: Path) -> None:
    """The best of four repeats of a, two of which b does not have, is no oracle; of as many repeats each it is, and b is."""
    con = as_published(tmp_path / "other", {"a": [0.8] * 4, "b": [0.9] * 2, "c": [0.5]})
    assert rows(con, "select count(*) from split_regret where pool = 'ALL'") == [(0,)]
    assert rows(con, "select distinct oracle_accuracy from regret where pool = 'ALL'") == [(0.9,)]
    con = as_published(tmp_path / "equal", {"a": [0.8] * 2, "b": [0.9] * 2, "c": [0.5] * 2})
    query = "select oracle_accuracy, accuracy from split_regret where strategy = 'knn' and pool = 'ALL' order by budget"
    assert rows(con, query) == [(0.9, 0.9)] * 3


def priced(folder: Path, finetune: list[world.Row], **change: float) -> Path:
    keys = [{"model": m["model"], "dataset": d["dataset"]} for m in world.MODELS for d in world.DATASETS]
    proxies = [{**row, "seconds": 0.1} for row in world.proxies()]
    study = world.write_study(folder, finetune=finetune, proxy=proxies)
    world.write(study / "representation" / "part.parquet", [{**key, "representation_seconds": 1.0, **change} for key in keys])
    return study


def test_a_fine_tune_costs_what_the_answers_repeats_cost(tmp_path: Path) -> None:
    """Ten seconds a run, two learning rates: twenty, also where the second repeat has begun, and where one is beyond the protocol."""
    runs = [{**row, "seconds": 10.0} for row in world.finetunes()]
    half = [row for row in runs if row["repeat"] == 0 or (row["repeat"], row["learning_rate"]) == (1, 0.1)]
    beyond = [*runs, *({**row, "repeat": 3} for row in runs if (row["repeat"], row["learning_rate"]) == (0, 0.1))]
    for name, found, repeats in (("half", half, 1), ("beyond", beyond, None)):
        con = connect(priced(tmp_path / name, found), repeats=repeats, question="finetune_cost")
        assert rows(con, "select distinct seconds, count(*) from finetune_cost group by all") == [(20.0, 6)]


@pytest.mark.parametrize("seconds", [-1.0, math.nan, math.inf])
def test_seconds_that_are_none_are_named_and_cost_nothing(tmp_path: Path, seconds: float) -> None:
    runs = [{**row, "seconds": 10.0} for row in world.finetunes()]
    runs[0]["seconds"] = seconds
    con = connect(priced(tmp_path / "finetune", runs), question="cost pareto violation regret")
    assert rows(con, "select rule, model, dataset from violation") == [("seconds is not a number from 0", "a", "pets")]
    assert rows(con, "select count(*) from cost where pool = 'ALL' and dataset = 'pets'") == [(0,)]
    assert rows(con, "select count(*) from pareto where pool = 'ALL'") == [(0,)]
    assert rows(con, "select count(*) > 0 from regret where pool = 'ALL' and dataset = 'pets'") == [(True,)], (
        "time is no accuracy"
    )
    runs[0]["seconds"] = 10.0
    con = connect(priced(tmp_path / "pass", runs, representation_seconds=seconds), question="cost violation")
    assert rows(con, "select distinct rule from violation") == [("representation_seconds is not a number from 0",)]
    assert rows(con, "select distinct strategy from cost order by all") == [
        ("leave_one_dataset_out",), ("num_params",), ("random",), ("task_agnostic",), ("task_agnostic_oracle",), ("upstream_examples",),
    ]  # fmt: skip


def test_a_forward_pass_that_stands_twice_or_of_nobody_is_named(tmp_path: Path) -> None:
    study = priced(tmp_path, world.finetunes())
    rows_ = [{"model": "a", "dataset": "pets"}, {"model": "ghost", "dataset": "pets"}, {"model": None, "dataset": "pets"}]
    world.write(study / "representation" / "more.parquet", [{**row, "representation_seconds": 1.0} for row in rows_])
    assert rows(connect(study, question="violation"), "select rule, relation, model from violation order by all") == [
        ("key stands in 2 rows", "representation", "a"),
        ("model has no metadata", "representation", "ghost"),
        ("model has no metadata", "representation", None),
    ]


def test_a_run_of_no_model_is_named(tmp_path: Path) -> None:
    finetune = [*world.finetunes(), {**world.finetunes()[0], "model": None}]
    proxy = [*world.proxies(), {**world.proxies()[0], "dataset": None}]
    con = connect(world.write_study(tmp_path, finetune=finetune, proxy=proxy), question="violation")
    assert rows(con, "select rule, relation from violation order by all") == [
        ("dataset has no metadata", "knn"), ("model has no metadata", "finetune"),
    ]  # fmt: skip


def test_two_learning_rates_where_the_protocol_names_none_are_named(tmp_path: Path) -> None:
    """Which of the two is the run of the repeat, nobody knows: the cells are absent, and the check says why."""
    protocol = {**world.PROTOCOL, "learning_rates": None}
    con = connect(world.write_study(tmp_path, protocol=protocol), question="accuracy violation")
    assert rows(con, "select count(*) from accuracy") == [(0,)]
    assert rows(con, "select rule, relation, count(*) from violation group by all") == [("key stands in 2 rows", "finetune", 18)]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"learning_rates": []}, "a list of learning rates is empty"),
        ({"linear_learning_rates": []}, "a list of learning rates is empty"),
        ({"proxies": ["knn", "knn"]}, "proxies names one twice"),
        ({"proxies": ["finetune"]}, "or finetune, which is none"),
        ({"learning_rates": 0.1}, "protocol.parquet holds values whose types differ from schema.sql"),
        ({"learning_rates": ["a"]}, "protocol.parquet holds values whose types differ from schema.sql"),
    ],
)
def test_a_protocol_that_makes_everything_absent_is_refused(tmp_path: Path, change: world.Row, rule: str) -> None:
    with pytest.raises(StudyError, match=rule):
        connect(world.write_study(tmp_path, protocol={**world.PROTOCOL, **change}), question="regret")


@pytest.mark.parametrize("fact", ["model", "dataset", "protocol"])
def test_metadata_without_a_row_are_refused(tmp_path: Path, fact: str) -> None:
    study = world.write_study(tmp_path)
    world.write_empty(study / f"{fact}.parquet")
    with pytest.raises(StudyError, match=rf"{fact}\.parquet.*no row"):
        connect(study, question="regret")


@pytest.mark.parametrize("value", [[0.5], {"a": 0.5}, True, "0.5"])
def test_an_accuracy_of_another_type_is_refused_by_file(tmp_path: Path, value: object) -> None:
    study = world.write_study(tmp_path)
    world.write(study / "finetune" / "odd.parquet", [{**world.finetunes()[0], "repeat": 7, "test_accuracy": value}])
    with pytest.raises(StudyError, match=r"odd\.parquet"):
        connect(study, question="regret")


@pytest.mark.parametrize("column", ["num_params", "feature_dim", "upstream_examples"])
def test_a_count_that_is_no_number_is_refused_by_file(tmp_path: Path, column: str) -> None:
    models = [{**model, column: math.nan} for model in world.MODELS]
    with pytest.raises(StudyError, match=r"model\.parquet holds values whose types differ from schema.sql"):
        connect(world.write_study(tmp_path, models=models), question="regret")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    study = world.write_study(tmp_path)
    (study / "finetune" / "gone.parquet").symlink_to(tmp_path / "nowhere")
    with pytest.raises(StudyError, match=r"gone\.parquet cannot be read"):
        connect(study, question="regret")


def test_no_repeats_at_all_are_no_answer(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="it is a number from 1"):
        connect(world.write_study(tmp_path), repeats=0)
