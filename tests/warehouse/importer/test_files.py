"""Result files of each kind: which table they become, and which line every row is from."""

from pathlib import Path

import duckdb
import pytest
from table_files import said, write

from warehouse.importer import ImportFileError, Recipe, Report, import_table

EVERY = "select a as model, 'pets' as dataset, 'finetune' as measure, b as value from input"


def selected(tmp_path: Path, sql: str, *files: Path, header: bool = True) -> Report:
    return import_table(Recipe("mine", sql, header=header), files, tmp_path / "out")


def accuracies(tmp_path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect() as con:
        return con.execute(f"select model, test_accuracy from '{tmp_path}/out/finetune/*.parquet' order by all").fetchall()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a,b\nx,0.5\ny,much\n", "line 3"),
        ("\n\na,b\nx,0.5\n\ny,much\n", "line 6"),  # empty lines are counted
        ('a,b\n"x\n\nz",0.5\ny,much\n', "line 5"),  # a record of three lines before it
        ('a,b\nx,0.5\n"y\nz",much\n', "line 4"),  # its last line
        ('a,b\r\n"x\r\nz",0.5\r\ny,much\r\n', "line 4"),
        ("a,b\nx,0.5\r\n,\ny,much\n", "line 4"),  # mixed ends of lines, and a record of nothing
        ("\ufeffa,b\nx,0.5\n   \ny,much", "line 4"),  # a byte-order mark, white space alone, and no end of the last line
    ],
)
def test_a_line_is_the_one_that_an_editor_counts(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "t.csv").write_bytes(text.encode())
    with pytest.raises(ImportFileError, match=rf"^t\.csv, {place} \(finetune of y\s*z? on pets: much\): 'much' is not a number"):
        selected(tmp_path, EVERY, tmp_path / "t.csv")


def test_every_kind_of_file_is_read(tmp_path: Path) -> None:
    csv = write(tmp_path / "one.csv", "a,b\n p ,0.1\n")
    tsv = write(tmp_path / "two.tsv", "a\tb\nq\t 0.2\n")
    lines = write(tmp_path / "three.jsonl", '{"a": "r", "b": 0.3}\n\n{"b": 1, "a": "s", "c": [1]}\n')
    parquet = tmp_path / "four[1].parquet"  # DuckDB would take the name for a pattern
    duckdb.execute(f"copy (select 't' as a, 0.5 as b) to '{parquet}'")
    sql = " union all ".join(EVERY.replace("input", name) for name in ("one", "two", "three", '"four[1]"'))
    report = selected(tmp_path, sql, csv, tsv, lines, parquet)
    assert said(report) == {}
    assert accuracies(tmp_path) == [("p", 0.1), ("q", 0.2), ("r", 0.3), ("s", 1), ("t", 0.5)]
    assert [source.file for source in report.files] == ["one.csv", "two.tsv", "three.jsonl", "four[1].parquet"]


def test_rows_of_typed_files_are_named_too(tmp_path: Path) -> None:
    write(tmp_path / "x.jsonl", '{"a": "r", "b": "0.3"}\n\n{"b": "no", "a": "s"}\n')
    with pytest.raises(ImportFileError, match=r"^x\.jsonl, line 3 \(finetune of s on pets: no\)"):
        selected(tmp_path, EVERY, tmp_path / "x.jsonl")
    duckdb.execute(f"copy (values ('r', '0.3'), ('s', 'no')) to '{tmp_path}/y.parquet'")
    with pytest.raises(ImportFileError, match=r"^y\.parquet, line 2 \(finetune of s on pets: no\)"):
        selected(tmp_path, EVERY.replace("a as", "col0 as").replace("b as", "col1 as"), tmp_path / "y.parquet")


def test_columns_without_a_usable_name_get_one(tmp_path: Path) -> None:
    """An index without a name, names that the table needs for its own columns, and one that differs in case alone."""
    table = write(tmp_path / "t.csv", ",a,B,b,Line,\n0,x,y,0.5,7,\n")
    report = selected(tmp_path, "select a || '-' || b || '-' || Line_ || column_1 || column_6 as model, 'pets' as dataset,"
                                " 'finetune' as measure, 0.5 as value from t".replace("b ||", "b_ ||"), table)  # fmt: skip
    assert accuracies(tmp_path) == [("x-0.5-70", 0.5)]
    named = ("column 1: column_1", "b: b_", "Line: Line_", "column 6: column_6")
    assert report.files[0].named == named
    assert any("t.csv" in line and all(one in line for one in named) for line in report.lines())


def test_files_of_one_stem_are_one_table(tmp_path: Path) -> None:
    """With the columns in any order; their rows are told apart by the paths."""
    first, second = write(tmp_path / "1" / "t.csv", "a,b\nx,0.5\n"), write(tmp_path / "2" / "t.csv", "b,a\n0.6,y\n0.7,y\n")
    with pytest.raises(
        ImportFileError, match=r"2/t\.csv, line 2 .*0\.6\) and .*2/t\.csv, line 3 .*0\.7\): two numbers for one key"
    ):
        selected(tmp_path, EVERY, first, second)
    with pytest.raises(ImportFileError, match="are both the table t, but only one of them has the columns c"):
        selected(tmp_path, EVERY, first, write(tmp_path / "3" / "T.csv", "a,b,c\nx,0.5,1\n"))


def test_a_file_without_a_header(tmp_path: Path) -> None:
    sql = EVERY.replace("a as", "column_1 as").replace("b as", "column_2 as")
    selected(tmp_path, sql, write(tmp_path / "t.csv", "x,0.5\ny,0.6\n"), header=False)
    assert accuracies(tmp_path) == [("x", 0.5), ("y", 0.6)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("t.parquet", b"a,b\nx,0.5\n", "is not a Parquet file"),
        ("t.csv", b"PAR1\xff\x00", "is not a CSV file in UTF-8"),
        ("t.jsonl", b"a,b\nx,0.5\n", "is not a JSON lines file"),
        ("t.jsonl", b"[1, 2]\n", "each line is one object"),
        ("t.tsv", b"a,b\nx,0.5\n", "its first line has no tab"),
        ("t.csv", b'a,b\nx,"0.5\n', "is not a CSV file in UTF-8 (unexpected end of data)"),
        ("t.csv", b'a,b\nx,"0.5"1\n', "is not a CSV file in UTF-8"),
        ("t.xlsx", b"PK", "Accepted are CSV (.csv), TSV (.tsv), JSON lines (.jsonl, .ndjson) and Parquet (.parquet). Save a spreadsheet"),
        ("t.sqlite", b"SQLite", "Save a spreadsheet or a database as CSV"),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_its_name_says(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImportFileError) as caught:
        selected(tmp_path, EVERY, tmp_path / name)
    assert words in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]
