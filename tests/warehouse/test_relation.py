"""What a question needs, and no more."""

from pathlib import Path

import duckdb
import pytest
import world
from views import rows

from warehouse import connect


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
