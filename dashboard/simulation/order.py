"""Turns typed SQL into a strategy: runs it in the sandbox and keeps the orders that it returned."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from warehouse import StrategyError, strategy
from warehouse.relation import Relation, needed, of_schema
from warehouse.sandbox.client import Answer, QueryRefused, QueryStopped, run_query

ROWS = 1_000_000  # a strategy ranks every model of every pool on every dataset
SECONDS = 10.0
LONGEST = 100  # characters of a name: two names of strategies that are put together must fit
NAME = re.compile(rf"[A-Za-z]\w{{0,{LONGEST - 1}}}")

Cell = tuple[str, str]  # pool, dataset


@dataclass(frozen=True)
class Simulation:
    """A strategy by its text, and the models in its order by pool and dataset. reads, words, tells: as of any strategy."""

    name: str
    sql: str
    ordered: Mapping[Cell, Sequence[str]] = field(compare=False, repr=False)
    reads: frozenset[str] = field(compare=False, repr=False)
    words: frozenset[str] = field(compare=False, repr=False)
    tells: bool = field(compare=False, repr=False)

    def order(self, candidates: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        """Return the order of the candidates of one pool and dataset, as warehouse.connect expects it."""
        return self.ordered.get((candidates[0]["pool"], candidates[0]["dataset"]), ())


def simulated(name: str, sql: str, forward: Path, backward: Path) -> Simulation:
    """Try a strategy on the DuckDB file of a study, and on another with its rows in the other order.

    Raises StrategyError, with a message for the user, for a name that is taken, SQL that the sandbox refuses or stops, and an order that
    is invalid, depends on the order of rows, or looks at the answer without saying oracle in its name.
    """
    taken = [*strategy.in_folder(), "random"]
    if not NAME.fullmatch(name):
        raise StrategyError(f"{name!r} is no name of a strategy: a letter, then letters, digits and _, {LONGEST} in all.")
    if name in taken:
        raise StrategyError(f"There is a strategy {name} already. Those that every study has are {', '.join(taken)}.")
    answer = _asked(forward, sql)
    parsed = _parsed(name, sql)
    _refuse_faults(name, parsed, answer.rows, forward)
    if set(answer.rows) != set(_asked(backward, sql).rows):
        raise StrategyError(f"{name} depends on the order of rows: end its order with model.")
    return Simulation(name, sql, in_order(answer.rows), parsed.reads, parsed.words, parsed.tells)


def in_order(rows: Sequence[tuple[Any, ...]]) -> dict[tuple[str, Any], list[str]]:
    """Return rows of (pool, dataset, model, rank) as the models by pool and dataset, the first to fine-tune first."""
    ordered: dict[tuple[str, Any], list[str]] = {}
    for pool, dataset, model, _rank in sorted(rows, key=lambda row: row[3]):
        ordered.setdefault((pool, dataset), []).append(model)
    return ordered


def follow(con: duckdb.DuckDBPyConnection, one: Simulation) -> None:
    """Tell an open study what the strategy reads and names, from which its cost, and whether it looks at the answer, follow."""
    for table, values in (("strategy_reads", one.reads), ("strategy_word", one.words)):
        con.execute(f"delete from {table} where strategy = $name", {"name": one.name})
        con.execute(f"insert into {table} select $name, unnest($values)", {"name": one.name, "values": sorted(values)})


def hybrid(lead: str, first: int, rest: str) -> str:
    """Return the SQL of a hybrid: the first models of one strategy, then the order of another without them."""
    return f"""\
-- The first {first} of {lead}, then the order of {rest} without them.
select pool, dataset, model,
       row_number() over (
           partition by pool, dataset
           order by if(lead.rank <= {first}, lead.rank, null) nulls last, rest.rank, model
       ) as rank
from strategy.{rest} as rest full join strategy.{lead} as lead using (pool, dataset, model)
where rest.rank is not null or lead.rank <= {first}
"""


def _asked(database: Path, sql: str) -> Answer:
    try:
        answer = run_query(database, sql, seconds=SECONDS, rows=ROWS)
    except (QueryRefused, QueryStopped) as error:
        raise StrategyError(str(error)) from error
    if answer.columns != strategy.COLUMNS:
        raise StrategyError(f"It selects ({', '.join(answer.columns)}); a strategy selects ({', '.join(strategy.COLUMNS)}).")
    if answer.truncated:
        raise StrategyError(f"It ranks more than {ROWS:,} rows.")
    return answer


def _parsed(name: str, sql: str) -> strategy.Strategy:
    """Return what the strategy reads, also through other strategies. Nothing is run."""
    with duckdb.connect() as con:
        return strategy.strategies(con, strategy.in_folder(), {}, {name: sql})[name]


def _refuse_faults(name: str, parsed: strategy.Strategy, rows: Sequence[tuple[Any, ...]], database: Path) -> None:
    """Run the checks of schema.sql on these orders alone."""
    with duckdb.connect() as con:
        con.execute(f"attach '{str(database).replace(chr(39), chr(39) * 2)}' as study (read_only)")
        con.execute("create table pool as from study.main.pool")
        con.execute("create table ranking (strategy varchar, pool varchar, dataset varchar, model varchar, rank bigint)")
        columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 4
        try:
            con.execute("insert into ranking select ?, unnest(?), unnest(?), unnest(?), unnest(?)", [name, *columns])
        except duckdb.Error as error:
            raise StrategyError(f"{name} selects values of other types than (text, text, text, whole number): {error}") from error
        there = {one: Relation(one, 0, (), frozenset()) for one in ("ranking", "pool")}
        known = {one.name: one for one in strategy.catalogue({name: parsed})}
        for relation in needed([*known, *_CHECKS], of_schema({*there, *known}) | known | there):
            relation.create(con)
        faults = [fault for (fault,) in con.execute(_FAULTS).fetchall()]
    if faults:
        raise StrategyError("\n".join(f"{name} {fault}." for fault in faults))
    if not rows:
        raise StrategyError(f"{name} ranks no model.")


_CHECKS = ("invalid_order", "peeking", "peeking_strategy")
_FAULTS = """
    select broken_rule || ', first on ' || min(dataset) || ' in the pool ' || min(pool) from invalid_order group by broken_rule
    union all select 'reads ' || relation || ', which is the answer, and does not say oracle in its name' from peeking_strategy
"""
