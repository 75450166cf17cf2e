"""Reads strategies: one SQL file is one strategy, one SELECT of (pool, dataset, model, rank)."""

import json
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

STRATEGIES = Path(__file__).parent / "strategies"
COLUMNS = ["pool", "dataset", "model", "rank"]


class StrategyError(Exception):
    """A strategy file that is no strategy: which file, and why."""


def add_strategies(con: duckdb.DuckDBPyConnection, folder: Path = STRATEGIES) -> None:
    """Create one view strategy.NAME for each NAME.sql in the folder, the table ranking of them all, and strategy_reads.

    A strategy may read other strategies; a file that is not one SELECT with the columns pool, dataset, model and rank, and files
    that read each other in a circle, raise StrategyError.
    """
    files = {path.stem: path for path in sorted(folder.glob("*.sql"))}
    reads = {name: _relations(con, path) for name, path in files.items()}
    graph = {
        name: {r.removeprefix("strategy.") for r in relations if r.startswith("strategy.")} for name, relations in reads.items()
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise StrategyError(f"Strategies read each other in a circle: {' -> '.join(error.args[1])}.") from error
    for name in order:
        if name not in files:
            reader = next(reader for reader, used in graph.items() if name in used)
            raise StrategyError(f"{files[reader]} reads strategy.{name}, which does not exist. There are {', '.join(files)}.")
        _add_view(con, name, files[name])
        for used in graph[name]:
            reads[name] |= reads[used]
    union = " union all ".join(
        f'select {_text(name)} as strategy, pool, dataset, model, rank from strategy."{name}"' for name in files
    )
    con.execute(f"create table ranking as {union}")
    con.execute(
        "comment on table ranking is 'One row per (strategy, pool, dataset, model): the order in which it would fine-tune.'"
    )
    con.execute("create table strategy_reads (strategy varchar, relation varchar)")
    pairs = [(name, relation) for name in files for relation in sorted(reads[name])]
    con.execute("insert into strategy_reads select unnest(?), unnest(?)", [list(part) for part in zip(*pairs, strict=True)])
    con.execute(
        "comment on table strategy_reads is 'One row per (strategy, relation): what it reads, also through other strategies.'"
    )


def _add_view(con: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    try:
        con.execute(f'create view strategy."{name}" as {path.read_text()}')
        columns = [row[0] for row in con.execute(f'describe strategy."{name}"').fetchall()]
    except duckdb.Error as error:
        raise StrategyError(f"{path} does not run: {error}") from error
    if columns != COLUMNS:
        raise StrategyError(f"{path} selects ({', '.join(columns)}); a strategy selects ({', '.join(COLUMNS)}).")


def _relations(con: duckdb.DuckDBPyConnection, path: Path) -> set[str]:
    """The names of the tables and views that a file's SELECT reads, without binding them."""
    (text,) = con.execute("select json_serialize_sql(?)", [path.read_text()]).fetchone() or ("{}",)
    tree = json.loads(text)
    if tree["error"] or len(tree["statements"]) != 1:
        raise StrategyError(f"{path} is not one SELECT: {tree.get('error_message', 'it holds several statements')}")
    return {
        ".".join(part for part in (node["schema_name"], node["table_name"]) if part)
        for node in _nodes(tree)
        if node.get("type") == "BASE_TABLE"
    }


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(child)


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
