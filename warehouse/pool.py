"""What-if pools: a WHERE clause over `model` is a pool, named by its own words."""

from collections.abc import Sequence

import duckdb

from study_format.suggestions import nearest
from warehouse.relation import Relation
from warehouse.syntax import nodes_of, serialised

PAPERS = ("ALL", "RESNET-50", "DIM2048", "EXPERT", "IMNETACCURACIES")


class PoolError(Exception):
    """A pool that is neither one of the paper's nor a condition on the columns of model."""


def rule(papers: Relation, model: Relation, pools: Sequence[str]) -> Relation:
    """The view pool_rule with these pools alone. Raises PoolError for a clause that is none.

    papers: pool_rule, and model: contract.model, as they stand in schema.sql.
    """
    first, *rest = papers.statements
    names = ", ".join(_text(pool) for pool in pools if pool in PAPERS)
    selects = [f"select pool, model, admits from ({first.partition(' as')[2]}) where pool in ({names})"] if names else []
    selects += [
        f"select {_text(pool)} as pool, model, ({_checked(pool, model)}) as admits from model"
        for pool in pools
        if pool not in PAPERS
    ]
    return Relation(papers.name, papers.section, (f"create view pool_rule as {' union all '.join(selects)}", *rest), papers.reads)


def _checked(clause: str, model: Relation) -> str:
    """The clause, if it is one expression over the columns of model and nothing else."""
    con = duckdb.connect(config={"enable_external_access": False})
    con.execute(model.statements[0].replace("contract.model", "model", 1))
    tree = serialised(con, f"select ({clause}\n) from model")
    one = not tree["error"] and len(tree["statements"]) == 1 and len(tree["statements"][0]["node"].get("select_list", [])) == 1
    tables = [node for node in nodes_of(tree) if node.get("type") in ("BASE_TABLE", "SUBQUERY", "TABLE_FUNCTION", "JOIN")]
    if clause.isidentifier():
        hint = nearest(clause, PAPERS, cutoff=0.4)
        raise PoolError(
            f'Unknown pool {clause!r}.{hint} There are {", ".join(PAPERS)}, and conditions such as "num_params < 10e6".'
        )
    if not one or len(tables) != 1:
        raise PoolError(f'{clause!r} is neither a pool ({", ".join(PAPERS)}) nor a condition such as "num_params < 10e6".')
    try:
        ((_, kind, *_),) = con.execute(f"describe select ({clause}\n) from model").fetchall()
    except duckdb.Error as error:
        raise PoolError(f"{clause!r} is no condition on the columns of model: {error}") from error
    if kind != "BOOLEAN":
        raise PoolError(f'{clause!r} is {kind.lower()}, not true or false. A pool is a condition such as "num_params < 10e6".')
    return f"{clause}\n"


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"
