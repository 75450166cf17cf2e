"""Opens one study: the facts of its files under the views of schema.sql, in memory."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from study_format.layout import RELATIONS
from warehouse import batch, bootstrap, strategy
from warehouse.pool import PoolError, rule
from warehouse.relation import MADE, Relation, looks_at_the_catalogue, mentioned, needed, of_schema
from warehouse.strategy import STRATEGIES, Order, Strategy, StrategyError
from warehouse.study_files import StudyError, add_facts

RESAMPLES = 200
BUDGETS = 10  # as far as the paper's figures go
SCHEMAS = ("contract", "strategy", "resample", "resample_strategy", "ascending", "ascending_strategy", "descending",
           "descending_strategy")  # fmt: skip


def connect(
    study: str | Path,
    *,
    repeats: int | None = None,
    resamples: int = RESAMPLES,
    pools: Sequence[str] = (),
    strategies: Path = STRATEGIES,
    added: Mapping[str, Path | Order] | None = None,
    question: str | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open the study in a folder and return a DuckDB connection with every view of schema.sql.

    repeats: answer from the first so many repeats alone (a study in the making); None means all of the protocol.
    resamples: of the bootstrap behind every interval.
    pools: only these: names of the paper's pools, or WHERE clauses over `model`, each a pool of that name; empty means the paper's.
    strategies: the folder whose NAME.sql files are the strategies. added: more of them by name, SQL files or Python functions.
    question: SQL; only what it needs is created, which is faster.
    The facts are read once, so that all views see the study of one moment; nothing is written. Raises StudyError where the folder is
    no study, a file is truncated or foreign, or a model, dataset or protocol breaks a rule; PoolError for a clause that is none;
    StrategyError for a strategy that is none.
    """
    if repeats is not None and repeats < 1:
        raise ValueError(f"repeats is {repeats}; it is a number from 1, or None for all.")
    more = added or {}
    shipped = {name.lower() for name in strategy.in_folder(strategies)}
    for name in more:
        if name.lower() in shipped:
            raise StrategyError(f"There is a strategy {name} already. Give yours another name, that of its file.")
    files = strategy.in_folder(strategies) | {name: path for name, path in more.items() if isinstance(path, Path)}
    con = duckdb.connect()
    found = strategy.strategies(con, files, {name: order for name, order in more.items() if not isinstance(order, Path)})
    relations = _relations(found, pools)
    wanted = [*(mentioned(question, relations) if question else relations), "invalid_metadata"]
    ordered = needed(wanted, relations)

    described = question is None or looks_at_the_catalogue(question)
    con.begin()
    for schema in SCHEMAS:
        con.execute(f"create schema {schema}")
    for relation in ordered:
        if relation.name.startswith("contract."):
            relation.create(con)
    add_facts(con, Path(study).absolute(), [relation.name for relation in ordered if relation.name in RELATIONS], described)
    _name_types(con, found)
    for relation in ordered:
        if not relation.name.startswith("contract."):
            made = batch.accuracy(con, relation) if relation.name == "accuracy" else relation
            with _words(relation.name, more, pools):
                made.create(con, described)
        if relation.name == "setting":
            con.execute("insert into setting values (?, ?, ?)", [repeats, resamples, BUDGETS])
    con.commit()
    broken = con.execute("select relation, key, rule from invalid_metadata order by all limit 10").fetchall()
    if broken:
        lines = [f"{study}/{relation}.parquet, {relation} {key!r}: {rule}." for relation, key, rule in broken]
        raise StudyError("\n".join(lines))
    return con


@contextmanager
def _words(relation: str, added: Mapping[str, Path | Order], pools: Sequence[str]) -> Iterator[None]:
    """What only shows when it runs: a value that a strategy or a pool cannot convert, for one."""
    try:
        yield
    except duckdb.Error as error:
        if relation.endswith("ranking") and added:
            raise StrategyError(f"{' or '.join(added)} does not run: {error}") from error
        if relation in ("pool_rule", "pool_name", "pool") and pools:
            raise PoolError(f"{' or '.join(map(repr, pools))} is no condition on the columns of model: {error}") from error
        raise


def _name_types(con: duckdb.DuckDBPyConnection, found: Mapping[str, Strategy]) -> None:
    """A type each for the names of models, datasets and strategies, in alphabetical order.

    They are compared and sorted as text is, and take a byte or two in every row that the views make instead of a string.
    """
    for fact in ("model", "dataset"):
        if not con.execute(f"select 1 from {fact} where {fact} is not null limit 1").fetchall():
            raise StudyError(f"{fact}.parquet has no row: a study has a {fact} at least.")
        con.execute(
            f"create type {fact}_name as enum (select distinct {fact} from {fact} where {fact} is not null order by {fact})"
        )
        con.execute(f"alter table {fact} alter column {fact} type {fact}_name")
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in sorted({*found, "random"}))
    con.execute(f"create type strategy_name as enum ({names})")


def _relations(found: Mapping[str, Strategy], pools: Sequence[str]) -> dict[str, Relation]:
    """Everything that an open study may hold, by name."""
    facts = {name: Relation(name, 1, (), frozenset({f"contract.{name}"})) for name in RELATIONS}
    made = [strategy.view(one, "strategy") for one in found.values()]
    made += [bootstrap.ranking("ranking", "strategy", found, "table"), *strategy.catalogue(found)]
    relations = facts | of_schema({*facts, *MADE})
    if pools:
        relations["pool_rule"] = rule(relations["pool_rule"], relations["contract.model"], list(dict.fromkeys(pools)))
    relations |= {one.name: one for one in made}
    relations |= bootstrap.resampled(relations, found, BUDGETS)
    relations |= bootstrap.reordered(found, "ascending", "asc") | bootstrap.reordered(found, "descending", "desc")
    return relations
