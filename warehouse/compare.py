"""Compares studies of different protocols: what differs in how they were measured, and which conclusions hold in both.

Every number is of one study alone, computed there in SQL. Nothing is averaged over studies: names and verdicts are compared, no more.
"""

from collections.abc import Mapping, Sequence

import duckdb

from warehouse import tables
from warehouse.relation import quoted, quoted_list
from warehouse.tables import Column, Table

QUESTION = "protocol model dataset pool pool_dataset mean_regret mean_delta mean_delta_dataset_interval dataset_source audit_rule"
# Compared with each other where none are named; intervals of all pairs of many strategies take minutes.
USUAL = ("task_agnostic", "linear", "knn", "hybrid_linear", "hybrid_knn", "leave_one_dataset_out", "random")
UNKNOWN = "not known"
NOBODY = "not separable"

Studies = Mapping[str, duckdb.DuckDBPyConnection]  # by name, each opened with what the function reads


def common_strategies(studies: Studies) -> list[str]:
    """Return the strategies that every study has."""
    names = [
        {name for (name,) in con.execute("select unnest(enum_range(null::strategy_name))::varchar").fetchall()}
        for con in studies.values()
    ]
    return sorted(set.intersection(*names))


def comparison(studies: Studies, pool: str, budget: int, strategies: Sequence[str]) -> list[Table]:
    """Return what differs in the protocols, the mean regret of strategies in each study, and the verdict on each pair of them."""
    return [protocols(studies, pool), _regrets(studies, pool, budget, strategies), _pairs(studies, pool, budget, strategies)]


def protocols(studies: Studies, pool: str) -> Table:
    """Return the fields in which the protocols differ, and the sizes of the studies. They are opened with protocol, pool and dataset."""
    found = [_fields(con, pool) for con in studies.values()]
    names = list(dict.fromkeys(name for fields in found for name in fields))
    rows = [(name, *(fields.get(name, UNKNOWN) for fields in found)) for name in names]
    columns = (Column("of every run"), *(Column(name) for name in studies))
    same = [name for name, first, *rest in rows if all(value == first for value in rest)]
    return Table(
        "protocols",
        "What differs between the studies",
        "from protocol",
        columns,
        [row for row in rows if row[0] not in same],
        f"The same in all: {', '.join(same)}." if same else "",
    )


def _fields(con: duckdb.DuckDBPyConnection, pool: str) -> dict[str, str]:
    (size,) = con.execute(_SIZE, [pool]).fetchall()
    sizes = dict(zip((f"models of the pool {pool}", "datasets", "sources of datasets"), map(str, size), strict=True))
    return sizes | {str(name): str(value) for name, value in tables.protocol(con).rows if name != "study"}


def _regrets(studies: Studies, pool: str, budget: int, strategies: Sequence[str]) -> Table:
    sql = f"""select strategy::varchar, relative_regret from mean_regret
where pool = {quoted(pool)} and budget = {budget} and strategy in ({quoted_list(strategies)})
order by relative_regret, strategy"""
    found = [dict(con.execute(sql).fetchall()) for con in studies.values()]
    order = list(dict.fromkeys(name for regrets in found for name in regrets))  # as the first study has them
    rows = [(name, *(regrets.get(name) for regrets in found)) for name in order]
    columns = (Column("strategy"), *(Column(name, "share") for name in studies))
    note = "Regrets of different studies are not comparable: each is against the best of its own models on its own datasets."
    return Table("regrets", f"Mean relative regret with B = {budget}, pool {pool}", sql, columns, rows, note)


def _pairs(studies: Studies, pool: str, budget: int, strategies: Sequence[str]) -> Table:
    asked = quoted_list(strategies)
    sql = f"""select strategy::varchar, baseline::varchar, mean_delta.delta, low, high,
    case when sources < (select at_least from audit_rule where rule = 'sources') then null
         when low > 0 then strategy::varchar when high < 0 then baseline::varchar end as better
from mean_delta left join mean_delta_dataset_interval using (strategy, baseline, pool, budget)
where pool = {quoted(pool)} and budget = {budget} and strategy::varchar < baseline::varchar
    and strategy in ({asked}) and baseline in ({asked})
order by strategy, baseline"""
    found = [{(row[0], row[1]): row[2:] for row in con.execute(sql).fetchall()} for con in studies.values()]
    pairs = [pair for pair in found[0] if all(pair in other for other in found[1:])]
    rows = []
    for pair in pairs:
        better = [one[pair][3] for one in found]
        rows.append((*pair, *(value for one in found for value in one[pair][:3]), _verdict(better)))
    columns = (
        Column("strategy"),
        Column("baseline"),
        *(Column(f"{name}: {label}", "signed") for name in studies for label in ("delta", "from", "to")),
        Column("verdict"),
    )
    note = (
        "Delta is positive where the strategy beats the baseline; from, to: its 95 % interval over other datasets, those of one source "
        f"drawn together. {NOBODY}: in one study or both the interval holds zero, or the datasets are of fewer than six sources, which "
        "are too few for a ranking."
    )
    return Table("pairs", f"Which conclusions hold, B = {budget}, pool {pool}", sql, columns, rows, note)


def _verdict(better: Sequence[str | None]) -> str:
    if None in better:
        return NOBODY
    return f"agree: {better[0]}" if len(set(better)) == 1 else "disagree"


_SIZE = """
    select (select count(*) from pool where pool = ?), (select count(*) from dataset),
           (select count(distinct source) from dataset_source)
"""
