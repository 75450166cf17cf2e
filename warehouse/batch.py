"""Computes the table `accuracy` of a study too large for memory some models at a time: less memory, and less time too."""

import math

import duckdb

from warehouse.relation import Relation

ROWS = 10_000_000  # runs that are looked at together
_ALL = "from selected_run "


def accuracy(con: duckdb.DuckDBPyConnection, relation: Relation) -> Relation:
    """The relation `accuracy`, which fills itself model by model where there are more runs than `ROWS`.

    A condition on the name of the model reaches through the views into the Parquet files, and skips what holds other models.
    """
    ((runs,),) = con.execute("select count(*) from finetune").fetchall()
    models = [name for (name,) in con.execute("select model from model order by model").fetchall()]
    batches = math.ceil(runs / ROWS)
    size = math.ceil(len(models) / batches) if batches else 0
    parts = [(models[i], models[min(i + size, len(models)) - 1]) for i in range(0, len(models), size)] if batches > 1 else []
    if not parts:
        return relation
    create, *comments = relation.statements
    head, _, query = create.partition(" as\n")
    first, *rest = (query.replace(_ALL, f"from (from selected_run where {_between(*part)}) as selected_run ") for part in parts)

    def fill(con: duckdb.DuckDBPyConnection) -> None:
        for text in rest:
            con.execute(f"insert into accuracy {text}")

    return Relation(relation.name, relation.section, (f"{head} as {first}", *comments), relation.reads, fill)


def _between(low: str, high: str) -> str:
    return "model between '{}' and '{}'".format(low.replace("'", "''"), high.replace("'", "''"))
