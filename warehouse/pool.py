"""What-if pools: a WHERE clause over `model` is a pool, named by its own text."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import duckdb

from study_format.suggestions import nearest
from warehouse.relation import Relation, quoted, quoted_list
from warehouse.syntax import nodes_of, serialised

BUILT_IN = ("ALL", "RESNET-50", "DIM2048", "EXPERT", "IMNETACCURACIES", "HEAD", "COMPLETE")  # the paper's first


class PoolError(Exception):
    """A pool that is neither built in nor a condition on the columns of model."""


def pool_of(models: Iterable[str]) -> str:
    """Return the condition that admits these models alone."""
    return f"model in ({quoted_list(models)})"


def why_no_condition(clause: str, columns: Iterable[str], error: object) -> str:
    """Return why the clause is no condition on the columns of model, with the nearest column. error: what DuckDB says."""
    first = re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", str(error).splitlines()[0])
    if found := re.search(r'column "?([^"]+?)"? not found', first):
        accepted = list(columns)
        is_value = re.search(rf"= *{re.escape(found[1])}\b", clause)
        hint = f" A text stands in single quotes: '{found[1]}'." if is_value else nearest(found[1], accepted)
        first = f"model has no column {found[1]!r}.{hint} Its columns are {', '.join(accepted)}."
    return f"{clause!r} is no condition on the columns of model: {first}"


def rule(built_in: Relation, model: Relation, pools: Sequence[str]) -> Relation:
    """Return the view pool_rule with these pools alone. Raises PoolError for an invalid clause.

    built_in: pool_rule, and model: contract.model, as they are in schema.sql.
    """
    first, *rest = built_in.statements
    names = quoted_list(pool for pool in pools if pool in BUILT_IN and pool != "COMPLETE")
    selects = [f"select pool, model, admits from ({first.partition(' as')[2]}) where pool in ({names})"] if names else []
    if "COMPLETE" in pools:  # also where it is ALL
        selects += ["select 'COMPLETE' as pool, model, complete as admits from complete_model"]
    selects += [
        f"select {quoted(pool)} as pool, model, ({_checked(pool, model)}) as admits from model"
        for pool in pools
        if pool not in BUILT_IN
    ]
    return replace(built_in, statements=(f"create view pool_rule as {' union all '.join(selects)}", *rest))


def _checked(clause: str, model: Relation) -> str:
    """The clause, if it is one expression over the columns of model and nothing else."""
    con = duckdb.connect(config={"enable_external_access": False})
    con.execute(model.statements[0].replace("contract.model", "model", 1))
    tree = serialised(con, f"select ({clause}\n) from model")
    one = not tree["error"] and len(tree["statements"]) == 1 and len(tree["statements"][0]["node"].get("select_list", [])) == 1
    tables = [node for node in nodes_of(tree) if node.get("type") in ("BASE_TABLE", "SUBQUERY", "TABLE_FUNCTION", "JOIN")]
    if clause.isidentifier():
        hint = nearest(clause, BUILT_IN, cutoff=0.4)
        raise PoolError(
            f'Unknown pool {clause!r}.{hint} There are {", ".join(BUILT_IN)}, and conditions such as "num_params < 10e6".'
        )
    if not one or len(tables) != 1:
        raise PoolError(f'{clause!r} is neither a pool ({", ".join(BUILT_IN)}) nor a condition such as "num_params < 10e6".')
    try:
        ((_, kind, *_),) = con.execute(f"describe select ({clause}\n) from model").fetchall()
    except duckdb.Error as error:
        columns = [row[0] for row in con.execute("describe model").fetchall()]
        raise PoolError(why_no_condition(clause, columns, error)) from error
    if kind != "BOOLEAN":
        raise PoolError(f'{clause!r} is {kind.lower()}, not true or false. A pool is a condition such as "num_params < 10e6".')
    return f"{clause}\n"
