"""What a question needs, and no more."""

from pathlib import Path

import duckdb
import pytest
import world
from views import rows

from warehouse import connect, relation


def there(con: duckdb.DuckDBPyConnection) -> set[str]:
    query = """select schema_name || '.' || view_name from duckdb_views() where not internal
               union all select schema_name || '.' || table_name from duckdb_tables()"""
    return {str(name) for (name,) in rows(con, query)}


@pytest.mark.parametrize(
    ("question", "needed", "left_out"),
    [
        (
            "select * from REGRET where pool = 'ALL'",
            {"main.regret", "main.ranking", "strategy.knn"},
            {"resample.regret", "main.delta"},
        ),
        ("from accuracy", {"main.accuracy"}, {"main.score", "main.ranking"}),
        ("from regret_interval", {"resample.regret", "resample_strategy.linear"}, {"main.split_regret", "main.paper_regret"}),
        ('select * from strategy."linear"', {"strategy.linear"}, {"strategy.knn", "main.ranking"}),
        ("from paper_regret", {"main.paper_regret"}, {"main.regret"}),
    ],
)
def test_a_question_creates_what_it_needs(tmp_path: Path, question: str, needed: set[str], left_out: set[str]) -> None:
    con = connect(world.write_study(tmp_path), question=question)
    con.execute(question)
    assert needed <= there(con)
    assert not left_out & there(con)


@pytest.mark.parametrize("question", ["from duckdb_views()", "describe regret", "show tables", "from information_schema.tables"])
def test_who_looks_at_the_catalogue_finds_everything(tmp_path: Path, small: duckdb.DuckDBPyConnection, question: str) -> None:
    con = connect(world.write_study(tmp_path), question=question)
    assert there(con) == there(small)


def test_a_section_may_have_a_number_of_two_digits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = tmp_path / "schema.sql"
    schema.write_text("".join(f"-- {number} title ------\ncreate view v{number} as select 1;\n" for number in (9, 10, 11)))
    monkeypatch.setattr(relation, "SCHEMA", schema)
    assert list(relation.sections()) == [9, 10, 11]
    assert {name: one.section for name, one in relation.of_schema(()).items() if name.startswith("v")} == {
        "v9": 9, "v10": 10, "v11": 11,
    }  # fmt: skip
