"""Turns SQL that a user typed into a strategy: runs it in the sandbox and keeps the rankings that it returns."""

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
LONGEST_NAME = 100  # characters: the name of a hybrid holds those of two strategies
NAME = re.compile(rf"[A-Za-z]\w{{0,{LONGEST_NAME - 1}}}")

Cell = tuple[str, str]  # pool, dataset


@dataclass(frozen=True)
class TypedStrategy:
    """A typed strategy and its ranking: the models in their order, by pool and dataset. The rest is as in `Strategy`."""

    name: str
    sql: str
    rankings: Mapping[Cell, Sequence[str]] = field(compare=False, repr=False)
    reads: frozenset[str] = field(compare=False, repr=False)
    literals: frozenset[str] = field(compare=False, repr=False)
    uses_dataset_names: bool = field(compare=False, repr=False)

    def order(self, candidates: Sequence[Mapping[str, Any]]) -> Sequence[str]:
        """Return the ranking of one pool and dataset; a function that warehouse.connect accepts as a strategy."""
        return self.rankings.get((candidates[0]["pool"], candidates[0]["dataset"]), ())


def run_strategy(name: str, sql: str, forward: Path, backward: Path) -> TypedStrategy:
    """Run a strategy on the DuckDB file of a study, and on a second file whose rows stand in the other order.

    Raises StrategyError, with a message for the user, for a name that is taken, SQL that the sandbox refuses or stops, and a ranking that
    is invalid, depends on the order of rows, or reads the answer without `oracle` in its name.
    """
    with duckdb.connect(str(forward), read_only=True) as con:
        proxies = con.execute("select proxy from study_proxy order by proxy").fetchall()
    shipped = strategy.shipped(proxy for (proxy,) in proxies)
    taken = [*shipped, "random"]
    if not NAME.fullmatch(name):
        raise StrategyError(
            f"{name!r} is not a valid strategy name: use a letter, then letters, digits and _, at most {LONGEST_NAME}."
        )
    if name in taken:
        raise StrategyError(f"There is a strategy {name} already. The strategies of every study are {', '.join(taken)}.")
    answer = _run_in_sandbox(forward, sql)
    parsed = _parse(name, sql, shipped)
    _check_ranking(name, parsed, answer.rows, forward)
    if set(answer.rows) != set(_run_in_sandbox(backward, sql).rows):
        raise StrategyError(f"{name} depends on the order of rows: end its order with model.")
    return TypedStrategy(name, sql, rankings_of(answer.rows), parsed.reads, parsed.literals, parsed.uses_dataset_names)


def rankings_of(rows: Sequence[tuple[Any, ...]]) -> dict[tuple[str, Any], list[str]]:
    """Group rows of (pool, dataset, model, rank) into the models of each pool and dataset, by rank."""
    rankings: dict[tuple[str, Any], list[str]] = {}
    for pool, dataset, model, _rank in sorted(rows, key=lambda row: row[3]):
        rankings.setdefault((pool, dataset), []).append(model)
    return rankings


def register_reads(con: duckdb.DuckDBPyConnection, typed: TypedStrategy) -> None:
    """Register in an open study what the strategy reads: its cost, and whether it is an oracle, are derived from that."""
    con.execute("delete from strategy_reads where strategy = ?", [typed.name])
    con.execute("delete from strategy_literal where strategy = ?", [typed.name])
    strategy.insert_reads(con, typed.name, typed.reads)
    strategy.insert_literals(con, typed.name, typed.literals)


def hybrid_sql(lead: str, first: int, rest: str) -> str:
    """Return the SQL of a hybrid: the first models of one strategy, then the remaining models in the order of another."""
    return f"""\
-- The first {first} of {lead}, then the remaining models in the order of {rest}.
select pool, dataset, model,
       row_number() over (
           partition by pool, dataset
           order by if(lead.rank <= {first}, lead.rank, null) nulls last, rest.rank, model
       ) as rank
from strategy.{rest} as rest full join strategy.{lead} as lead using (pool, dataset, model)
where rest.rank is not null or lead.rank <= {first}
"""


def _run_in_sandbox(database: Path, sql: str) -> Answer:
    try:
        answer = run_query(database, sql, seconds=SECONDS, rows=ROWS)
    except (QueryRefused, QueryStopped) as error:
        raise StrategyError(str(error)) from error
    if answer.columns != strategy.COLUMNS:
        raise StrategyError(
            f"The query selects ({', '.join(answer.columns)}); a strategy selects ({', '.join(strategy.COLUMNS)})."
        )
    if answer.truncated:
        raise StrategyError(f"The query returns more than {ROWS:,} rows.")
    return answer


def _parse(name: str, sql: str, shipped: Mapping[str, strategy.Text]) -> strategy.Strategy:
    """Parse the strategy, without running it, to learn what it reads, also through other strategies."""
    with duckdb.connect() as con:
        return strategy.strategies(con, {**shipped, name: strategy.Text(name, sql)})[name]


def _check_ranking(name: str, parsed: strategy.Strategy, rows: Sequence[tuple[Any, ...]], database: Path) -> None:
    """Run the checks of schema.sql on this ranking. Raises StrategyError listing what is wrong."""
    with duckdb.connect() as con:
        con.execute(f"attach '{str(database).replace(chr(39), chr(39) * 2)}' as study (read_only)")
        con.execute("create table pool as from study.main.pool")
        con.execute("create table ranking (strategy varchar, pool varchar, dataset varchar, model varchar, rank bigint)")
        columns = [list(column) for column in zip(*rows, strict=True)] or [[]] * 4
        try:
            con.execute("insert into ranking select ?, unnest(?), unnest(?), unnest(?), unnest(?)", [name, *columns])
        except duckdb.Error as error:
            raise StrategyError(f"{name} selects values of other types than (text, text, text, whole number): {error}") from error
        given = {one: Relation(one, 0, (), frozenset()) for one in ("ranking", "pool")}
        known = {one.name: one for one in strategy.catalogue({name: parsed})}
        for relation in needed([*known, *_CHECKS], of_schema({*given, *known}) | known | given):
            relation.create(con)
        faults = [fault for (fault,) in con.execute(_FAULTS).fetchall()]
    if faults:
        raise StrategyError("\n".join(f"{name} {fault}." for fault in faults))
    if not rows:
        raise StrategyError(f"{name} ranks no model.")


_CHECKS = ("invalid_order", "undeclared_oracle")
_FAULTS = """
    select broken_rule || ', first on ' || min(dataset) || ' in the pool ' || min(pool) from invalid_order group by broken_rule
    union all select 'reads ' || relation || ', which is the answer, without oracle in its name' from undeclared_oracle
"""
