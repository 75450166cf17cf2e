"""A study that is exported as a tidy table comes in again equal."""

from pathlib import Path
from typing import Any

import pytest
import world
from paths import ROOT, SHARED
from table_files import MLFLOW, PARC, TIDY, WANDB, said, write

from warehouse import connect
from warehouse.export import ExportError
from warehouse.importer import Recipe, find_recipe, import_table
from warehouse.importer.export_tidy import QUESTION, export_tidy

QUERIES = {
    "finetune": "select model, dataset, learning_rate, repeat, validation_accuracy, test_accuracy, seconds from finetune",
    "proxy": "select proxy, model, dataset, learning_rate, repeat, score, seconds from proxy",
    "model": "select model from model",
    "dataset": "select dataset, vtab_group from dataset",
    "protocol": "select learning_rates, repeats, linear_learning_rates, linear_repeats, list_sort(proxies), lower_is_better, "
    "coalesce(as_published, false) from protocol",
    "missing_run": "from missing_run",
    "accuracy": "from accuracy",
    "score": "from score",
}


def content(study: Path) -> dict[str, list[tuple[Any, ...]]]:
    with connect(study, question=" ".join(QUERIES)) as con:
        return {name: sorted(con.execute(query).fetchall(), key=str) for name, query in QUERIES.items()}


def again(study: Path, folder: Path) -> Path:
    """Export a study and import it."""
    with connect(study, question=QUESTION) as con:
        export_tidy(con, folder / "tidy.csv")
    report = import_table(find_recipe("tidy"), [folder / "tidy.csv"], folder / "again")
    assert all(note.action in ("dropped", "kept", "missing") for note in report.notes)
    assert said(report).keys() <= {"dropped empty values", "kept pairs of equal measures"} | {
        what for what in said(report) if what.startswith(("missing", "kept models", "kept datasets"))
    }
    return folder / "again"


@pytest.mark.parametrize(
    ("recipe", "text"),
    [
        ("tidy", TIDY + "a,pets,NCE,\nc,pets,finetune,-1\n"),
        ("wide", "model,pets,depth\na,80,50\nb,,\n"),
        ("parc", PARC),
        ("mlflow", MLFLOW),
        ("wandb", WANDB),
    ],
)
def test_what_a_recipe_made_comes_in_again(tmp_path: Path, recipe: str, text: str) -> None:
    import_table(find_recipe(recipe), [write(tmp_path / "t.csv", text)], tmp_path / "out")
    assert content(again(tmp_path / "out", tmp_path)) == content(tmp_path / "out")


@pytest.mark.parametrize(
    ("recipe", "file"),
    [
        ("shift", "shift/ftrecords.csv"),
        ("vtab", "vtab/results.csv"),
        ("tllib", "tllib/tidy.csv"),
        ("modelspider", "modelspider/tidy.csv"),
    ],
)
def test_what_was_published_comes_in_again(tmp_path: Path, recipe: str, file: str) -> None:
    path = SHARED / "published" / file
    if not path.is_file():
        pytest.skip(f"the published table is not there ({path})")
    import_table(find_recipe(recipe), [path], tmp_path / "out")
    assert content(again(tmp_path / "out", tmp_path)) == content(tmp_path / "out")


def test_directions_repeats_and_missing_runs_come_along(tmp_path: Path) -> None:
    sql = """select model, dataset, measure, value, measure = 'LEEP' as lower_is_better, 0 as repeat from t
             union all select 'a', 'pets', 'finetune', '-1', false, 2"""
    import_table(Recipe("mine", sql), [write(tmp_path / "t.csv", TIDY)], tmp_path / "out")
    found = content(again(tmp_path / "out", tmp_path))
    assert found == content(tmp_path / "out")
    assert (found["protocol"][0][1], found["protocol"][0][5], len(found["missing_run"])) == (3, ["LEEP"], 8)


@pytest.mark.slow
def test_a_collected_study_answers_the_same(tmp_path: Path) -> None:
    """With two learning rates of fine-tunes and of linear: what is as published is also all there is. A tidy table has no curves."""
    expected = content(ROOT / "results" / "haystack")
    absent = ("partial_", "nearest_", "learned_")
    for name in ("score", "proxy"):
        expected[name] = [row for row in expected[name] if not str(row[0]).startswith(absent)]
    found = content(again(ROOT / "results" / "haystack", tmp_path))
    for name in ("finetune", "proxy", "model", "accuracy", "score"):
        assert found[name] == expected[name], name
    assert found["protocol"][0][:4] == ([*sorted(expected["protocol"][0][0])], *expected["protocol"][0][1:2],
                                        [*sorted(expected["protocol"][0][2])], *expected["protocol"][0][3:4])  # fmt: skip


def test_what_is_there_is_kept(tmp_path: Path) -> None:
    with connect(world.write_study(tmp_path / "study"), question=QUESTION) as con:
        path = write(tmp_path / "mine.csv", "mine")
        with pytest.raises(ExportError, match=r"mine\.csv already exists and is kept"):
            export_tidy(con, path)
        with pytest.raises(ExportError, match="cannot be written"):
            export_tidy(con, tmp_path / "nowhere" / "x.csv")
    assert path.read_text() == "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["mine.csv", "study"]
