"""Tidy and wide tables into studies: little tables whose numbers are worked out by hand."""

import json
from pathlib import Path

import duckdb
import pytest
from table_files import TIDY, said, tidy, write

from warehouse import connect
from warehouse.importer import find_recipe, import_table

LEEP = "select pool, dataset, model, row_number() over (partition by pool, dataset order by score desc, model) as rank from candidate_score"


def opened(tmp_path: Path, question: str) -> duckdb.DuckDBPyConnection:
    write(tmp_path / "strategies" / "leep.sql", LEEP)
    return connect(tmp_path / "out", strategies=tmp_path / "strategies", question=question)


def rows(tmp_path: Path, query: str) -> list[tuple[object, ...]]:
    with opened(tmp_path, query) as con:
        return con.execute(query).fetchall()


def test_a_tidy_table_answers(tmp_path: Path) -> None:
    report = tidy(tmp_path, TIDY)
    assert said(report) == {}
    # LEEP picks b twice: on pets the best, on depth 0.4 against 0.5: (0.5 - 0.4) / (1 - 0.4) = 1/6.
    found = rows(
        tmp_path,
        "select dataset, relative_regret from regret where strategy = 'leep' and pool = 'ALL' and budget = 1 order by dataset",
    )
    assert found == [("depth", pytest.approx(1 / 6)), ("pets", 0)]
    assert rows(tmp_path, "from missing_run") == []
    undecided = rows(tmp_path, "select relation, subject from violation order by all")  # one line a pool, however many models
    assert undecided == [("model", "DIM2048"), ("model", "EXPERT"), ("model", "RESNET-50")]
    assert rows(tmp_path, "select study, repeats, learning_rates, proxies from protocol") == [("out", 1, None, ["LEEP"])]
    assert rows(tmp_path, "select * exclude (finished_at) from finetune where model = 'a' and dataset = 'pets'") == [
        ("a", "pets", None, 0, None, 0.8, None, None, None, None, None, None, None)
    ]


def test_vtabs_tasks_on_the_same_pictures_have_one_source(tmp_path: Path) -> None:
    """So that they are drawn together; the others name none, and are each their own."""
    tidy(tmp_path, TIDY.replace("pets", "dSpr-Loc").replace("depth", "dSpr-Orient"))
    assert rows(tmp_path, "from dataset_source order by dataset") == [("dSpr-Loc", "dSprites"), ("dSpr-Orient", "dSprites")]


def test_only_vtabs_datasets_have_a_group(tmp_path: Path) -> None:
    tidy(tmp_path, TIDY.replace("pets", "Pets").replace("depth", "CIFAR100"))
    found = rows(tmp_path, "select dataset, vtab_group, source from dataset order by dataset")
    assert found == [("CIFAR100", None, None), ("Pets", "natural", None)]


def test_the_report_lies_beside_the_study(tmp_path: Path) -> None:
    report = tidy(tmp_path, TIDY + "a,pets,NCE,\n")
    stored = json.loads((tmp_path / "out" / "import.json").read_text())
    assert stored == json.loads(report.json())
    assert stored["files"][0]["file"] == "table.csv"
    assert len(stored["files"][0]["sha256"]) == 64
    assert (stored["rows_read"], stored["rows_kept"], stored["models"], stored["datasets"]) == (9, 8, 2, 2)
    assert stored["notes"][0] == {
        "action": "dropped",
        "what": "empty values",
        "count": 1,
        "why": "the table has no number there",
        "examples": ["table.csv, line 10 (NCE of a on pets: empty)"],
    }
    lines = list(report.lines())
    assert lines[0] == "out: 9 rows read (tidy), 8 kept: 2 models, 2 datasets."
    assert lines[1].startswith("  dropped: empty values (1): the table has no number there. Such as table.csv, line 10")


@pytest.mark.parametrize(
    ("missing", "what"), [("", "empty values"), ("NaN", "empty values"), ("-1", "values -1"), ("-1.0", "values -1")]
)
def test_a_missing_value_is_counted_and_its_regrets_are_missing(tmp_path: Path, missing: str, what: str) -> None:
    report = tidy(tmp_path, TIDY.replace("b,depth,finetune,0.4", f"b,depth,finetune,{missing}"))
    assert said(report) == {f"dropped {what}": 1, "missing cells of finetune out of 4": 1}
    assert rows(tmp_path, "select procedure, model, dataset from missing_run") == [("finetune", "b", "depth")]
    assert rows(tmp_path, "select distinct dataset from regret where strategy = 'leep' and pool = 'ALL'") == [("pets",)]
    assert rows(tmp_path, "from mean_regret where pool = 'ALL'") == []


def test_a_missing_score_takes_only_its_own_regret(tmp_path: Path) -> None:
    report = tidy(tmp_path, TIDY.replace("b,depth,LEEP,-0.2", "b,depth,LEEP,inf"))
    assert said(report) == {"dropped values that are not finite": 1, "missing cells of LEEP out of 4": 1}
    assert rows(tmp_path, "select distinct dataset from regret where strategy = 'leep' and pool = 'ALL'") == [("pets",)]
    assert rows(tmp_path, "select count(*) from accuracy") == [(4,)]


def test_repeats_stay_raw(tmp_path: Path) -> None:
    header, *lines = TIDY.splitlines()
    again = [line.replace("0.8", "0.6") + ",1,0.01" for line in lines if "finetune" in line]
    text = "\n".join([header + ",repeat,learning_rate", *(line + ",0,0.1" for line in lines), *again])
    assert said(tidy(tmp_path, text)) == {}
    # a on pets: 0.8 and 0.6, whose median is 0.7. Each repeat has a learning rate of its own, which the source chose.
    assert rows(tmp_path, "select accuracy from accuracy where model = 'a' and dataset = 'pets'") == [(pytest.approx(0.7),)]
    assert rows(
        tmp_path, "select test_accuracy, learning_rate from finetune where model = 'a' and dataset = 'pets' order by 1"
    ) == [
        (0.6, 0.01),
        (0.8, 0.1),
    ]
    assert rows(tmp_path, "select repeats from protocol") == [(2,)]
    assert rows(tmp_path, "from missing_run") == []


def test_a_repeat_that_is_nowhere_complete_is_missing(tmp_path: Path) -> None:
    header, *lines = TIDY.splitlines()
    text = "\n".join([header + ",repeat", *(line + ",0" for line in lines), "a,pets,finetune,-1,1"])
    tidy(tmp_path, text)
    assert rows(tmp_path, "select count(*) from missing_run where repeat = 1") == [(4,)]
    assert rows(tmp_path, "from accuracy") == []


def test_percent_becomes_fractions_and_proxies_stay(tmp_path: Path) -> None:
    percent = TIDY.replace(",0.8", ",80").replace(",0.9", ",90").replace(",0.5\n", ",50\n").replace(",0.4", ",40")
    tidy(tmp_path, percent + "a,pets,knn,70\n", unit="percent")
    assert rows(tmp_path, "select test_accuracy from finetune order by 1") == [(0.4,), (0.5,), (0.8,), (0.9,)]
    assert rows(tmp_path, "select score from proxy where model = 'a' and dataset = 'pets' order by 1") == [(-1.5,), (0.7,)]


def test_a_wide_table_answers(tmp_path: Path) -> None:
    first = write(tmp_path / "1.csv", "\ufeffmodel,pets,depth\na, 0.8 ,0.5\n\n")
    second = write(tmp_path / "2.csv", "model,depth,pets\nb,,0.9\na,0.5,0.8\n")
    report = import_table(find_recipe("wide"), [first, second], tmp_path / "out")
    assert said(report) == {
        "dropped empty values": 1,
        "dropped values that stand there twice": 2,
        "missing cells of finetune out of 4": 1,
    }
    assert [source.file for source in report.files] == ["1.csv", "2.csv"]
    found = rows(tmp_path, "select model, dataset, accuracy from accuracy order by all")
    assert found == [("a", "depth", 0.5), ("a", "pets", 0.8), ("b", "pets", 0.9)]


def test_what_looks_wrong_in_a_table_is_said(tmp_path: Path) -> None:
    copied = TIDY + "c,pets,finetune,0.1\nc,depth,finetune,0.1\nc,pets,LEEP,0\nc,depth,LEEP,0\n"
    copied += "".join(line.replace("LEEP", "NCE") + "\n" for line in copied.splitlines() if "pets,LEEP" in line)
    report = tidy(tmp_path, copied.replace("a,depth", "B,depth"))
    notes = {f"{note.action} {note.what}": note.examples for note in report.notes if note.action == "kept"}
    assert notes == {
        "kept pairs of equal measures": ("pets: LEEP and NCE",),
        "kept models with nearly the same name": ("b and B",),
    }


def test_negative_accuracies_are_none(tmp_path: Path) -> None:
    errors = "".join(f"{model},age,finetune,-0.3\n{model},age,LEEP,1\n" for model in "ab")
    report = tidy(tmp_path, TIDY.replace("b,depth,finetune,0.4", "b,depth,finetune,-0.4") + errors)
    assert said(report) == {
        "dropped accuracies below 0": 3,
        "dropped values of datasets without an accuracy": 2,
        "left out datasets": 1,
        "missing cells of finetune out of 4": 1,
    }
    assert rows(tmp_path, "select dataset from dataset order by 1") == [("depth",), ("pets",)]


def test_unread_columns_are_said(tmp_path: Path) -> None:
    report = tidy(tmp_path, "".join(line + ",x\n" for line in TIDY.splitlines()).replace("value,x", "value,remark"))
    assert said(report) == {"ignored columns": 1}


def test_metadata_of_the_models(tmp_path: Path) -> None:
    metadata = write(
        tmp_path / "models.csv", "model,num_params,imagenet_accuracy,family,licence\na,1000,0.7,imagenet,\nA,5,,expert,MIT\n"
    )
    report = import_table(find_recipe("tidy"), [write(tmp_path / "table.csv", TIDY)], tmp_path / "out", models=metadata)
    assert said(report) == {"kept models that models.csv lacks": 1, "left out models": 1}
    found = rows(
        tmp_path, "select model, num_params, imagenet_accuracy, family, feature_dim, licence, source from model order by 1"
    )
    assert found == [("a", 1000, 0.7, "imagenet", None, None, "table.csv"), ("b", None, None, None, None, None, "table.csv")]
    assert rows(tmp_path, "select distinct pool from pool order by 1") == [("ALL",), ("IMNETACCURACIES",)]
