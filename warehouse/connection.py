"""Opens one study: the facts of its files under the views of schema.sql, in memory."""

import re
from pathlib import Path

import duckdb

from warehouse.files import StudyError, add_facts
from warehouse.strategy import STRATEGIES, add_strategies

SCHEMA = Path(__file__).parent.parent / "schema.sql"


def connect(study: str | Path, *, repeats: int | None = None, strategies: Path = STRATEGIES) -> duckdb.DuckDBPyConnection:
    """Open the study in a folder and return a DuckDB connection with every view of schema.sql.

    repeats: answer from the first so many repeats alone (a study in the making); None means all of the protocol.
    strategies: the folder whose NAME.sql files are the strategies.
    The facts are read into memory once, so that all views see the study of one moment; nothing is written. Raises StudyError where
    the folder is no study, a file is truncated or foreign, or a model, dataset or protocol breaks a rule; StrategyError for a file
    that is no strategy.
    """
    con = duckdb.connect()
    sections = schema_sections()
    con.begin()
    con.execute(sections[1])
    con.execute("insert into repeat_limit values (?)", [repeats])
    add_facts(con, Path(study).absolute())
    for number in (2, 3, 4):
        con.execute(sections[number])
    add_strategies(con, strategies)
    for number in (5, 6, 7, 9):
        con.execute(sections[number])
    con.commit()
    broken = con.execute("select relation, key, rule from invalid_metadata order by all limit 10").fetchall()
    if broken:
        lines = [f"{study}/{relation}.parquet, {relation} {key!r}: {rule}." for relation, key, rule in broken]
        raise StudyError("\n".join(lines))
    return con


def schema_sections() -> dict[int, str]:
    """The text of each section of schema.sql by its number: a section starts with a line `-- N title ---`."""
    parts = re.split(r"(?m)^-- (\d) .*-{5,}$", SCHEMA.read_text())
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}
