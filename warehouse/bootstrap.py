"""Sections 4 to 6 of schema.sql, halving and all strategies once more, in a schema with other facts: resampled, or in another row order.

A view finds the relations that it reads in its own schema first and in main where they are not there. So the same texts, created
in the schema `resample` beside other accuracies and scores, choose and measure there; nothing of them is written twice.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import replace

from warehouse.relation import Relation
from warehouse.strategy import Strategy, view

# What a strategy may read and still be usable into a mirror.
INPUTS = ("candidate", "candidate_score", "mean_accuracy", "other_mean_accuracy")
CHOSEN = ("ranking", "nearest_score", "whole_score", "mean_rank", "oracle", "beyond_order", "first_pick", "best_pick", "random_weight",
          "random_pick", "achieved", "regret", "delta", "entrant", "trajectory", "survivor", "halving_choice")  # fmt: skip
GIVEN = (
    "dataset",
    "drawn",
    "budget",
    "accuracy",
    "score",
    "rung_score",
    "candidate_score",
    "ranked",
    "later_pick",
)  # in schema.sql, section 8
FIXED = ("model", "pool", "pool_size", "protocol")  # the same in every mirror


def resampled(relations: Mapping[str, Relation], strategies: Mapping[str, Strategy], budgets: int) -> dict[str, Relation]:
    """The schema `resample` from its inputs to its deltas and halving; what is given is in schema.sql.

    A strategy that cannot be resampled (`why_not_resampled`) has no rows.
    """
    here = {*INPUTS, *CHOSEN, *GIVEN}
    found = {f"resample.{name}": _in_schema(relations[name], "resample", here) for name in INPUTS if name not in GIVEN}
    usable = {name: one for name, one in strategies.items() if not why_not_resampled(one.reads, one.uses_dataset_names)}
    found |= _strategies(usable, "resample", {name: _alias("resample", name) for name in INPUTS})
    found["resample.ranking"] = ranking("resample.ranking", "resample_strategy", usable, "view", f"where rank <= {budgets}")
    return found | {f"resample.{name}": _in_schema(relations[name], "resample", here) for name in CHOSEN[1:]}


def reordered(strategies: Mapping[str, Strategy], schema: str, direction: str) -> dict[str, Relation]:
    """The rankings from tables whose rows stand in another order: what they depend on beside their columns shows."""
    inputs = {
        name: Relation(
            f"{schema}_strategy.{name}",
            10,
            (f"create table {schema}_strategy.{name} as from main.{name} order by pool, dataset, model {direction}",),
            frozenset({name}),
        )
        for name in INPUTS
    }
    usable = {name: one for name, one in strategies.items() if _reads_only_inputs(one.reads) and one.order is None}
    found = _strategies(usable, schema, inputs)
    return found | {f"{schema}.ranking": ranking(f"{schema}.ranking", f"{schema}_strategy", usable, "view")}


def ranking(name: str, schema: str, strategies: Mapping[str, Strategy], kind: str, where: str = "") -> Relation:
    """The union of all strategies of a schema; where: a condition on its rows."""
    selects = [
        f"select '{one}'::strategy_name as strategy, pool, dataset, model, rank from {schema}.\"{one}\" {where}"
        for one in strategies
    ]
    empty = "select ''::varchar as strategy, pool, dataset, model, 0::bigint as rank from candidate limit 0"
    text = f"create {kind} {name} as {' union all '.join(selects) or empty}"
    comment = (
        f"comment on {kind} {name} is 'One row per (strategy, pool, dataset, model): the order in which it would fine-tune.'"
    )
    return Relation(name, 4, (text, comment), frozenset(f"{schema}.{one}" for one in strategies) | {"candidate", "setting"})


def _strategies(strategies: Mapping[str, Strategy], schema: str, inputs: Mapping[str, Relation]) -> dict[str, Relation]:
    found = {relation.name: relation for relation in inputs.values()}
    for one in strategies.values():
        made = view(one, f"{schema}_strategy")
        found[made.name] = replace(made, reads=frozenset(_at(read, schema, set(inputs)) for read in made.reads))
    return found


def _at(read: str, schema: str, inputs: set[str]) -> str:
    return f"{schema}_strategy.{read}" if read in inputs else read


def why_not_resampled(reads: Collection[str], uses_dataset_names: bool) -> str | None:
    """Return why a strategy has no orders in a resample, where datasets have numbers for names; None if it has them."""
    if not _reads_only_inputs(reads):
        return "it reads relations that resamples do not have"
    return "it compares datasets with their names, and resamples have none" if uses_dataset_names else None


def _reads_only_inputs(reads: Collection[str]) -> bool:
    return all(read in (*INPUTS, *FIXED) or read.startswith("strategy.") for read in reads)


def _in_schema(relation: Relation, schema: str, here: set[str]) -> Relation:
    """A relation of main as a view of the schema, over what the schema has of what it reads."""
    first, *rest = relation.statements
    name = f"{schema}.{relation.name}"
    first = re.sub(rf"^create (table|view) {relation.name}\b", f"create view {name}", first)
    rest = [re.sub(rf"^comment on (table|view) {relation.name}\b", f"comment on view {name}", text) for text in rest]
    reads = frozenset(f"{schema}.{read}" if read in here else read for read in relation.reads)
    return Relation(name, relation.section, (first, *rest), reads)


def _alias(schema: str, name: str) -> Relation:
    alias = f"{schema}_strategy.{name}"
    return Relation(alias, 4, (f"create view {alias} as from {schema}.{name}",), frozenset({f"{schema}.{name}"}))
