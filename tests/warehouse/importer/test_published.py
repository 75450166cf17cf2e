"""SHiFT's records and VTAB's leaderboard: their traps in little tables, and the reference numbers from the files as they were published."""

import csv
from pathlib import Path

import duckdb
import pytest
import world
from paths import SHARED
from table_files import said, write

from warehouse import connect
from warehouse.importer import ImportFileError, Report, find_recipe, import_table
from warehouse.strategy import STRATEGIES

SHIFT = {
    "": "0",
    "model_identifier": "vit",
    "framework": "HuggingFace",
    "elapsed_time": "60.5",
    "train_accuracy": "0.5",
    "val_accuracy": "0.5",
    "test_accuracy": "0.4",
    "train_dataset_name": "dtd",
    "epochs": "25",
    "configs": "{'lr': 0.01}",
    "train_split": "train",
    "test_split": "test",
    "train_slice": ":800",
    "val_slice": "800:1000",
    "test_slice": ":100%",
}


def shift(tmp_path: Path, *changes: dict[str, str]) -> Report:
    """Import records that depart from the row above in these columns."""
    with open(tmp_path / "records.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, SHIFT)
        writer.writeheader()
        writer.writerows({**SHIFT, "": str(index), **change} for index, change in enumerate(changes))
    return import_table(find_recipe("shift"), [tmp_path / "records.csv"], tmp_path / "out")


def opened(study: Path, repeats: int | None = None, strategies: Path = STRATEGIES) -> duckdb.DuckDBPyConnection:
    """The study with what is asked here, which takes a fifth of the time of everything."""
    asked = "model protocol finetune accuracy missing_run violation regret mean_regret"
    return connect(study, repeats=repeats, strategies=strategies, question=asked)


def config(rate: float, **entries: str) -> dict[str, str]:
    return {"configs": str({"lr": rate, **entries})}


def test_the_task_stands_in_the_configs(tmp_path: Path) -> None:
    orientation = {"feature_name": "image", "label_name": "label_orientation"}
    variants = [
        ("clevr", "Clevr-Count", {**orientation, "preprocess": "clevr_count"}),
        ("clevr", "Clevr-Dist", {**orientation, "preprocess": "clevr_distance"}),
        ("kitti", "KITTI-Dist", {**orientation, "preprocess": "kitti"}),
        ("dsprites", "dSpr-Orient", {**orientation, "preprocess": "dsprites_orientation"}),
        ("dsprites", "dSpr-Loc", {"label_name": "label_x_position", "preprocess": "dsprites_location"}),
        ("smallnorb", "sNORB-Azim", {"label_name": "label_azimuth"}),
        ("smallnorb", "sNORB-Elev", {"label_name": "label_elevation", "preprocess": "empty"}),
    ]
    changes = [
        {"train_dataset_name": name, "test_accuracy": f"0.{n}", "test_split": "validation", **config(0.01, **entries)}
        for n, (name, _, entries) in enumerate(variants, 1)
    ]
    report = shift(
        tmp_path, *changes, {"train_dataset_name": "clevr", "test_split": "validation"}, {"train_dataset_name": "food"}
    )
    assert said(report)["dropped rows of no VTAB task"] == 2
    found = opened(tmp_path / "out").execute("select dataset, test_accuracy from finetune order by test_accuracy").fetchall()
    assert found == [(task, n / 10) for n, (_, task, _) in enumerate(variants, 1)]


def test_rows_of_another_protocol_are_dropped_with_a_word(tmp_path: Path) -> None:
    report = shift(
        tmp_path,
        {},
        {},
        {"framework": "HuggingFaceText", "model_identifier": "bert"},
        {"train_slice": ":100%", "test_accuracy": "0.9"},
        {"val_slice": "80%:"},
        {"epochs": "1"},
        {"train_dataset_name": "clevr", "test_accuracy": "0", **config(0.01, preprocess="clevr_count")},
        {"model_identifier": "deit", "train_accuracy": "0.7", "test_accuracy": "0"},
        {"model_identifier": "cut", "train_slice": ":100%"},
    )
    assert said(report) == {
        "dropped rows that stand there twice": 1,
        "dropped rows of text models": 1,
        "dropped rows on full data": 2,
        "dropped rows of other slices": 1,
        "dropped rows of other epochs": 1,
        "dropped rows tested on CLEVR's test split": 1,
        "kept rows in which train_accuracy equals val_accuracy": 1,
        "kept rows of accuracy 0": 1,
        "missing cells of finetune out of 57": 55,
    }
    con = opened(tmp_path / "out")
    assert con.execute("select model, dataset, accuracy from accuracy order by all").fetchall() == [
        ("deit", "DTD", 0),
        ("vit", "DTD", 0.4),
    ]
    assert con.execute("select seconds, validation_accuracy from finetune where model = 'vit'").fetchall() == [(60.5, 0.5)]
    assert con.execute("select count(*), count(distinct (model, dataset)) from missing_run").fetchall() == [(55, 55)]
    assert con.execute("select count(*) from regret").fetchall() == [(0,)]  # the third model has no number at all


def test_rates_and_repeats_are_those_of_the_cell(tmp_path: Path) -> None:
    report = shift(
        tmp_path,
        {"model_identifier": "two rates", "val_accuracy": "0.5", "test_accuracy": "0.9", **config(0.1)},
        {"model_identifier": "two rates", "val_accuracy": "0.6", "test_accuracy": "0.4", **config(0.01)},
        {"model_identifier": "tie", "val_accuracy": "0.5", "test_accuracy": "0.7", **config(0.01)},
        {"model_identifier": "tie", "val_accuracy": "0.5", "test_accuracy": "0.8", **config(0.1)},
        {"model_identifier": "one rate", "test_accuracy": "0.2", **config(0.1)},
        {"model_identifier": "two repeats", "val_accuracy": "0.1", "test_accuracy": "0.25"},
        {"model_identifier": "two repeats", "val_accuracy": "0.9", "test_accuracy": "0.75"},
    )
    assert said(report)["kept cells of one learning rate on tasks that others tried two on (DTD)"] == 2
    con = opened(tmp_path / "out")
    found = dict(con.execute("select model, accuracy from accuracy").fetchall())
    assert found == {"two rates": 0.4, "tie": 0.7, "one rate": 0.2, "two repeats": 0.5}
    assert con.execute("select count(*) from missing_run where dataset = 'DTD'").fetchall() == [(0,)]
    first = opened(tmp_path / "out", repeats=1)
    assert first.execute("select accuracy from accuracy where model = 'two repeats'").fetchall() == [(0.25,)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"repeat": 2}, "repeats are not 0, 1, 2 ..."),  # between 0 and 2 one is missing
        ({"learning_rate": 0.1}, "key stands in 2 rows"),
        ({"learning_rate": 0.5}, "learning_rate is not one of the protocol"),
        ({"validation_accuracy": None}, "validation_accuracy is not a fraction in [0, 1]"),
    ],
)
def test_a_cell_as_published_is_right_or_absent(tmp_path: Path, change: world.Row, words: str) -> None:
    run = {"model": "a", "dataset": "pets", "repeat": 0, "validation_accuracy": 0.5, "test_accuracy": 0.5}
    runs = [run | {"learning_rate": rate} for rate in (0.1, 0.01)]
    protocol = {"study": "some", "learning_rates": [0.01, 0.1], "repeats": 3, "as_published": True}
    con = opened(world.write_study(tmp_path / "right", protocol=protocol, finetune=runs, proxy=[]))
    assert con.execute("from accuracy").fetchall() == [("a", "pets", 0.5)]
    con = opened(world.write_study(tmp_path / "absent", protocol=protocol, finetune=[runs[0], runs[1] | change], proxy=[]))
    assert con.execute("from accuracy").fetchall() == []
    assert {rule for (rule,) in con.execute("select rule from violation").fetchall()} == {words}


def test_test_images_that_differ_are_said(tmp_path: Path) -> None:
    kitti = {"train_dataset_name": "kitti", **config(0.01, preprocess="kitti")}
    report = shift(tmp_path, kitti, {**kitti, "test_split": "train"})
    assert said(report)["kept rows tested on images that they trained on"] == 1
    assert [n.examples for n in report.notes if "different images" in n.what] == [("KITTI-Dist: test[:100%] 1, train[:100%] 1",)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"configs": "lr=0.01"}, "line 2: configs 'lr=0.01' is not a Python dictionary"),
        ({"configs": "{}"}, "lr in configs"),
        ({"test_accuracy": "40"}, "line 2: test_accuracy '40' is not a fraction"),
        ({"val_accuracy": "nan"}, "line 2: val_accuracy 'nan' is not a fraction"),
        ({"elapsed_time": "nan"}, "line 2, elapsed_time: 'nan' is not a positive number"),
        ({"configs": "{'lr': 0}"}, "line 2, lr in configs: '0' is not a positive number"),
        ({"elapsed_time": "long"}, "line 2, elapsed_time: 'long' is not a positive number"),
        ({"framework": "HuggingFaceText"}, "No row is of a vision model"),
    ],
)
def test_broken_records_are_refused(tmp_path: Path, change: dict[str, str], words: str) -> None:
    with pytest.raises(ImportFileError) as caught:
        shift(tmp_path, change)
    assert words in str(caught.value)
    assert not (tmp_path / "out").exists()


VTAB = """train_examples_if_subset,1000,1000,full,full,metadata,metadata
dataset,Pets,DMLab,Pets,DMLab,model,architecture
method,,,,,,
Sup,80,40.5,90,60,https://hub/sup,ResNet50
GAN,60,24.5,0.15,24.5,,ResNet50
"""


def test_a_leaderboard(tmp_path: Path) -> None:
    report = import_table(find_recipe("vtab"), [write(tmp_path / "vtab.csv", VTAB)], tmp_path / "out", unit="percent")
    assert said(report) == {
        "dropped values on full data": 4,
        "kept values that stand in both columns": 1,
        "kept values above those on full data": 1,
        "ignored columns": 1,
    }
    assert any("GAN on Pets: 60.0 and 0.15" in line for line in report.lines())
    con = opened(tmp_path / "out")
    found = con.execute("select model, dataset, accuracy from accuracy order by all").fetchall()
    assert found == [("GAN", "DMLab", 0.245), ("GAN", "Pets", 0.6), ("Sup", "DMLab", 0.405), ("Sup", "Pets", 0.8)]
    assert con.execute("select model, handle from model order by all").fetchall() == [("GAN", None), ("Sup", "https://hub/sup")]
    assert con.execute("select train_examples from protocol").fetchall() == [(1000,)]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Pets,DMLab,Pets", "Pets,DMlab,Pets", "'DMlab' is none of VTAB's 19 datasets. Did you mean 'DMLab'?"),
        ("1000,1000,full", "1000,500,full", "a column of '500' examples"),
        ("40.5", "140.5", "Sup on DMLab: 140.5): not a percentage"),
        ("GAN,60,24.5,0.15,24.5,,ResNet50", "GAN,60", "line 5: 2 fields"),
        ("GAN", "Sup", "two numbers for one key"),
        ("1000,1000", "full,full", "no values at 1000 examples"),
    ],
)
def test_a_broken_leaderboard_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ImportFileError) as caught:
        import_table(find_recipe("vtab"), [write(tmp_path / "vtab.csv", VTAB.replace(old, new))], tmp_path / "out")
    assert words in str(caught.value)


def test_units_that_a_source_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(ImportFileError, match="in percent; leave --unit out"):
        import_table(find_recipe("vtab"), [write(tmp_path / "vtab.csv", VTAB)], tmp_path / "out", unit="fraction")
    shift(tmp_path, {})
    with pytest.raises(ImportFileError, match="in fractions; leave --unit out"):
        import_table(find_recipe("shift"), [tmp_path / "records.csv"], tmp_path / "again", unit="percent")


# The files as they were published.


@pytest.fixture(scope="session")
def published() -> Path:
    folder = SHARED / "published"
    if not folder.is_dir():
        pytest.skip(f"the published tables are not there ({folder})")
    return folder


def proxy_strategies(folder: Path, *proxies: str) -> Path:
    order = "row_number() over (partition by pool, dataset order by {} desc, model) as rank from"
    for proxy in proxies:
        select = f"select pool, dataset, model, {order.format('score')} candidate_score where proxy = '{proxy}'"
        write(folder / f"{proxy}.sql", select)
    write(folder / "task_agnostic_oracle.sql", (STRATEGIES / "task_agnostic_oracle.sql").read_text())
    return folder


def mean_regrets(con: duckdb.DuckDBPyConnection, strategy: str) -> list[float]:
    """Of pool ALL at B = 1, 2 and 5, to 4 digits."""
    query = "select round(relative_regret, 4) from mean_regret where pool = 'ALL' and strategy = ? and budget in (1, 2, 5) order by budget"
    return [regret for (regret,) in con.execute(query, [strategy]).fetchall()]


def test_shift_as_published(published: Path, tmp_path: Path) -> None:
    source = published / "shift" / "ftrecords.csv"
    report = import_table(find_recipe("shift"), [source], tmp_path / "all")
    assert (report.rows_read, report.models, report.datasets) == (9629, 292, 19)
    found = said(report)
    assert found["dropped rows of text models"] == 2658
    assert found["dropped rows on full data"] == 1019
    assert found["dropped rows tested on CLEVR's test split"] == 35  # all that have accuracy 0
    assert "kept rows of accuracy 0" not in found
    # 5,090 cells are published: 35 of them only on CLEVR's test split, two only by trials of microsoft/resnet-50.
    assert found["missing cells of finetune out of 5548"] == 5548 - 5090 + 35 + 2

    strategies = proxy_strategies(tmp_path / "strategies")
    con = opened(tmp_path / "all", strategies=strategies)
    assert con.execute("select count(*) from accuracy").fetchall() == [(5053,)]
    assert con.execute("select count(*) from missing_run").fetchall() == [(495,)]
    assert con.execute("select count(*) from mean_regret where pool = 'ALL'").fetchall() == [(0,)]
    query = "select model from accuracy group by model having count(*) = 19"
    complete = {model for (model,) in con.execute(query).fetchall()}
    assert len(complete) == 96

    with open(source, newline="") as file, open(tmp_path / "complete.csv", "w", newline="") as out:
        reader = csv.DictReader(file)
        writer = csv.DictWriter(out, reader.fieldnames or [])
        writer.writeheader()
        writer.writerows(row for row in reader if row["model_identifier"] in complete)
    import_table(find_recipe("shift"), [tmp_path / "complete.csv"], tmp_path / "complete")
    con = opened(tmp_path / "complete", strategies=strategies)
    assert con.execute("select count(*) from missing_run").fetchall() == [(0,)]
    assert mean_regrets(con, "task_agnostic_oracle") == [0.2427, 0.2050, 0.1845]


def test_vtab_as_published(published: Path, tmp_path: Path) -> None:
    report = import_table(find_recipe("vtab"), [published / "vtab" / "results.csv"], tmp_path / "vtab")
    notes = {note.what: note.examples for note in report.notes}
    assert notes["values that stand in both columns"] == ("Cond-BigGAN on Clevr-Dist: 24.506667256355286",)
    assert notes["values above those on full data"][0].startswith("Cond-BigGAN on Caltech101")
    con = opened(tmp_path / "vtab", strategies=proxy_strategies(tmp_path / "strategies"))
    assert con.execute("select count(*) from accuracy").fetchall() == [(16 * 19,)]
    assert mean_regrets(con, "task_agnostic_oracle") == [0.0679, 0.0418, 0.0375]


def test_tllib_as_published(published: Path, tmp_path: Path) -> None:
    report = import_table(find_recipe("tidy"), [published / "tllib" / "tidy.csv"], tmp_path / "tllib")
    assert [(note.what, note.examples) for note in report.notes] == [("pairs of equal measures", ("DTD: LogME and NCE",))]
    expected = {"LogME": [0.0342, 0.0091], "NCE": [0.0258, 0.0149], "HScore": [0.0589, 0.0305], "LEEP": [0.1368, 0.0730]}
    con = opened(tmp_path / "tllib", strategies=proxy_strategies(tmp_path / "strategies", *expected))
    assert {proxy: mean_regrets(con, proxy)[:2] for proxy in expected} == expected


def test_modelspider_as_published(published: Path, tmp_path: Path) -> None:
    report = import_table(find_recipe("tidy"), [published / "modelspider" / "tidy.csv"], tmp_path / "modelspider")
    assert (report.rows_read, report.rows_kept, report.models, report.datasets) == (820, 800, 10, 8)
    assert [note.examples for note in report.notes if note.action == "left out"] == [("dSprites", "UTKFace")]
    assert opened(tmp_path / "modelspider").execute("select count(*) from missing_run").fetchall() == [(0,)]
