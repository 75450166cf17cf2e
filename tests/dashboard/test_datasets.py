"""The page Datasets. Numbers are worked out in world.py, near_world.py and own_study.py."""

from pathlib import Path

import near_world
import pytest
import world
from own_study import write_own
from session import charts, opened, page_text, rows, sheets, sound


@pytest.mark.usefixtures("in_home")
def test_every_repeat_and_what_each_strategy_picks_and_loses() -> None:
    """On pets t is 0.9 of b, 0.8 of a, 0.56 of c. Of two drawn at random the best is 0.9, 0.9 or 0.8."""
    app = sound(opened("datasets", "small", budget="2", strategies="linear,random,task_agnostic", dataset="gone"))
    assert "Dataset: the link asks for `gone`, which is not offered here. Shown: `pets`." in page_text(app)
    (chart,) = charts(app)
    assert [(row["model"], row["accuracy"], row["repeat_accuracy"]) for row in rows(chart)] == [
        (model, accuracy, pytest.approx(accuracy + off))
        for model, accuracy in (("b", 0.9), ("a", 0.8), ("c", 0.56))
        for off in (-0.02, 0, 0.03)
    ]
    drawn = {(row["strategy"], row["place"]): row["model"] for row in chart["datasets"]["picks"] if row["strategy"] != "knn"}
    assert {key: model for key, model in drawn.items() if key[0] in ("linear", "task_agnostic")} == {
        ("linear", 1): "a",
        ("linear", 2): "b",
        ("task_agnostic", 1): "a",
        ("task_agnostic", 2): "c",
    }
    table = app.dataframe[0].value.set_index("strategy")
    assert list(table.loc["task_agnostic", "picks"]) == ["a", "c"]
    assert table.loc[["linear", "random", "task_agnostic"], "relative_regret"].tolist() == pytest.approx([0, 25, 50]), "per cent"
    assert "Best of the pool ALL: `b`, 90.0" in page_text(app)
    assert "Not known here" in page_text(app), "no embeddings"
    assert "No pictures" in sheets(app)[0]
    app = sound(app.number_input(key="budget").set_value(1).run())
    assert app.dataframe[0].value.set_index("strategy").loc["linear", "relative_regret"] == pytest.approx(50)


def test_of_very_many_repeats_the_ends_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the three repeats of small seven times: a thousand dots for each model would take a browser seconds."""
    monkeypatch.chdir(tmp_path)
    runs = [{**run, "repeat": run["repeat"] + 3 * copy} for run in world.finetunes() for copy in range(7)]
    world.write_study(tmp_path / "results" / "many", finetune=runs, protocol={**world.PROTOCOL, "repeats": 21})
    app = sound(opened("datasets", "many", dataset="pets"))
    drawn = [row["repeat_accuracy"] for row in rows(charts(app)[0]) if row["model"] == "b"]
    assert drawn == pytest.approx([0.88, 0.93]), "of 0.88, 0.9 and 0.93"


@pytest.mark.usefixtures("in_home")
def test_of_a_dataset_that_lacks_runs_no_best_is_named() -> None:
    app = sound(opened("datasets", "half", dataset="pets"))
    assert [row["model"] for row in rows(charts(app)[0])] == ["b", "b", "b", "c", "c", "c"]
    assert "1 model of the pool ALL without every run" in page_text(app)
    assert "Best of the pool" not in page_text(app)
    assert app.dataframe[0].value["relative_regret"].isna().all()


def test_the_nearest_datasets_are_of_other_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    near_world.study(tmp_path / "results" / "near")
    app = sound(opened("datasets", "near", dataset="cats"))
    moments = app.dataframe[-1].value
    assert list(zip(moments["other"], moments["distance"], strict=True)) == [
        ("maps", 1),
        ("roads", 9),
        ("cells", 36),
        ("moon", 100),
    ]


def test_ones_own_pictures_are_shown_by_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = write_own(tmp_path / "results" / "photos")
    app = sound(opened("datasets", "photos"))
    assert sheets(app)[0].count('<img src="data:') == 7, "2 cats, a dog, 4 foxes"
    assert "<img src=x" not in sheets(app)[0]
    (folder / "model" / "metadata.json").unlink()
    assert "needle recommend --finetune" in sheets(sound(app.run()))[0]
