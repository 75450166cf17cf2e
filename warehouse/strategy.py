"""Reads strategies: one SELECT of (pool, dataset, model, rank) in a file, or a Python function, and how they depend on each other."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from warehouse.relation import Relation

STRATEGIES = Path(__file__).parent / "strategies"
COLUMNS = ["pool", "dataset", "model", "rank"]

Row = dict[str, Any]
Order = Callable[[Sequence[Row]], Sequence[str]]


class StrategyError(Exception):
    """A strategy that is none: which file or function, and why."""


@dataclass(frozen=True)
class Strategy:
    """An order of every pool's models on every dataset.

    source: where it stands, for words to the user. sql: the SELECT; empty where order is given. order: a function of the rows of
    `candidate` of one pool and dataset, each with its `scores` {proxy: score}, that returns their models, the first to fine-tune
    first. reads: the relations that it reads, and words: the texts that it compares with, each also through other strategies.
    """

    name: str
    source: str
    sql: str
    order: Order | None
    reads: frozenset[str]
    words: frozenset[str]


def strategies(con: duckdb.DuckDBPyConnection, files: Mapping[str, Path], orders: Mapping[str, Order]) -> dict[str, Strategy]:
    """The strategies of SQL files and functions by name, each after those that it reads. con only parses; nothing is created.

    StrategyError: a file that cannot be read or is not one SELECT, a strategy that does not exist, or a circle.
    """
    if "random" in (*files, *orders):
        raise StrategyError(
            "A strategy cannot be called random: that is the expectation over all choices, which every study has."
        )
    found = {name: _of_file(con, name, path) for name, path in files.items()}
    for name, order in orders.items():
        source = f"the function {getattr(order, '__name__', name)}"
        found[name] = Strategy(name, source, "", order, frozenset({"candidate", "candidate_score"}), frozenset())
    graph = {name: {read.removeprefix("strategy.") for read in one.reads if read.startswith("strategy.")}
             for name, one in found.items()}  # fmt: skip
    try:
        names = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise StrategyError(f"Strategies read each other in a circle: {' -> '.join(error.args[1])}.") from error
    ordered: dict[str, Strategy] = {}
    for name in names:
        if name not in found:
            reader = next(reader for reader, used in graph.items() if name in used)
            raise StrategyError(
                f"{found[reader].source} reads strategy.{name}, which does not exist. There are {', '.join(found)}."
            )
        one, used = found[name], [ordered[other] for other in graph[name]]
        reads = one.reads.union(*(other.reads for other in used))
        ordered[name] = Strategy(name, one.source, one.sql, one.order, reads, one.words.union(*(other.words for other in used)))
    return ordered


def in_folder(folder: Path = STRATEGIES) -> dict[str, Path]:
    """The files of a folder by the name of their strategy."""
    return {path.stem: path for path in sorted(folder.glob("*.sql"))}


def _of_file(con: duckdb.DuckDBPyConnection, name: str, path: Path) -> Strategy:
    try:
        sql = path.read_text()
    except OSError as error:
        raise StrategyError(f"{path} cannot be read: {error.strerror}.") from error
    (text,) = con.execute("select json_serialize_sql(?)", [sql]).fetchone() or ("{}",)
    tree = json.loads(text)
    if tree["error"] or len(tree["statements"]) != 1:
        raise StrategyError(f"{path} is not one SELECT: {tree.get('error_message', 'it holds several statements')}")
    nodes = list(nodes_of(tree))
    reads = {
        ".".join(part for part in (node["schema_name"], node["table_name"]) if part)
        for node in nodes
        if node.get("type") == "BASE_TABLE"
    }
    words = {node["literal"]["text"] for node in nodes if node.get("class") == "CONSTANT" and node["literal"]["kind"] == "STRING"}
    return Strategy(name, str(path), sql.strip().rstrip(";"), None, frozenset(reads), frozenset(words))


def nodes_of(tree: Any) -> Iterator[dict[str, Any]]:
    """All objects inside DuckDB's serialised syntax tree."""
    if isinstance(tree, dict):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from nodes_of(child)


def view(one: Strategy, schema: str) -> Relation:
    """The strategy as a relation of a schema, in which the other strategies stand too.

    Creating it raises StrategyError for SQL that does not run or has other columns, and for a function that fails or returns
    anything but names of the models that it was given.
    """
    reads = frozenset(read.replace("strategy.", f"{schema}.", 1) for read in one.reads)
    name = f'{schema}."{one.name}"'

    def of_sql(con: duckdb.DuckDBPyConnection) -> None:
        sql = re.sub(r"\bstrategy\.", f"{schema}.", one.sql)
        try:
            con.execute(f"create view {name} as {sql}")
            columns = [row[0] for row in con.execute(f"describe {name}").fetchall()]
        except duckdb.Error as error:
            raise StrategyError(f"{one.source} does not run: {error}") from error
        if columns != COLUMNS:
            raise StrategyError(f"{one.source} selects ({', '.join(columns)}); a strategy selects ({', '.join(COLUMNS)}).")

    def of_order(con: duckdb.DuckDBPyConnection) -> None:
        dataset = "bigint" if schema == "resample_strategy" else "varchar"
        con.execute(f"create table {name} (pool varchar, dataset {dataset}, model varchar, rank bigint)")
        rows = [
            (pool, dataset, model, rank)
            for (pool, dataset), candidates in _candidates(con, schema)
            for rank, model in enumerate(_ordered(one, candidates), 1)
        ]
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            con.execute(f"insert into {name} select unnest(?), unnest(?), unnest(?), unnest(?)", columns)

    return Relation(f"{schema}.{one.name}", 4, (), reads, of_order if one.order else of_sql)


def catalogue(strategies: Mapping[str, Strategy]) -> list[Relation]:
    """The tables strategy_reads and strategy_word: what each strategy reads, and the texts that it compares with."""
    found = []
    for table, column, values, words in (
        ("strategy_reads", "relation", "reads", "what it reads, also through other strategies"),
        ("strategy_word", "word", "words", "a text that it compares with, also through other strategies"),
    ):
        pairs = [(name, value) for name, one in strategies.items() for value in sorted(getattr(one, values))]
        literal = ", ".join(f"({_text(name)}, {_text(value)})" for name, value in pairs) or "(null, null)"
        statements = (
            f"create table {table} as select strategy::varchar as strategy, {column}::varchar as {column}"
            f" from (values {literal}) as pair(strategy, {column}) where strategy is not null",
            f"comment on table {table} is 'One row per (strategy, {column}): {words}.'",
        )
        found.append(Relation(table, 4, statements, frozenset()))
    return found


def _candidates(con: duckdb.DuckDBPyConnection, schema: str) -> Iterator[tuple[tuple[Any, Any], list[Row]]]:
    """The rows of candidate by (pool, dataset), sorted by model, each with its scores."""
    home = "main" if schema == "strategy" else schema.removesuffix("_strategy")
    scores: dict[tuple[Any, ...], dict[str, float]] = defaultdict(dict)
    for proxy, *key, score in con.execute(f"select proxy, pool, dataset, model, score from {home}.candidate_score").fetchall():
        scores[tuple(key)][proxy] = score
    cursor = con.execute(f"from {home}.candidate order by pool, dataset, model")
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        row["scores"] = scores[row["pool"], row["dataset"], row["model"]]
    for (pool, dataset), group in groupby(rows, key=lambda row: (row["pool"], row["dataset"])):
        yield (pool, dataset), list(group)


def _ordered(one: Strategy, candidates: list[Row]) -> list[str]:
    """The function's order of the candidates. It must not depend on the order in which it is given them."""
    assert one.order
    given = {row["model"] for row in candidates}
    try:
        order = list(one.order(candidates))
        again = list(one.order(candidates[::-1]))
    except Exception as error:
        raise StrategyError(f"{one.source} failed on {candidates[0]['dataset']}: {type(error).__name__}: {error}") from error
    if strange := [model for model in order if model not in given]:
        raise StrategyError(f"{one.source} returned {strange[0]!r}, which is none of the models that it was given.")
    if order != again:
        raise StrategyError(
            f"{one.source} depends on the order of its rows. Break ties by something of the model, such as its name."
        )
    return order


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
