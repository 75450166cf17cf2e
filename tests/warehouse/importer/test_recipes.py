"""The recipes that ship: what each reads, drops and says, on tables small enough to check by hand."""

from pathlib import Path

import pytest
from table_files import MLFLOW, PARC, WANDB, said, write

from warehouse import connect
from warehouse.importer import ImportFileError, Report, find_recipe, import_table, recipes


def imported(tmp_path: Path, recipe: str, text: str, name: str = "t.csv") -> Report:
    return import_table(find_recipe(recipe), [write(tmp_path / name, text)], tmp_path / "out")


def rows(tmp_path: Path, query: str) -> list[tuple[object, ...]]:
    with connect(tmp_path / "out", question=query) as con:
        return con.execute(query).fetchall()


def test_every_recipe_says_what_it_reads_and_names_its_traps_and_licence() -> None:
    assert recipes().keys() == {"mlflow", "modelspider", "parc", "shift", "tidy", "tllib", "vtab", "wandb", "wide"}
    for name, recipe in recipes().items():
        assert recipe.summary.endswith("."), name
        if recipe.source and name not in ("mlflow", "wandb"):  # published tables
            assert recipe.licence, name
            assert "Trap" in recipe.sql, name


def test_two_columns_name_a_model_and_accuracies_are_percent(tmp_path: Path) -> None:
    report = imported(tmp_path, "parc", PARC)
    assert said(report) == {"missing cells of finetune out of 4": 1, "missing cells of 1-NN_CV out of 4": 1}
    assert rows(tmp_path, "select model, dataset, accuracy from accuracy order by all") == [
        ("resnet50_cub200", "pets", 0.857), ("resnet50_imagenet", "cub200", 0.797), ("resnet50_imagenet", "pets", 0.909),
    ]  # fmt: skip
    assert rows(tmp_path, "select model, family, upstream from model order by all") == [
        ("resnet50_cub200", "expert", "cub200"), ("resnet50_imagenet", "imagenet", "imagenet"),
    ]  # fmt: skip
    assert rows(tmp_path, "select score from score where dataset = 'cub200'") == [(0.6,)]


def test_a_column_without_a_name_is_no_proxy(tmp_path: Path) -> None:
    """As pandas writes the numbers of rows."""
    head, *lines = PARC.splitlines()
    imported(tmp_path, "parc", "\n".join([f",{head}", *(f"{number},{line}" for number, line in enumerate(lines))]))
    assert rows(tmp_path, "select distinct proxy from proxy") == [("1-NN_CV",)]


def test_mlflows_runs_are_a_study(tmp_path: Path) -> None:
    """Of vit, repeat 0 takes the lower rate, which validated better, though it tested worse (0.5 against 0.6); repeat 1 has 0.55."""
    report = imported(tmp_path, "mlflow", MLFLOW)
    assert said(report) == {
        "dropped runs that did not finish": 2,
        "dropped runs without a test accuracy": 1,
        "dropped runs without a model or a dataset": 1,
    }
    assert rows(tmp_path, "select model, accuracy from accuracy order by all") == [("resnet", 0.95), ("vit", 0.525)]
    assert rows(tmp_path, "select repeat, learning_rate, test_accuracy, seconds from finetune where model = 'vit' order by all") == [
        (0, 0.01, 0.5, 120), (0, 0.1, 0.6, 60.5), (1, 0.01, 0.55, 120),
    ]  # fmt: skip
    assert rows(tmp_path, "from missing_run") == []


def test_mlflows_runs_need_no_learning_rate(tmp_path: Path) -> None:
    text = "status,params.model,params.dataset,metrics.test_accuracy\nFINISHED,a,pets,0.5\nFINISHED,a,pets,0.7\nFINISHED,b,pets,0.8\n"
    assert said(imported(tmp_path, "mlflow", text)) == {}
    assert rows(tmp_path, "select model, accuracy from accuracy order by all") == [("a", 0.6), ("b", 0.8)]


def test_wandbs_runs_are_a_study(tmp_path: Path) -> None:
    report = imported(tmp_path, "wandb", WANDB)
    assert said(report) == {"dropped runs that did not finish": 1, "converted measures in percent": 1}
    assert report.files[0].named == ("name: name_",)
    assert rows(tmp_path, "select model, accuracy from accuracy order by all") == [("bert", 0.95), ("vit", 0.5)]
    assert rows(tmp_path, "select seconds from finetune order by all") == [(60,), (61,), (70,)]


@pytest.mark.parametrize(("recipe", "column"), [("mlflow", "status"), ("wandb", "Name"), ("parc", "Architecture")])
def test_a_table_of_another_kind_is_refused(tmp_path: Path, recipe: str, column: str) -> None:
    with pytest.raises(ImportFileError, match=f"has no column '{column}'"):
        imported(tmp_path, recipe, "a,b\n1,2\n")
    with pytest.raises(ImportFileError, match="No run is finished" if recipe != "parc" else "not a number"):
        imported(tmp_path, recipe, {"mlflow": MLFLOW.replace("FINISHED", "FAILED"), "wandb": WANDB.replace("finished", "failed"),
                                    "parc": PARC.replace("90.9", "ninety")}[recipe])  # fmt: skip


def test_wide_files_are_the_measures_of_their_names(tmp_path: Path) -> None:
    """With an index that pandas wrote, which is not a dataset."""
    files = [
        write(tmp_path / "finetune.csv", ",model,pets,depth\n0,a,0.8,0.5\n1,b,0.9,0.4\n"),
        write(tmp_path / "LogME.csv", "model,pets,depth\na,-1.5,0.1\nb,-0.5,\n"),
    ]
    report = import_table(find_recipe("wide"), files, tmp_path / "out")
    assert said(report) == {"dropped empty values": 1, "missing cells of LogME out of 4": 1}
    assert rows(tmp_path, "select model, dataset, test_accuracy from finetune order by all") == [
        ("a", "depth", 0.5), ("a", "pets", 0.8), ("b", "depth", 0.4), ("b", "pets", 0.9),
    ]  # fmt: skip
    assert rows(tmp_path, "select proxy, model, dataset, score from proxy order by all") == [
        ("LogME", "a", "depth", 0.1), ("LogME", "a", "pets", -1.5), ("LogME", "b", "pets", -0.5),
    ]  # fmt: skip


def test_a_recipe_of_ones_own(tmp_path: Path) -> None:
    sql = write(
        tmp_path / "mine.sql",
        "-- Mine.\n-- columns: net\nselect net as model, 'p' as dataset, 'finetune' as measure, x as value from t",
    )
    recipe = find_recipe(str(sql))
    assert (recipe.name, recipe.summary, recipe.columns) == ("mine", "Mine.", ("net",))
    import_table(recipe, [write(tmp_path / "t.csv", "net,x\na,0.5\n")], tmp_path / "out")
    assert rows(tmp_path, "select model, accuracy from accuracy") == [("a", 0.5)]


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("shft", "Unknown recipe 'shft'. Did you mean 'shift'? There are mlflow, modelspider"),
        ("nowhere.sql", "There is no file nowhere.sql"),
        (__file__, "is a file, not a recipe. Say how to read it: needle import tidy"),
    ],
)
def test_a_recipe_that_does_not_exist(named: str, words: str) -> None:
    with pytest.raises(ImportFileError) as caught:
        find_recipe(named)
    assert words in str(caught.value)
