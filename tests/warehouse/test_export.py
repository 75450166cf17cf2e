"""An exported study answers as its source does, in another process and folder, without the study."""

import inspect
import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import world

from warehouse import connect, study_files
from warehouse.export import ExportError, export_database, export_parquet

pytestmark = pytest.mark.slow


def content(con: duckdb.DuckDBPyConnection, names: tuple[str, ...] = ()) -> dict[str, list[object]]:
    """{relation: [its number of rows, their checksum, its comment]} of every table and view, or of those of these names."""
    relations = con.execute(
        "select schema_name, table_name as name, comment from duckdb_tables() where database_name = current_database() union all"
        " select schema_name, view_name, comment from duckdb_views() where not internal and database_name = current_database()"
    ).fetchall()
    sums = "select count(*), coalesce(sum(hash(r)), 0)::varchar from {}.{} as r"
    return {
        f"{s}.{n}": [*con.execute(sums.format(s, n)).fetchone(), comment]  # type: ignore[misc]
        for s, n, comment in relations
        if not names or n in names
    }


ELSEWHERE = f"""
import duckdb, json, sys
{inspect.getsource(content)}
print(json.dumps(content(duckdb.connect(sys.argv[1], read_only=True), tuple(sys.argv[2:]))))
"""
# Facts, and what rests on all of them.
SOME = ("model", "dataset", "protocol", "finetune", "proxy", "representation", "regret", "mean_regret_interval")


def opened_elsewhere(path: Path, folder: Path, names: tuple[str, ...] = ()) -> dict[str, list[object]]:
    """What a process in another folder, which knows nothing of needle, reads in the file."""
    answer = subprocess.run(
        [sys.executable, "-I", "-c", ELSEWHERE, str(path), *names], cwd=folder, check=True, capture_output=True, text=True
    )
    return json.loads(answer.stdout)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    """What the study of the world says of itself, with few resamples, which take most of the time."""
    return content(connect(world.write_study(tmp_path_factory.mktemp("source") / "study"), resamples=5))


def some(source: dict[str, list[object]]) -> dict[str, list[object]]:
    return {name: what for name, what in source.items() if name.split(".")[1] in SOME}


def test_every_relation_answers_as_its_source_does(source: dict[str, list[object]], tmp_path: Path) -> None:
    con = connect(world.write_study(tmp_path / "study"), resamples=5)
    export_database(con, tmp_path / "it's a file.duckdb")
    con.close()
    shutil.rmtree(tmp_path / "study")
    (tmp_path / "elsewhere").mkdir()
    found = opened_elsewhere(tmp_path / "it's a file.duckdb", tmp_path / "elsewhere")
    assert found == source
    assert found["main.regret"][0] > 0
    assert found["strategy.linear"][0] > 0
    assert found["main.delta"][2].startswith("One row per (strategy, baseline, pool, budget, dataset)")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "it's a file.duckdb"]


def test_the_macros_come_along(small: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    export_database(small, tmp_path / "study.duckdb")
    with duckdb.connect(str(tmp_path / "study.duckdb"), read_only=True) as con:
        assert con.execute("select relative_delta(0.9, 0.8), is_fraction(1.5)").fetchone() == (pytest.approx(0.5), False)


def test_facts_over_files_become_tables(source: dict[str, list[object]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study too large for memory has views over its files; the exported file needs none of them."""
    monkeypatch.setattr(study_files, "LARGE", 0)
    con = connect(world.write_study(tmp_path / "it's a study"), resamples=5)
    views = "select view_name from duckdb_views() where not internal and schema_name = 'main'"
    assert {"finetune", "proxy"} <= {name for (name,) in con.execute(views).fetchall()}
    export_database(con, tmp_path / "study.duckdb")
    con.close()
    shutil.rmtree(tmp_path / "it's a study")
    assert opened_elsewhere(tmp_path / "study.duckdb", tmp_path, SOME) == some(source)


def test_the_connection_keeps_its_databases(small: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    export_database(small, tmp_path / "study.duckdb")
    assert small.execute("select database_name from duckdb_databases() where not internal").fetchall() == [("memory",)]


def test_an_exported_file_can_be_exported_again(source: dict[str, list[object]], tmp_path: Path) -> None:
    export_database(connect(world.write_study(tmp_path / "study"), resamples=5), tmp_path / "one.duckdb")
    with duckdb.connect(str(tmp_path / "one.duckdb"), read_only=True) as con:
        export_database(con, tmp_path / "two.duckdb")
    assert opened_elsewhere(tmp_path / "two.duckdb", tmp_path, SOME) == some(source)


def test_parquet_holds_each_derived_relation(source: dict[str, list[object]], tmp_path: Path) -> None:
    study = connect(world.write_study(tmp_path / "study"), resamples=5)
    export_parquet(study, tmp_path / "derived")
    written = {path.stem: path for path in (tmp_path / "derived").iterdir()}
    main = {name.removeprefix("main."): what for name, what in source.items() if name.startswith("main.")}
    facts = {"model", "dataset", "protocol", "finetune", "proxy", "representation", "embedding"}
    assert written.keys() == main.keys() - facts
    for name, path in written.items():
        rows, _, comment = main[name]
        assert pq.read_metadata(path).num_rows == rows, name
        assert pq.read_metadata(path).metadata[b"comment"].decode() == comment
    assert pq.read_table(written["violation"]).column_names[0] == "rule", "without rows, but with its columns"
    columns = "strategy, baseline, pool, budget, dataset, delta, log_odds_delta"
    with duckdb.connect() as con:
        read = con.execute(f"select {columns} from read_parquet(?) order by all", [str(written["delta"])]).fetchall()
    assert read == study.execute(f"select {columns} from delta order by all").fetchall()


@pytest.mark.parametrize("export", [export_database, export_parquet])
def test_what_is_there_is_kept(small: duckdb.DuckDBPyConnection, tmp_path: Path, export) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "mine"
    path.write_text("mine")
    with pytest.raises(ExportError, match=r"mine already exists and is kept\. Move it away"):
        export(small, path)
    assert path.read_text() == "mine"
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ExportError, match="already exists"):
        export(small, tmp_path / "link")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ExportError, match="already exists"):
        export(small, tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "link", "mine"]


@pytest.mark.parametrize("export", [export_database, export_parquet])
def test_a_folder_that_is_not_there_is_named(small: duckdb.DuckDBPyConnection, tmp_path: Path, export) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ExportError, match=r"nowhere/x cannot be written: No such file or directory"):
        export(small, tmp_path / "nowhere" / "x")


@pytest.mark.parametrize("export", [export_database, export_parquet])
def test_a_failure_leaves_nothing(tmp_path: Path, export) -> None:  # type: ignore[no-untyped-def]
    con = connect(world.write_study(tmp_path / "study"))
    con.execute("drop table representation")
    con.execute("create view representation as select error('broken')")
    con.execute("create view zone as from representation")
    with pytest.raises(duckdb.Error, match="broken"):
        export(con, tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["study"]
    assert con.execute("select database_name from duckdb_databases() where not internal").fetchall() == [("memory",)]
    assert con.execute("select count(*) from finetune").fetchone() == (36,)
