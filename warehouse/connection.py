"""Opens one study: the facts of its files under the views of schema.sql, in memory."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

from study_format.layout import RELATIONS
from study_format.suggestions import nearest
from warehouse import batch, bootstrap, strategy
from warehouse.pool import PoolError, rule
from warehouse.relation import MADE, Relation, looks_at_the_catalogue, mentioned, needed, of_schema, quoted
from warehouse.strategy import PREFIX, STRATEGIES, Order, Strategy, StrategyError
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
    whole_datasets: bool = False,
    strategies: Path = STRATEGIES,
    added: Mapping[str, Path | Order] | None = None,
    only: Collection[str] = (),
    question: str | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open the study in a folder and return a DuckDB connection with every view of schema.sql.

    repeats: use only the first so many repeats (a study in the making); None means all of the protocol.
    resamples: of the bootstrap behind every interval.
    pools: only these: names of the built-in pools, or WHERE clauses over `model`, each a pool of that name; empty means the built-in.
    whole_datasets: means are over the datasets on which every model of the pool has its runs; otherwise they need all datasets.
    strategies: the folder whose NAME.sql files are the strategies, beside those that every proxy has. added: more of them by name, SQL
    files or Python functions. only: these strategies alone, and those that they read, which is faster; empty means all.
    question: SQL; only what it needs is created, which is faster.
    The facts are read once, so that all views see the study of one moment; nothing is written. Raises StudyError where the folder is
    not a study, a file is truncated or foreign, or a model, dataset or protocol breaks a rule; PoolError for an invalid clause;
    StrategyError for an invalid strategy.
    """
    if repeats is not None and repeats < 1:
        raise ValueError(f"repeats is {repeats}; it is a number from 1, or None for all.")
    folder = Path(study).absolute()
    con = duckdb.connect()
    con.begin()
    for schema in SCHEMAS:
        con.execute(f"create schema {schema}")
    described = question is None or looks_at_the_catalogue(question)
    facts = _contract()
    _add_facts(con, folder, [facts["protocol"]], described)
    of_protocol = _create_proxies(con, described)
    found = _strategies(con, strategies, added or {})
    found = _selected(found, only) if only else found
    relations = _relations(found, pools)
    wanted = [*(mentioned(question, relations) if question else relations), "invalid_metadata"]
    ordered = [relation for relation in needed(wanted, relations) if relation.name not in of_protocol]
    names = {relation.name for relation in ordered}
    _add_facts(con, folder, [one for name, one in facts.items() if name in names and name != "protocol"], described)
    _name_types(con, found)
    for relation in ordered:
        if relation.section > 1 or relation.name == "setting":
            created = batch.accuracy(con, relation) if relation.name == "accuracy" else relation
            with _translate_errors(relation.name, added or {}, pools):
                created.create(con, described)
        if relation.name == "setting":
            con.execute("insert into setting values (?, ?, ?, ?)", [repeats, resamples, BUDGETS, whole_datasets])
    con.commit()
    broken = con.execute("select relation, key, rule from invalid_metadata order by all limit 10").fetchall()
    if broken:
        lines = [f"{study}/{relation}.parquet, {relation} {key!r}: {rule}." for relation, key, rule in broken]
        raise StudyError("\n".join(lines))
    return con


def _contract() -> dict[str, Relation]:
    """Return the empty tables of the contract by the names of their facts."""
    relations = of_schema({*RELATIONS, *MADE})
    return {name: relations[f"contract.{name}"] for name in RELATIONS}


def _add_facts(con: duckdb.DuckDBPyConnection, study: Path, contract: Sequence[Relation], described: bool) -> None:
    for relation in contract:
        relation.create(con)
    add_facts(con, study, [relation.name.removeprefix("contract.") for relation in contract], described)


def _selected(found: Mapping[str, Strategy], only: Collection[str]) -> dict[str, Strategy]:
    """Return the strategies of these names, but random, which is none of them, and all that they read."""
    names = set(only) - {"random"}
    if unknown := sorted(names - found.keys()):
        raise StrategyError(f"There is no strategy {unknown[0]}.{nearest(unknown[0], found)}")
    wanted = names | {read.removeprefix(PREFIX) for name in names for read in found[name].reads if read.startswith(PREFIX)}
    return {name: one for name, one in found.items() if name in wanted}


def _create_proxies(con: duckdb.DuckDBPyConnection, described: bool) -> set[str]:
    """Create study_proxy, which names strategies, from the protocol alone. Return the names of all that it needs."""
    relations = of_schema({*RELATIONS, *MADE})
    made = needed(["study_proxy"], relations | {"protocol": relations["contract.protocol"]})
    for relation in made:
        if relation.section > 1:
            relation.create(con, described)
    return {relation.name for relation in made}


def _strategies(con: duckdb.DuckDBPyConnection, folder: Path, added: Mapping[str, Path | Order]) -> dict[str, Strategy]:
    """Return the strategies of the folder, of the study's proxies, and the added ones."""
    proxies = con.execute("select proxy from study_proxy order by all").fetchall()
    shipped = strategy.shipped([proxy for (proxy,) in proxies], folder)
    taken = {name.lower() for name in shipped}
    for name in added:
        if name.lower() in taken:
            raise StrategyError(f"There is a strategy {name} already. Give yours another name, that of its file.")
    texts = shipped | {name: strategy.read_text(path) for name, path in added.items() if isinstance(path, Path)}
    return strategy.strategies(con, texts, {name: order for name, order in added.items() if not isinstance(order, Path)})


@contextmanager
def _translate_errors(relation: str, added: Mapping[str, Path | Order], pools: Sequence[str]) -> Iterator[None]:
    """Name the strategy or the pool whose error shows only when it runs, such as a value that cannot be converted."""
    try:
        yield
    except duckdb.Error as error:
        if relation.endswith("ranking") and added:
            raise StrategyError(f"{' or '.join(added)} does not run: {error}") from error
        if relation in ("pool_rule", "pool_name", "pool") and pools:
            raise PoolError(f"{' or '.join(map(repr, pools))} is not a condition on the columns of model: {error}") from error
        raise


def _name_types(con: duckdb.DuckDBPyConnection, found: Mapping[str, Strategy]) -> None:
    """Create a type each for the names of models, datasets and strategies, in alphabetical order.

    They compare and sort as text does, and take a byte or two in every row of the views instead of a string.
    """
    for fact in ("model", "dataset"):
        if not con.execute(f"select 1 from {fact} where {fact} is not null limit 1").fetchall():
            raise StudyError(f"{fact}.parquet has no row: a study has at least one {fact}.")
        con.execute(
            f"create type {fact}_name as enum (select distinct {fact} from {fact} where {fact} is not null order by {fact})"
        )
        con.execute(f"alter table {fact} alter column {fact} type {fact}_name")
    names = ", ".join(quoted(name) for name in sorted({*found, "random"}))
    con.execute(f"create type strategy_name as enum ({names})")


def _relations(found: Mapping[str, Strategy], pools: Sequence[str]) -> dict[str, Relation]:
    """Return everything that an open study may hold, by name."""
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
