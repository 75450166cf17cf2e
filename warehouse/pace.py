"""Estimates how long looking at images and fine-tuning take on this machine, from what was measured here and in the study."""

from dataclasses import dataclass

import duckdb

PACE = "representation representation_cost finetune_cost pool"  # what `paces` reads of the study and what was measured here


@dataclass(frozen=True)
class Pace:
    """Seconds of one core here: to look at one image, and to fine-tune at every learning rate once; None unknown."""

    look: float | None
    finetune: float | None


def paces(con: duckdb.DuckDBPyConnection, pool: str, dataset: str, here: int, there: int) -> dict[str, Pace]:
    """Return the pace of each model of a pool.

    The study's seconds, as many times as long as passes through the networks took here that were measured in both; a model that the
    study does not have is fine-tuned as slowly as it looks, by the study's networks together. here, there: images of a pass over the
    dataset, and over one of the study's. con: of both together, opened with PACE and this pool.
    """
    rows = con.execute(
        """with here as (select model, avg(representation_seconds) / $here as look
                         from representation where dataset = $dataset group by model),
                there as (select model, avg(seconds) / $there as look
                          from representation_cost where dataset <> $dataset group by model),
                tuned as (select model, avg(seconds) as finetune
                          from finetune_cost where dataset <> $dataset group by model),
                machine as (select coalesce(sum(here.look) / sum(there.look), 1) as slower from here join there using (model)),
                study as (select sum(finetune) / sum(look) as looks from tuned join there using (model))
           select model::varchar, coalesce(here.look, there.look * slower), coalesce(finetune * slower, here.look * looks)
           from pool cross join machine cross join study
               left join here using (model) left join there using (model) left join tuned using (model)
           where pool = $pool""",
        {"pool": pool, "dataset": dataset, "here": here, "there": there},
    ).fetchall()
    return {model: Pace(look, finetune) for model, look, finetune in rows}


def average_finetune(con: duckdb.DuckDBPyConnection, pool: str) -> float | None:
    """Return the mean seconds of one core to fine-tune a model of the pool, in the study; None where they are unknown. con: of it,
    opened with PACE."""
    query = "select avg(seconds) from finetune_cost join pool using (model) where pool = ?"
    (seconds,) = con.execute(query, [pool]).fetchone() or (None,)
    return None if seconds is None else float(seconds)
