"""The verb import, with recipes and SELECTs of one's own, and export --tidy, which is its inverse."""

from pathlib import Path

import pytest
from command import needle

ORACLE = ",architecture,source,target,acc\n0,r18,birds,pets,80\n1,r18,cars,pets,60\n2,r50,birds,pets,90\n3,r50,cars,pets,70\n"
SELECT = "select architecture || '-' || source as model, target as dataset, 'finetune' as measure, acc as value from oracle"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "oracle.csv").write_text(ORACLE)
    return tmp_path


def test_a_select_makes_a_study_and_says_what_it_decided(home: Path) -> None:
    done = needle(home, "import", "--select", SELECT, "oracle.csv", "--out", "results/mine")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.splitlines() == [
        "mine: 4 rows read (--select), 4 kept: 4 models, 1 datasets.",
        "  oracle.csv: columns without a usable name have one in SQL: column 1: column_1.",
        "  converted: measures in percent (1): no unit is given, and their values are above 1; --unit says it."
        " Such as finetune: 60 to 90.",
    ]
    done = needle(home, "query", "select model, accuracy from accuracy order by all", "--study", "mine", "--format", "csv")
    assert done.stdout == "model,accuracy\nr18-birds,0.8\nr18-cars,0.6\nr50-birds,0.9\nr50-cars,0.7\n"


def test_a_file_of_sql_is_a_recipe(home: Path) -> None:
    (home / "mine.sql").write_text(SELECT)
    done = needle(home, "import", "mine.sql", "oracle.csv", "--out", "results/mine", "--unit", "fraction")
    assert (done.returncode, (home / "results").exists()) == (1, False)
    assert "oracle.csv, line 2 (finetune of r18-birds on pets: 80)" in done.stderr
    assert needle(home, "import", "mine.sql", "oracle.csv", "--out", "results/mine", "--unit", "percent").returncode == 0


def test_a_tidy_export_comes_in_again(home: Path) -> None:
    needle(home, "import", "--select", SELECT, "oracle.csv", "--out", "results/mine")
    done = needle(home, "export", "--tidy", "mine.csv", "--study", "mine")
    assert (done.returncode, done.stderr) == (0, "")
    assert (home / "mine.csv").read_text().splitlines()[:2] == [
        "model,dataset,measure,value,repeat,learning_rate,seconds,validation_value,lower_is_better,as_published",
        "r18-birds,pets,finetune,0.8,0,,,,,",
    ]
    assert needle(home, "import", "tidy", "mine.csv", "--out", "results/again").returncode == 0
    question = ("query", "from finetune order by all", "--format", "csv", "--study")
    assert needle(home, *question, "again").stdout == needle(home, *question, "mine").stdout
    assert needle(home, "export", "--tidy", "mine.csv", "--study", "mine").returncode == 1


def test_recipes_are_listed_and_printed(home: Path) -> None:
    done = needle(home, "import", "--list")
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "recipe", "mlflow", "modelspider", "parc", "shift", "tidy", "tllib", "vtab", "wandb", "wide",
    ]  # fmt: skip
    sql = needle(home, "import", "--list", "parc").stdout
    (home / "mine.sql").write_text(sql)
    table = ORACLE.replace(",architecture,source,target,acc", "n,Architecture,Source Dataset,Target Dataset,Oracle")
    (home / "controlled.csv").write_text("\n".join(line.partition(",")[2] for line in table.splitlines()))
    assert needle(home, "import", "mine.sql", "controlled.csv", "--out", "results/mine").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ((), 2, "Say what to import: needle import tidy FILE --out results/NAME. needle import --list names the recipes."),
        (("tidy", "oracle.csv"), 2, "Say where the study goes, such as --out results/NAME."),
        (("tidi", "oracle.csv", "--out", "results/x"), 1, "Unknown recipe 'tidi'. Did you mean 'tidy'?"),
        (("oracle.csv", "--out", "results/x"), 1, "oracle.csv is a file, not a recipe."),
        (("tidy", "--out", "results/x"), 1, "Give yours: needle import tidy FILE --out results/NAME."),
        (("--select", "", "oracle.csv", "--out", "results/x"), 1, "--select is empty"),
        (("--select", "from read_text('/etc/passwd')", "oracle.csv", "--out", "results/x"), 1, "--select may not call read_text"),
        (("tidy", "no.csv", "--out", "results/x"), 1, "There is no file no.csv."),
    ],
)
def test_an_import_that_is_refused(home: Path, arguments: tuple[str, ...], status: int, words: str) -> None:
    done = needle(home, "import", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr
    assert not (home / "results").exists()
