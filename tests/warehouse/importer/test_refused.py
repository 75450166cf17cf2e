"""Tables that are refused: the words say what is wrong, where, and what is accepted; nothing is written."""

from pathlib import Path

import pytest
from table_files import TIDY, tidy, write

from warehouse.importer import ImportFileError, find_recipe, import_table


def refused(tmp_path: Path, kind: str, text: str, unit: str | None = None) -> str:
    """The words of the refusal; nothing was written."""
    with pytest.raises(ImportFileError) as caught:
        import_table(find_recipe(kind), [write(tmp_path / "in" / "table.csv", text)], tmp_path / "out", unit=unit)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "unit", "words"),
    [
        ("m,a,b\nx,80,90\n", "fraction", "table.csv, line 2 (finetune of x on a: 80)*not a fraction*--unit percent"),
        ("m,a,b\nx,80,0.9\n", None, "Percent beside fractions*x on a: 80*x on b: 0.9*one unit"),
        ("m,a,b\nx,80,0.9\n", "percent", "Percent beside fractions*x on a: 80*x on b: 0.9"),
        ("m,a,b\nx,0.8,0.9\n", "percent", "No accuracy is above 1*leave --unit percent out"),
        ("m,a,b\nx,80,101\n", "percent", "x on b: 101*not a percentage"),
        ("m,a,b\nx,0.8,much\n", None, "x on b: much*not a number"),
        ("m,a,b\nx,0.8,1_0\n", None, "not a number"),
        ('m,a,b\nx,0.8,"0,9"\n', None, "'0,9' is not a number*decimal comma"),
        ("m,a,b\nx,0.8,0.7\ny,0.5,0.5\nx,0.8,0.9\n", None, "line 2 (*0.7)*line 4 (*x on b: 0.9)*two numbers for one key"),
        ("m,a,a\nx,0.8,0.7\n", None, "column 'a' stands there twice"),
        ("m,a,\nx,0.8,0.7\n", None, "a column has no name"),
        ("m,a,b\n,0.8,0.7\n", None, "line 2: model is empty"),
        ("m,a,b\nx,0.8\n", None, "line 2: 2 fields under a header of 3"),
        ("m,a,b\n", None, "no line below"),
        ("m\nx\n", None, "not a CSV file"),
        ("", None, "is empty"),
        ("Models,a,b\nx,0.8,0.9\n", None, "no column 'model'. Did you mean 'Models'?*It has Models, a, b"),
        ("m,a,b\nx,0.8,0.9\n", "per cent", "Unknown unit 'per cent'. Did you mean 'percent'?"),
    ],
)
def test_a_wide_table_that_is_refused(tmp_path: Path, text: str, unit: str | None, words: str) -> None:
    found = refused(tmp_path, "wide", text.replace("m,", "model,", 1), unit)
    for part in words.split("*"):
        assert part in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TIDY + "a,pets,finetune,0.81\n", "line 2 (*line 10 (*two numbers for one key*column repeat"),
        (TIDY.replace("finetune", "fine-tune"), "line 2 (*: unknown measure 'fine-tune'. Did you mean 'finetune'?"),
        (TIDY + "a,pets,KNN,0.3\n", "line 10 (*: unknown measure 'KNN'. Did you mean 'knn'?"),
        (TIDY.replace("finetune", "accuracy"), "No row has the measure 'finetune'*accuracy, LEEP"),
        (TIDY.replace("value", "Value", 1), "no column 'value'. Did you mean 'Value'?"),
        (
            TIDY.replace("value\n", "value,repeats\n").replace("\n", ",0\n").replace("s,0\n", "s\n", 1),
            "'repeats'. Did you mean 'repeat'?",
        ),
        (TIDY.replace("a,pets,finetune", "a,,finetune"), "line 2: dataset is empty"),
        (TIDY + "a,pets,knn,7\nb,pets,knn,0.7\n", "knn of a on pets: 7*knn of b on pets: 0.7"),
        ("model,dataset,measure,value,repeat\na,pets,finetune,0.8,first\n", "line 2 (*: repeat 'first' is not a number from 0"),
        ("model,dataset,measure,value,repeat\na,pets,finetune,0.8,1\n", "counted from 0"),
        ("model,dataset,measure,value,repeat\na,p,finetune,0.8,0\na,p,NCE,1,1\n", "line 3*one number a cell"),
        ("model,dataset,measure,value,learning_rate\na,p,finetune,0.8,0\n", "learning_rate '0' is not a positive number"),
        (
            "model,dataset,measure,value,learning_rate\na,p,finetune,0.8,0.1\na,p,finetune,0.7,0.01\n",
            "two learning rates of one run*validated best",
        ),
    ],
)
def test_a_tidy_table_that_is_refused(tmp_path: Path, text: str, words: str) -> None:
    found = refused(tmp_path, "tidy", text)
    for part in words.split("*"):
        assert part in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("model,params\na,3\n", "unknown column 'params'. Did you mean 'num_params'?*imagenet_accuracy"),
        ("name,family\na,x\n", "no column 'model'"),
        ("model,family\na,x\na,y\n", "line 3: model 'a' stands there twice"),
        ("model,num_params\na,25M\n", "line 2, num_params: '25M' is not a positive whole number"),
        ("model,imagenet_accuracy\na,76.3\n", "line 2, imagenet_accuracy: '76.3' is not a fraction"),
    ],
)
def test_metadata_that_are_refused(tmp_path: Path, text: str, words: str) -> None:
    metadata = write(tmp_path / "models.csv", text)
    with pytest.raises(ImportFileError) as caught:
        import_table(find_recipe("tidy"), [write(tmp_path / "table.csv", TIDY)], tmp_path / "out", models=metadata)
    for part in words.split("*"):
        assert part in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    tidy(tmp_path, TIDY)
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*")}
    with pytest.raises(ImportFileError, match="already there and not empty"):
        tidy(tmp_path, TIDY)
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*.*")} == before


def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    table = write(tmp_path / "table.csv", TIDY)
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ImportFileError, match=r"out cannot be written: No space left on device\."):
        import_table(find_recipe("tidy"), [table], tmp_path / "out")
    assert list(tmp_path.iterdir()) == [table]


def test_files_that_are_none(tmp_path: Path) -> None:
    table = write(tmp_path / "table.csv", TIDY)
    for kind, files, words in (
        ("tidy", [tmp_path / "no.csv"], "There is no file"),
        ("tidy", [tmp_path], "cannot be read"),
        ("tidy", [table, write(tmp_path / "copy.csv", TIDY)], "the same file"),
        ("tiddy", [table], "Unknown recipe 'tiddy'. Did you mean 'tidy'? There are "),
        ("vtab", [table], "not VTAB's leaderboard"),
        ("shift", [table], "no column 'model_identifier'. It has model, dataset"),
    ):
        with pytest.raises(ImportFileError) as caught:
            import_table(find_recipe(kind), files, tmp_path / "out")
        assert words in str(caught.value)
    table.write_bytes(b"PAR1\xff\x00")
    with pytest.raises(ImportFileError, match="not a CSV file in UTF-8"):
        import_table(find_recipe("tidy"), [table], tmp_path / "out")
