"""Hostile queries are refused or stopped within their limits, and change neither the caller, the data nor the disk."""

import json
import pickle
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import duckdb
import pytest
from paths import ROOT

from warehouse.export import export_database
from warehouse.sandbox import process
from warehouse.sandbox.client import Answer, QueryRefused, QueryStopped, _Values, run_query

SECONDS, MEMORY = 0.5, 128_000_000
IDLE = 100_000_000  # bytes of a process that has run no query
SLACK = 15.0  # for a process to start on a busy machine

NOT_ONE_SELECT = [
    "",
    "drop table finetune",
    "delete from finetune",
    "truncate finetune",
    "insert into model (model) values ('mine')",
    "create table mine as from model",
    "create or replace view regret as select 1",
    "alter table model rename to mine",
    "select 1; drop table finetune",
    "copy model to 'model.csv'",
    "with a as (copy model to 'model.csv') select 1",
    "with a as (insert into model (model) values ('mine') returning *) from a",
    "with a as (delete from finetune returning *) select count(*) from a",
    "export database 'mine'",
    "attach 'mine.duckdb' as mine",
    "attach 'https://example.org/mine.duckdb' as mine",
    "install httpfs",
    "force install spatial from 'http://example.org'",
    "pragma database_list",
    "pragma enable_profiling",
    "set enable_external_access = true",
    "set memory_limit = '1TB'",
    "reset lock_configuration",
    "call checkpoint()",
    "vacuum",
    "begin",
    "explain analyze delete from finetune",
    "prepare mine as select 1",
]

NOT_ALLOWED = [
    "from read_text('/etc/passwd')",
    "from read_blob('/etc/passwd')",
    "from read_csv('https://example.org/x.csv')",
    "from read_json('/proc/self/environ')",
    "from read_parquet('s3://bucket/*.parquet')",
    "from glob('/*')",
    "from \"GLOB\"('/*')",
    "select (select count(*) from system.main.glob('/*'))",
    "describe from glob('/*')",
    "with a as (select 1 where exists (from glob('/*'))) from a",
    "pivot (from glob('/*')) on file in ('/etc') using count(*)",
    "from read_duckdb('study.duckdb', table_name = 'model')",
    "from query('select 1')",
    "from query('drop table finetune')",
    "from arrow_scan(12345, 12345, 12345)",
    "from python_map_function((from model))",
    "from enable_logging(storage = 'file', storage_path = 'log')",
    "from checkpoint()",
    "from duckdb_settings()",
    "from duckdb_secrets()",
]

WRONG = {
    "from '/etc/passwd'": "does not exist",
    "from 'model.parquet'": "file system operations are disabled",
    "from 'https://example.org/x.parquet'": "file system operations are disabled",
    "from sql": "does not exist",  # a variable of the process
    "select getenv('HOME')": "does not exist",
    "select nextval('mine')": "does not exist",
    "select error('mine')": "mine",
    "select $1": "parameters",
    "select nope from model": "nope",
    "selec 1": "cannot parse this SQL",
    "select " + "(" * 50_000 + "1" + ")" * 50_000: "cannot parse this SQL",
    "select repeat('x', 10_000_000_000)": "supported string size",
    "select current_timestamp": "Cast it",
}

TOO_MUCH = [
    "with recursive a as (select 1 as i union all select i + 1 from a) select count(*) from a",
    "with recursive a as (select 'x' as i union all select i || i from a) select max(length(i)) from a",
    "with recursive a as (select 1 as i union all select i + 1 from a, range(10)) select count(*) from a",
    "select count(*) from range(1_000_000_000_000)",
    "select count(*) from finetune, finetune, finetune, finetune, finetune, finetune, finetune",
    "select list(a.range) from range(1_000_000) as a, range(1_000_000) as b",
    "select string_agg('a longer text', '') from range(1_000_000_000)",
    "select count(distinct range) from range(1_000_000_000)",
    "select range from range(1_000_000_000) order by hash(range)",
    "select histogram(range) from range(1_000_000_000)",
    "select length(repeat('x', 4_000_000_000))",
    "select repeat('x', 1_000_000_000)",
    "select list_sort(range(1_000_000_000))",
    "select list_transform(range(50_000_000), lambda x: range(x))",
    "select list_reduce(range(50_000_000), lambda a, b: a + b)",
    "select levenshtein(repeat('a', 1_000_000), repeat('b', 1_000_000))",
    "select jaro_similarity(repeat('a', 10_000_000), repeat('b', 10_000_000))",
    "select replace(repeat('x', 10_000_000), 'x', repeat('y', 10_000))",
    "select len(split(repeat('a,', 100_000_000), ','))",
    "select printf('%2000000000d', 1)",
    "select sleep_ms(1_000_000)",
]


@pytest.fixture(scope="module")
def database(small: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sandbox") / "study.duckdb"
    export_database(small, path)
    return path


@pytest.fixture(autouse=True)
def nothing_changes(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No byte of the data changes, no file appears, and the test ends in time."""
    monkeypatch.chdir(tmp_path)
    before = database.read_bytes()
    started = time.monotonic()
    yield
    assert time.monotonic() - started < SECONDS + SLACK
    assert database.read_bytes() == before
    assert [path.name for path in database.parent.iterdir()] == ["study.duckdb"]
    assert list(tmp_path.iterdir()) == []


def query(database: Path, sql: str, rows: int = 100, seconds: float = SECONDS) -> Answer:
    return run_query(database, sql, seconds=seconds, memory=MEMORY, rows=rows)


@pytest.fixture(scope="module")
def refusal(database: Path) -> Iterator[Callable[[str], str]]:
    """A function that says why the process would refuse a query, on a connection opened as the process opens it."""
    with process._open(str(database), MEMORY) as con:
        yield lambda sql: process._refusal(con, sql) or "It runs."


ONE_SELECT = r"A query is one SELECT \(or FROM|DuckDB cannot parse this SQL"
READS = r"A query may not call \w+\. It may read the relations of the study, and range, "


@pytest.mark.parametrize("sql", NOT_ONE_SELECT)
def test_anything_but_one_select_is_refused(refusal: Callable[[str], str], sql: str) -> None:
    assert re.match(ONE_SELECT, refusal(sql)), refusal(sql)


@pytest.mark.parametrize("sql", NOT_ALLOWED)
def test_a_function_that_reaches_beyond_the_study_is_refused(refusal: Callable[[str], str], sql: str) -> None:
    assert re.match(READS, refusal(sql)), refusal(sql)


@pytest.mark.parametrize(("sql", "words"), [("drop table finetune", ONE_SELECT), ("from read_text('/etc/passwd')", READS)])
def test_a_refused_query_is_not_run(database: Path, sql: str, words: str) -> None:
    with pytest.raises(QueryRefused, match=words):
        query(database, sql)


def test_sql_that_hides_in_a_parsed_statement_is_refused(database: Path) -> None:
    """A parsed statement can hold what SQL cannot say, such as an address in memory."""
    con = duckdb.connect()
    (tree,) = con.execute("select json_serialize_sql('select * from arrow_scan(1, 1, 1)')").fetchone() or ("",)
    parsed = json.loads(tree)
    for argument in parsed["statements"][0]["node"]["from_table"]["function"]["arguments"]:
        value = {"type": {"id": "POINTER", "type_info": None}, "is_null": False, "value": 12345}
        argument["expression"] = {"class": "CONSTANT", "type": "VALUE_CONSTANT", "alias": "", "value": value}
    with pytest.raises(QueryRefused, match="may not call json_execute_serialized_sql"):
        query(database, f"from json_execute_serialized_sql('{json.dumps(parsed)}')")


@pytest.mark.parametrize(("sql", "words"), WRONG.items(), ids=[sql[:40] for sql in WRONG])
def test_an_error_is_reported(database: Path, sql: str, words: str) -> None:
    with pytest.raises(QueryRefused, match=words):
        query(database, sql, seconds=4 * SECONDS)  # enough to parse on a busy machine


def test_a_query_that_takes_too_much_is_stopped(database: Path) -> None:
    """Seven at a time: each runs until its own limit."""
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with ThreadPoolExecutor(7) as pool:
        outcomes = dict(zip(TOO_MUCH, pool.map(lambda sql: stopped(database, sql), TOO_MUCH), strict=True))
    limit = re.compile("Stopped after 0.5 seconds|.*needs more than 128 MB of memory|.*as it does when memory runs out")
    assert {sql: words for sql, words in outcomes.items() if not limit.match(words)} == {}
    kilobyte = 1 if sys.platform == "darwin" else 1024
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - mine) * kilobyte < MEMORY


def stopped(database: Path, sql: str) -> str:
    """Why a query was stopped, or else its answer."""
    try:
        return str(query(database, sql))
    except (QueryRefused, QueryStopped) as end:
        return str(end)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_a_process_keeps_to_its_memory(database: Path, tmp_path: Path) -> None:
    """DuckDB alone would take gigabytes for each of these, whatever its memory_limit."""
    bombs = [
        "select list_transform(range(50_000_000), lambda x: range(x))",
        "select length(repeat('x', 4_000_000_000))",
        "select len(split(repeat('a,', 30_000_000), ','))",
    ]
    script = (
        "import resource, sys; from pathlib import Path; from warehouse.sandbox.client import QueryStopped, run_query\n"
        "for sql in sys.argv[2:]:\n"
        f"    try: run_query(Path(sys.argv[1]), sql, seconds=10, memory={MEMORY})\n"
        "    except QueryStopped as stopped: assert 'memory' in str(stopped), stopped\n"
        "    else: raise SystemExit(sql)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)"
    )
    root = ROOT
    done = subprocess.run(
        [sys.executable, "-c", script, str(database), *bombs], cwd=root, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < IDLE + 2 * MEMORY


def test_the_rows_of_a_huge_result_are_truncated(database: Path) -> None:
    answer = query(database, "from range(1_000_000) as a, range(1_000_000) as b", rows=3)
    assert answer == Answer(["a", "b"], ["BIGINT", "BIGINT"], [(0, 0), (1, 0), (2, 0)], truncated=True)


def test_an_answer_is_the_connections_own(small: duckdb.DuckDBPyConnection, database: Path) -> None:
    sql = "select * exclude (log_odds_delta) from delta where pool = 'ALL' order by all"
    answer = query(database, sql, rows=1000)
    expected = small.execute(sql)
    assert answer.rows == expected.fetchall()
    assert answer.columns == ["strategy", "baseline", "pool", "budget", "dataset", "delta"]
    assert answer.types == ["VARCHAR", "VARCHAR", "VARCHAR", "INTEGER", "VARCHAR", "DOUBLE"]
    assert not answer.truncated


@pytest.mark.parametrize(
    "sql",
    [
        "values (1, 'ü'), (2, null)",
        "with a as (select model from model) select * from a union select 'x' order by all -- words",
        "describe model",
        "summarize accuracy",
        "from (show tables) where name < 'm'",
        "pivot accuracy on dataset in ('pets', 'depth') using first(accuracy)",
        "select view_name, comment from duckdb_views() where view_name = 'regret'",
        "select relative_delta(0.9, 0.8), is_fraction(2)",
        "from strategy.linear order by all",
        "select {'a': [1, 2.5]}, map {'k': 1}, date '2026-01-02', timestamp '2026-01-02 03:04:05', interval 1 day, 'x'::blob, 'nan'::double"
        " is null, 10::hugeint, 1.5::decimal(4, 2), uuid '6d3d2541-f44b-4d86-a7a4-1b2f3c4d5e6f', time '01:02:03', true",
        "select unnest(range(3)) + i from range(2) as r(i)",
    ],
)
def test_allowed_queries_are_answered(small: duckdb.DuckDBPyConnection, database: Path, sql: str) -> None:
    answer = query(database, sql)
    expected = small.execute(sql)
    assert answer.columns == [column[0] for column in expected.description or ()]
    assert answer.rows == expected.fetchall()


@pytest.mark.parametrize(("rows", "truncated"), [(2, True), (3, False), (4, False)])
def test_an_answer_says_whether_there_is_more(database: Path, rows: int, truncated: bool) -> None:
    answer = query(database, "from model", rows=rows)
    assert (len(answer.rows), answer.truncated) == (min(rows, 3), truncated)


def test_callers_do_not_disturb_each_other(database: Path) -> None:
    queries = [TOO_MUCH[0], "select count(*) from finetune", TOO_MUCH[6], "select count(*) from proxy"]

    def outcome(sql: str) -> object:
        try:
            return query(database, sql).rows
        except QueryStopped:
            return "stopped"

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(outcome, queries)) == ["stopped", [(36,)], "stopped", [(42,)]]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"nowhere\.duckdb cannot be opened: .*does not exist"):
        query(tmp_path / "nowhere.duckdb", "select 1")


def test_only_plain_values_are_loaded() -> None:
    with pytest.raises(QueryRefused, match=r"builtins\.len"):
        _Values(BytesIO(pickle.dumps(len))).load()
