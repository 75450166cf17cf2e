"""Reads strategies: one SELECT of (pool, dataset, model, rank) in a file, or a Python function, and how they depend on each other."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from study_format.layout import RELATIONS
from study_format.suggestions import nearest
from warehouse.relation import Relation, readable
from warehouse.syntax import read_by, serialised

STRATEGIES = Path(__file__).parent / "strategies"
PREFIX = "strategy."
COLUMNS = ["pool", "dataset", "model", "rank"]
RESERVED = (
    "candidate",
    "candidate_score",
    "mean_accuracy",
    "other_mean_accuracy",
)  # stand beside strategies in `mirror`'s schemas

Row = dict[str, Any]
Order = Callable[[Sequence[Row]], Sequence[str]]


class StrategyError(Exception):
    """A strategy that is none: which file or function, and why."""


@dataclass(frozen=True)
class Strategy:
    """An order of every pool's models on every dataset.

    source: where it stands, for words to the user. sql: the SELECT; empty where order is given. order: a function of the rows of
    `candidate` of one pool and dataset, each with its `scores` {proxy: score}, that returns their models, the first to fine-tune
    first. reads: the relations that it reads, words: the texts in it, and tells: whether it tells datasets apart by their names, each
    also through other strategies.
    """

    name: str
    source: str
    sql: str
    order: Order | None
    reads: frozenset[str]
    words: frozenset[str]
    tells: bool


def strategies(
    con: duckdb.DuckDBPyConnection, files: Mapping[str, Path], orders: Mapping[str, Order], typed: Mapping[str, str] | None = None
) -> dict[str, Strategy]:
    """The strategies of SQL files, functions and typed SQL by name, each after those that it reads. con only parses; nothing is created.

    StrategyError: a file that cannot be read or is not one SELECT, one that reads what is not there, what strategies cannot read, or
    anything but relations by their names, and a circle.
    """
    for name in (*files, *orders, *(typed or {})):
        _refuse_name(name)
    found = {name: parsed(con, name, str(path), _text_of(path)) for name, path in files.items()}
    found |= {name: parsed(con, name, name, sql) for name, sql in (typed or {}).items()}
    for name, order in orders.items():
        source = f"the function {getattr(order, '__name__', name)}"
        found[name] = Strategy(name, source, "", order, frozenset({"candidate", "candidate_score"}), frozenset(), False)
    may = readable(RELATIONS)
    found = {name: replace(one, reads=_known(one, may, list(found))) for name, one in found.items()}
    graph = {name: {read.removeprefix(PREFIX) for read in one.reads if read.startswith(PREFIX)} for name, one in found.items()}
    try:
        names = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise StrategyError(f"Strategies read each other in a circle: {' -> '.join(error.args[1])}.") from error
    ordered: dict[str, Strategy] = {}
    for name in names:
        one, used = found[name], [ordered[other] for other in graph[name]]
        reads = one.reads.union(*(other.reads for other in used))
        words, tells = one.words.union(*(other.words for other in used)), any(other.tells for other in (one, *used))
        ordered[name] = replace(one, reads=reads, words=words, tells=tells)
    return ordered


def _refuse_name(name: str) -> None:
    if name == "random":
        raise StrategyError(
            "A strategy cannot be called random: that is the expectation over all choices, which every study has."
        )
    if not re.fullmatch(r"[\w-]+", name):
        raise StrategyError(f"A strategy cannot be called {name!r}: its name is letters, digits, _ and -.")
    if name.lower() in RESERVED:
        raise StrategyError(f"A strategy cannot be called {name}, as a relation that strategies read.")


def _known(one: Strategy, may: Mapping[str, str | None], names: Sequence[str]) -> frozenset[str]:
    """What it reads, strategies by the names of their files. may: of `readable`. names: of all strategies."""
    lower = {PREFIX + name.lower(): PREFIX + name for name in names}
    for read in sorted(one.reads):
        if read in lower or (read in may and not may[read]):
            continue
        if read in may:
            raise StrategyError(f"{one.source} reads {read}, which {may[read]}. {_READABLE}")
        if read.startswith(PREFIX):
            near = nearest(read, lower.values())
            raise StrategyError(f"{one.source} reads {read}, which does not exist.{near} There are {', '.join(names)}.")
        if read.rpartition(".")[2] in may:
            raise StrategyError(f"{one.source} reads {read}: write {read.rpartition('.')[2]}, without what stands before it.")
        near = nearest(read, (name for name, reason in may.items() if not reason))
        raise StrategyError(f"{one.source} reads {read!r}, which is no relation.{near} {_READABLE}")
    return frozenset(lower.get(read, read) for read in one.reads)


_READABLE = "A strategy reads candidate, candidate_score, other_mean_accuracy, and other strategies, such as strategy.linear."


def in_folder(folder: Path = STRATEGIES) -> dict[str, Path]:
    """The files of a folder by the name of their strategy."""
    return {path.stem: path for path in sorted(folder.glob("*.sql"))}


def _text_of(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        raise StrategyError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise StrategyError(f"{path} is no text in UTF-8.") from error


def parsed(con: duckdb.DuckDBPyConnection, name: str, source: str, sql: str) -> Strategy:
    """The strategy of a text, with the names that it reads as they stand there, in lower case."""
    tree = serialised(con, sql)
    if not tree["error"] and not tree["statements"]:
        raise StrategyError(f"{source} is empty: a strategy is one SELECT of ({', '.join(COLUMNS)}).")
    if tree["error"] or len(tree["statements"]) != 1:
        raise StrategyError(f"{source} is not one SELECT: {tree.get('error_message', 'it holds several statements')}")
    read = read_by(tree)
    if read.functions:
        raise StrategyError(
            f"{source} reads through {', '.join(sorted(read.functions))}: a strategy reads relations by their names alone."
        )
    return Strategy(name, source, sql.strip().rstrip(";"), None, read.relations, read.words, "dataset" in read.compared)


def view(one: Strategy, schema: str) -> Relation:
    """The strategy as a relation of a schema, in which the other strategies stand too.

    Creating it raises StrategyError for SQL that does not run or has other columns, and for a function that fails or returns
    anything but names of the models that it was given.
    """
    reads = frozenset(f"{schema}.{read.removeprefix(PREFIX)}" if read.startswith(PREFIX) else read for read in one.reads)
    name = f'{schema}."{one.name}"'

    def of_sql(con: duckdb.DuckDBPyConnection) -> None:
        sql = _moved(one, schema)
        try:
            con.execute(f"create view {name} as {sql}")
            found = con.execute(f"describe {name}").fetchall()
        except duckdb.Error as error:
            raise StrategyError(f"{one.source} does not run: {error}") from error
        columns = [row[0] for row in found]
        if columns != COLUMNS:
            raise StrategyError(f"{one.source} selects ({', '.join(columns)}); a strategy selects ({', '.join(COLUMNS)}).")
        if not re.match(r"(U?(TINY|SMALL|BIG|HUGE)?INT|DECIMAL|FLOAT|DOUBLE)", kind := found[-1][1]):
            raise StrategyError(f"{one.source} selects values of type {kind} as rank, which is a whole number from 1.")

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


def _moved(one: Strategy, schema: str) -> str:
    """Its SQL, with the strategies that it reads taken from a schema."""
    names = "|".join(rf'"{read}"|{read}\b' for read in (re.escape(read.removeprefix(PREFIX)) for read in one.reads))
    return re.sub(rf'(?i)(?:"strategy"|\bstrategy)\s*\.\s*(?={names})', f"{schema}.", one.sql) if names else one.sql


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
