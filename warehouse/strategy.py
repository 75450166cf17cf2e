"""Reads strategies: one SELECT of (pool, dataset, model, rank) in a file, or a Python function, and how they depend on each other."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb

from study_format.layout import RELATIONS
from study_format.suggestions import nearest
from warehouse.relation import Relation, answers, readable
from warehouse.syntax import read_by, serialised

STRATEGIES = Path(__file__).parent / "strategies"
PREFIX = "strategy."
COLUMNS = ["pool", "dataset", "model", "rank"]
TEMPLATES = "each_proxy"  # the folder, beside the strategies, of those that every proxy has
RESERVED = (
    "candidate",
    "candidate_score",
    "mean_accuracy",
    "other_mean_accuracy",
)  # beside strategies in the schemas of `bootstrap`

Row = dict[str, Any]
Order = Callable[[Sequence[Row]], Sequence[str]]


class StrategyError(Exception):
    """An invalid strategy: which file or function, and why."""


@dataclass(frozen=True)
class Text:
    """The SQL of a strategy, and where it comes from, for messages."""

    source: str
    sql: str


@dataclass(frozen=True)
class Strategy:
    """An order of every pool's models on every dataset.

    source: where it comes from, for messages. sql: the SELECT; empty where order is given. order: a function of the rows of `candidate`
    of one pool and dataset, each with its `scores` {proxy: score}, that returns their models, the first to fine-tune first. reads: the
    relations that it reads; literals: its text constants; uses_dataset_names: whether it compares datasets with their names; each also
    through other strategies.
    """

    name: str
    source: str
    sql: str
    order: Order | None
    reads: frozenset[str]
    literals: frozenset[str]
    uses_dataset_names: bool


def shipped(proxies: Iterable[str], folder: Path = STRATEGIES) -> dict[str, Text]:
    """Return the strategies of a folder by name: its NAME.sql files, and for each proxy of a study those that every proxy has.

    StrategyError: a file that cannot be read, and a proxy whose strategies would have names that are invalid or taken.
    """
    found = {path.stem: read_text(path) for path in sorted(folder.glob("*.sql"))}
    templates = {path.stem: read_text(path) for path in sorted((folder / TEMPLATES).glob("*.sql"))}
    for proxy in proxies:
        for stem, text in templates.items():
            name = stem.replace("PROXY", proxy)
            if name.lower() in {other.lower() for other in found}:
                raise StrategyError(f"The proxy {proxy!r} needs another name: there is a strategy {name} already.")
            _refuse_name(name)
            found[name] = Text(f"{text.source} of {proxy}", text.sql.replace("PROXY", proxy))
    return found


def strategies(
    con: duckdb.DuckDBPyConnection, texts: Mapping[str, Text], orders: Mapping[str, Order] | None = None
) -> dict[str, Strategy]:
    """Parse the strategies of texts and functions, by name, each after those that it reads. con only parses; nothing is created.

    StrategyError: a text that is not one SELECT, one that reads what does not exist, what strategies cannot read, or anything but
    relations by their names, and a cycle.
    """
    orders = orders or {}
    for name in (*texts, *orders):
        _refuse_name(name)
    found = {name: parsed(con, name, text) for name, text in texts.items()}
    for name, order in orders.items():
        source = f"the function {getattr(order, '__name__', name)}"
        found[name] = Strategy(name, source, "", order, frozenset({"candidate", "candidate_score"}), frozenset(), False)
    reasons = readable(RELATIONS)
    found = {name: replace(one, reads=_checked_reads(one, reasons, list(found))) for name, one in found.items()}
    graph = {name: {read.removeprefix(PREFIX) for read in one.reads if read.startswith(PREFIX)} for name, one in found.items()}
    try:
        names = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise StrategyError(f"Strategies read each other in a cycle: {' -> '.join(error.args[1])}.") from error
    ordered: dict[str, Strategy] = {}
    for name in names:
        one, used = found[name], [ordered[other] for other in graph[name]]
        ordered[name] = replace(
            one,
            reads=one.reads.union(*(other.reads for other in used)),
            literals=one.literals.union(*(other.literals for other in used)),
            uses_dataset_names=any(other.uses_dataset_names for other in (one, *used)),
        )
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


def _checked_reads(one: Strategy, reasons: Mapping[str, str | None], names: Sequence[str]) -> frozenset[str]:
    """Return what it reads, strategies by their own spelling. reasons: of `readable`. names: of all strategies."""
    lower = {PREFIX + name.lower(): PREFIX + name for name in names}
    for read in sorted(one.reads):
        if read in lower or (read in reasons and not reasons[read]):
            continue
        if read in reasons:
            raise StrategyError(f"{one.source} reads {read}, which {reasons[read]}. {_READABLE}")
        if read.startswith(PREFIX):
            near = nearest(read, lower.values())
            raise StrategyError(f"{one.source} reads {read}, which does not exist.{near} There are {', '.join(names)}.")
        if read.rpartition(".")[2] in reasons:
            raise StrategyError(f"{one.source} reads {read}: write {read.rpartition('.')[2]}, without the prefix.")
        near = nearest(read, (name for name, reason in reasons.items() if not reason))
        raise StrategyError(f"{one.source} reads {read!r}, which is not a relation.{near} {_READABLE}")
    return frozenset(lower.get(read, read) for read in one.reads)


_READABLE = "A strategy reads candidate, candidate_score, other_mean_accuracy, and other strategies, such as strategy.linear."


def read_text(path: Path) -> Text:
    """Read a strategy's file. Raises StrategyError where it cannot be read."""
    try:
        return Text(str(path), path.read_text())
    except OSError as error:
        raise StrategyError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise StrategyError(f"{path} is not text in UTF-8.") from error


def parsed(con: duckdb.DuckDBPyConnection, name: str, text: Text) -> Strategy:
    """Parse one strategy; the names that it reads are as written there, in lower case. Raises StrategyError."""
    tree = serialised(con, text.sql)
    if not tree["error"] and not tree["statements"]:
        raise StrategyError(f"{text.source} is empty: a strategy is one SELECT of ({', '.join(COLUMNS)}).")
    if tree["error"] or len(tree["statements"]) != 1:
        raise StrategyError(f"{text.source} is not one SELECT: {tree.get('error_message', 'it holds several statements')}")
    read = read_by(tree)
    if read.functions:
        raise StrategyError(
            f"{text.source} reads through {', '.join(sorted(read.functions))}: a strategy reads relations by their names alone."
        )
    sql = text.sql.strip().rstrip(";")
    return Strategy(name, text.source, sql, None, read.relations, read.literals, "dataset" in read.compared)


def view(one: Strategy, schema: str) -> Relation:
    """The strategy as a relation of a schema, in which the other strategies stand too.

    Creating it raises StrategyError for SQL that does not run or has other columns, and for a function that fails or returns
    anything but names of the models that it was given.
    """
    reads = frozenset(f"{schema}.{read.removeprefix(PREFIX)}" if read.startswith(PREFIX) else read for read in one.reads)
    name = f'{schema}."{one.name}"'

    def of_sql(con: duckdb.DuckDBPyConnection) -> None:
        sql = _in_schema(one, schema)
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


def _in_schema(one: Strategy, schema: str) -> str:
    """Return its SQL with the strategies that it reads taken from a schema."""
    names = "|".join(rf'"{read}"|{read}\b' for read in (re.escape(read.removeprefix(PREFIX)) for read in one.reads))
    return re.sub(rf'(?i)(?:"strategy"|\bstrategy)\s*\.\s*(?={names})', f"{schema}.", one.sql) if names else one.sql


READS = (
    "create table strategy_reads (strategy varchar, relation varchar, is_answer boolean)",
    "comment on table strategy_reads is 'One row per (strategy, relation): what it reads, also through other strategies, and whether "
    "that holds accuracies of the dataset itself.'",
)
LITERALS = (
    "create table strategy_literal (strategy varchar, literal varchar)",
    "comment on table strategy_literal is 'One row per (strategy, literal): a text constant in its SQL, also through other strategies.'",
)


def catalogue(strategies: Mapping[str, Strategy]) -> list[Relation]:
    """Return the tables strategy_reads and strategy_literal: what each strategy reads, and its text constants."""

    def fill_reads(con: duckdb.DuckDBPyConnection) -> None:
        for name, one in strategies.items():
            insert_reads(con, name, one.reads)

    def fill_literals(con: duckdb.DuckDBPyConnection) -> None:
        for name, one in strategies.items():
            insert_literals(con, name, one.literals)

    return [
        Relation("strategy_reads", 4, READS, frozenset(), fill_reads),
        Relation("strategy_literal", 4, LITERALS, frozenset(), fill_literals),
    ]


def insert_reads(con: duckdb.DuckDBPyConnection, name: str, reads: Collection[str]) -> None:
    """Insert what one strategy reads into strategy_reads."""
    con.execute(
        "insert into strategy_reads select ?, relation, relation in (select unnest(?)) from (select unnest(?::varchar[]) as relation)",
        [name, sorted(answers(RELATIONS)), sorted(reads)],
    )


def insert_literals(con: duckdb.DuckDBPyConnection, name: str, literals: Collection[str]) -> None:
    """Insert the text constants of one strategy into strategy_literal."""
    con.execute("insert into strategy_literal select ?, unnest(?::varchar[])", [name, sorted(literals)])


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
        raise StrategyError(f"{one.source} returned {strange[0]!r}, which is not among the models that it was given.")
    if order != again:
        raise StrategyError(
            f"{one.source} depends on the order of its rows. Break ties by something of the model, such as its name."
        )
    return order
