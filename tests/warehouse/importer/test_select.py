"""Any table by a SELECT: what it may read, what its columns mean, and how messages name the rows."""

from pathlib import Path

import pytest
from table_files import TIDY, said, write

from warehouse import connect
from warehouse.importer import ImportFileError, Recipe, Report, find_recipe, import_table

# A model is named by two columns, an index has no name, accuracies are percent, a cell is missing: leep is wide, of another file.
ORACLE = """,architecture,source,target,accuracy
0,r18,birds,pets,80
1,r18,pets,birds,60
2,r50,birds,pets,90
3,r50,pets,birds,0.5
4,r50,birds,cars,-1
"""
LEEP = "source,pets,birds\nr18-birds,-0.5,\nr18-pets,,-0.7\nr50-birds,-0.4,\nr50-pets,,-0.1\n"
SQL = """
select architecture || '-' || source as model, target as dataset, 'finetune' as measure, accuracy as value, 'percent' as unit
from oracle
union all
select source, dataset, 'leep', value, null from (unpivot leep on pets, birds into name dataset value value) where value <> '';

select distinct architecture || '-' || source as model, source as upstream, 11.7e6 as num_params from oracle order by model;
select 'pets' as dataset, 37 as num_classes;
select 500 as train_examples, 0.9 as momentum;
select 'kept' as action, 'targets' as what, 'they are few' as why, dataset as example from selected group by dataset order by dataset
"""


def selected(tmp_path: Path, sql: str, text: str = TIDY, unit: str | None = None) -> Report:
    return import_table(Recipe("mine", sql), [write(tmp_path / "in" / "t.csv", text)], tmp_path / "out", unit=unit)


def rows(tmp_path: Path, query: str) -> list[tuple[object, ...]]:
    with connect(tmp_path / "out", question=query) as con:
        return con.execute(query).fetchall()


def refused(tmp_path: Path, sql: str, text: str = TIDY) -> str:
    with pytest.raises(ImportFileError) as caught:
        selected(tmp_path, sql, text)
    assert not (tmp_path / "out").exists()
    return str(caught.value)


def test_one_study_of_two_tables(tmp_path: Path) -> None:
    files = [write(tmp_path / "oracle.csv", ORACLE), write(tmp_path / "leep.csv", LEEP)]
    report = import_table(Recipe("mine", SQL), files, tmp_path / "out")
    assert said(report) == {
        "dropped values -1": 1,
        "kept targets": 3,
        "missing cells of finetune out of 12": 8,
        "missing cells of leep out of 12": 8,
    }
    assert [note.examples for note in report.notes][:2] == [
        ("oracle.csv, line 6 (finetune of r50-birds on cars: -1)",), ("birds", "cars", "pets"),
    ]  # fmt: skip
    assert rows(tmp_path, "select model, dataset, test_accuracy from finetune order by all") == [
        ("r18-birds", "pets", 0.8), ("r18-pets", "birds", 0.6), ("r50-birds", "pets", 0.9), ("r50-pets", "birds", 0.005),
    ]  # fmt: skip
    assert rows(tmp_path, "select proxy, model, score from proxy where dataset = 'birds' order by all") == [
        ("leep", "r18-pets", -0.7), ("leep", "r50-pets", -0.1),
    ]  # fmt: skip
    assert rows(tmp_path, "select distinct upstream, num_params from model order by all") == [
        ("birds", 11_700_000),
        ("pets", 11_700_000),
    ]
    assert rows(tmp_path, "select dataset, num_classes from dataset order by all") == [
        ("birds", None),
        ("cars", None),
        ("pets", 37),
    ]
    assert rows(tmp_path, "select train_examples, momentum, proxies from protocol") == [(500, 0.9, ["leep"])]


COLUMNS = "model, dataset, measure, value"


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        (f"select {COLUMNS} from t", "t.csv, line 10 "),
        (f"select {COLUMNS} from t where value > '' order by value limit 99", "t.csv, line 10 "),
        (f"with u as (from t) select {COLUMNS} from u", "t.csv, line 10 "),
        (f"select {COLUMNS.replace('model', 't.model')} from t join (select distinct model from t) as u using (model)", "t.csv, line 10 "),
        (f"select {COLUMNS} from t where model < 'c' union all select {COLUMNS} from t where model = 'c'", "t.csv, line 10 "),
        (f"select {COLUMNS}, upper(file) as file, line + 1 as line from t", "T.CSV, line 11 "),
        (f"select distinct {COLUMNS} from t", ""),
        (f"select {COLUMNS.replace('value', 'max(value) as value')} from t group by all", ""),
        (f"select {COLUMNS.replace('value', 'max(value) as value')} from t group by model, dataset, measure", ""),
        (f"select {COLUMNS} from t union select {COLUMNS} from t", ""),
        (f"select {COLUMNS} from (select {COLUMNS} from t)", ""),
    ],
)  # fmt: skip
def test_a_message_names_file_and_line_where_rows_have_one(tmp_path: Path, sql: str, place: str) -> None:
    """Otherwise the key alone: to add them would make several rows of one that several rows of the file share."""
    cell = "finetune of c on pets: much"
    assert refused(tmp_path, sql, TIDY + "c,pets,finetune,much\n").startswith(
        (f"{place}({cell})" if place else cell) + ": 'much' is not"
    )


def test_all_parts_of_a_union_have_a_place(tmp_path: Path) -> None:
    sql = "select model, dataset, measure, value from t union all select model, 'x', measure, value || '!' from t where measure = 'LEEP'"
    assert refused(tmp_path, sql).startswith("t.csv, line 6 (LEEP of a on x: -1.5!): ")


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select 1 as value", "yields no column 'model'"),
        ("select model, dataset, measure, value as valu from t", "no column 'value'. Did you mean 'valu'?"),
        ("from t where model = 'z'", "The SELECT yields no row."),
        ("from u", "reads 'u', which is none of the given files.*The tables are: t (model, dataset, measure, value, file, line)"),
        ("from ts", "Did you mean 't'?"),
        ("from '/etc/passwd'", "reads '/etc/passwd', which is none of the given files"),
        ("from read_csv('/etc/passwd')", "may not call read_csv"),
        ("select (select content from read_text('/etc/passwd')) as model, dataset, measure, value from t", "may not call read_text"),
        ("from query('select 1')", "may not call query"),
        ("from duckdb_settings()", "may not call duckdb_settings"),
        ("from work.tidy", "reads 'work.tidy'"),
        ("from selected", "reads 'selected'"),
        ("copy t to '/tmp/x.csv'", "SELECT statements only"),
        ("from t; drop table t", "SELECT statements only"),
        ("with x as (delete from t returning *) from x", "SELECT statements only"),
        ("attach '/tmp/x.duckdb'", "SELECT statements only"),
        ("set memory_limit = '1TB'", "SELECT statements only"),
        ("selec model from t", "is not SQL: syntax error at or near"),
        ("", "is empty"),
        ("select modle as model, dataset, measure, value from t", 'column "modle" not found*The tables are: t ('),
        ("unpivot t on * exclude model into name dataset value value", "mine does not run*file and line say where a row stands"),
        ("from t; select 'a' as model, 3 as params", "unknown column 'params'. Did you mean 'num_params'?"),
        ("from t; select 'a' as model union all select 'a'", "SELECT 2: model 'a' stands there twice"),
        ("from t; select 'a' as model, 1.5 as imagenet_accuracy", "imagenet_accuracy: '1.5' is not a fraction"),
        ("from t; select 3 as stepps", "SELECT 2 yields stepps*no 'stepps'"),
        ("from t; select 3 as steps union all select 4", "2 rows; a study has one protocol"),
        ("from t; select ['a'] as proxies", "yields proxies, which the rows tell"),
        ("from t; select 'many' as steps", "The SELECT of the protocol*Could not convert"),
        ("from t; select 'kept' as action, 'x' as what", "SELECT 2 yields action, what; notes are action, what, why, example"),
        ("select * replace (error('line ' || line || ' is odd') as value) from t", "line 2 is odd"),
        ("select *, 1 as repeet from t", "unknown column 'repeet'. Did you mean 'repeat'?"),
        ("select * replace (if(dataset = 'pets', lower(measure), measure) as measure) from t", "'leep' and 'LEEP' differ in case only"),
        ("select *, measure = 'LEEP' and dataset = 'pets' as lower_is_better from t", "true in some rows of LEEP and not in others"),
        ("select *, true as lower_is_better from t", "line 2 (finetune of a on pets: 0.8): lower_is_better: finetune is an accuracy"),
        ("select *, 'perhaps' as lower_is_better from t", "'perhaps' is neither true nor false"),
        ("select *, 'permille' as unit from t", "unit 'permille' is neither percent nor fraction"),
        ("select *, -3 as seconds from t", "seconds '-3' is not a number from 0"),
        ("select *, 'high' as validation_value from t", "validation_value 'high' is not an accuracy"),
    ],
)  # fmt: skip
def test_a_select_that_is_refused(tmp_path: Path, sql: str, words: str) -> None:
    found = refused(tmp_path, sql)
    for part in words.split("*"):
        assert part in found


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("N LEEP", "a proxy cannot be called 'N LEEP': *letters, digits, _ and -"),
        ("Größe", "cannot be called 'Größe': *letters, digits, _ and -"),
        *((name, f"cannot be called {name!r}, as a strategy that every study has") for name in (
            "Random", "task_agnostic", "task_agnostic_oracle", "leave_one_dataset_out", "hybrid_x", "Hybrid_LEEP", "candidate")),
    ],
)  # fmt: skip
def test_a_proxy_whose_strategies_could_not_be_named(tmp_path: Path, name: str, words: str) -> None:
    found = refused(tmp_path, f"select model, dataset, replace(measure, 'LEEP', '{name}') as measure, value from t")
    assert found.startswith(f"t.csv, line 6 ({name} of a on pets: -1.5): ")
    for part in words.split("*"):
        assert part in found


def test_a_file_may_not_take_the_name_of_a_table_that_is_there(tmp_path: Path) -> None:
    table = write(tmp_path / "selected.csv", TIDY)
    with pytest.raises(ImportFileError, match="No file may be called selected"):
        import_table(find_recipe("tidy"), [table], tmp_path / "out")
    assert import_table(find_recipe("tidy"), [write(tmp_path / "input.csv", TIDY)], tmp_path / "out").rows_kept == 8


def test_what_the_recipe_drops_is_counted_with_its_reason(tmp_path: Path) -> None:
    sql = "select *, if(dataset = 'depth', 'rows on depth', null) as dropped, 'too far away' as why from t"
    report = selected(tmp_path, sql)
    assert (said(report), report.rows_read, report.rows_kept, report.datasets) == ({"dropped rows on depth": 4}, 8, 4, 1)
    assert (report.notes[0].why, report.notes[0].examples[0]) == ("too far away", "t.csv, line 4 (finetune of a on depth: 0.5)")


# Learning rates, repeats and units.

RUNS = "model,dataset,measure,value,learning_rate,validation_value\n"


def test_the_validation_accuracy_chooses_among_learning_rates(tmp_path: Path) -> None:
    """Of a the lower rate validated better, though it tested worse; of b both tie, and the lower is taken; c has one rate alone."""
    text = RUNS + "a,p,finetune,0.9,0.1,0.5\na,p,finetune,0.4,0.01,0.6\nb,p,finetune,0.8,0.1,0.5\nb,p,finetune,0.7,0.01,0.5\n"
    assert said(selected(tmp_path, "from t", text + "c,p,finetune,0.2,0.1,0.3\n")) == {}
    assert rows(tmp_path, "select learning_rates, repeats, as_published from protocol") == [([0.01, 0.1], 1, True)]
    assert rows(tmp_path, "select model, accuracy from accuracy order by all") == [("a", 0.4), ("b", 0.7), ("c", 0.2)]
    assert rows(tmp_path, "from violation where relation = 'finetune'") == []


def test_runs_of_one_key_are_repeats_where_their_validation_differs(tmp_path: Path) -> None:
    text = (
        RUNS + "a,p,finetune,0.25,0.01,0.1\na,p,finetune,0.75,0.01,0.9\na,p,finetune,0.75,0.01,0.9\nb,p,finetune,0.5,0.01,0.2\n"
    )
    assert said(selected(tmp_path, "from t", text)) == {
        "dropped values that stand there twice": 1,
        "kept fine-tunes of one key": 2,
    }
    assert rows(tmp_path, "select repeat, test_accuracy from finetune where model = 'a' order by all") == [(0, 0.25), (1, 0.75)]
    assert rows(tmp_path, "select model, accuracy from accuracy order by all") == [("a", 0.5), ("b", 0.5)]


def test_two_numbers_of_one_validation_are_refused(tmp_path: Path) -> None:
    words = refused(tmp_path, "from t", RUNS + "a,p,finetune,0.25,0.01,0.1\na,p,finetune,0.75,0.01,0.1\n")
    assert words.startswith(
        "t.csv, line 2 (finetune of a on p: 0.25) and t.csv, line 3 (finetune of a on p: 0.75): two numbers for one key"
    )


def test_learning_rates_without_every_validation_accuracy_are_refused(tmp_path: Path) -> None:
    words = refused(tmp_path, "from t", RUNS + "a,p,finetune,0.25,0.01,\na,p,finetune,0.75,0.1,0.1\n")
    assert "two learning rates of one run" in words
    assert "validation_value" in words


def test_linear_may_have_learning_rates(tmp_path: Path) -> None:
    """Its score is a validation accuracy: the better rate counts."""
    text = TIDY.replace("\n", ",\n").replace("value,\n", "value,learning_rate\n")
    text += "".join(
        f"{m},{d},linear,{s},{rate}\n" for m in "ab" for d in ("pets", "depth") for s, rate in ((0.3, 0.1), (0.4, 0.01))
    )
    selected(tmp_path, "from t", text)
    assert rows(tmp_path, "select learning_rates, linear_learning_rates from protocol") == [(None, [0.01, 0.1])]
    assert rows(tmp_path, "select distinct score from score where proxy = 'linear'") == [(0.4,)]


def test_a_unit_is_decided_for_each_measure_and_said(tmp_path: Path) -> None:
    percent = TIDY.replace("finetune,0.", "finetune,") + "a,pets,knn,0.5\n"
    report = selected(tmp_path, "from t", percent)
    assert said(report) == {"converted measures in percent": 1, "missing cells of knn out of 4": 3}
    assert report.notes[0].examples == ("finetune: 4 to 9",)
    assert rows(tmp_path, "select test_accuracy from finetune order by all") == [(0.04,), (0.05,), (0.08,), (0.09,)]
    assert rows(tmp_path, "select score from proxy where proxy = 'knn'") == [(0.5,)]


def test_a_validation_accuracy_has_the_unit_of_its_fine_tune(tmp_path: Path) -> None:
    selected(tmp_path, "from t", RUNS + "a,p,finetune,25,0.01,10\nb,p,finetune,75,0.01,1.5\n")
    assert rows(tmp_path, "select test_accuracy, validation_accuracy from finetune order by all") == [(0.25, 0.1), (0.75, 0.015)]
    words = refused(tmp_path / "again", "from t", RUNS + "a,p,finetune,25,0.01,0.1\nb,p,finetune,75,0.01,0.9\n")
    assert words.startswith("Percent beside fractions: t.csv, line 2 (finetune of a on p: 25)")


def test_scores_stay_and_their_direction_is_written(tmp_path: Path) -> None:
    selected(tmp_path, "select *, measure = 'LEEP' as lower_is_better from t")
    assert rows(tmp_path, "select lower_is_better from protocol") == [(["LEEP"],)]
    assert rows(tmp_path, "select score from proxy where model = 'a' and dataset = 'pets'") == [(-1.5,)]


def test_seconds_come_along(tmp_path: Path) -> None:
    selected(tmp_path, "select *, if(measure = 'LEEP', 1.5, 60) as seconds from t")
    assert rows(tmp_path, "select distinct seconds from finetune union all select distinct seconds from proxy") == [(60,), (1.5,)]
