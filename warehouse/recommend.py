"""Answers which models to fine-tune for a dataset that has no fine-tunes: by a strategy, as a study that has them judges it."""

from dataclasses import dataclass

import duckdb

CHOICE = "standing usable_strategy strategy_proxy study_proxy strategy_reads pool"  # what `choices` reads of the study
EVIDENCE = "mean_regret_dataset_interval mean_regret regret dataset_draw finetune_cost pool"  # and `evidence`
PICKS = "ranking candidate_score neighbour asked_proxy proxy representation embedding"  # of both together

TUNED = "finetune"


@dataclass(frozen=True)
class Choice:
    """A strategy that new images can have, and its mean relative regret in the study; None where it has no mean there."""

    strategy: str
    relative_regret: float | None


@dataclass(frozen=True)
class Pick:
    """A model to fine-tune. scores: of the strategy's proxies that looked at the images, by name."""

    model: str
    scores: dict[str, float]
    num_params: int | None
    image_size: int | None
    licence: str | None


@dataclass(frozen=True)
class Evidence:
    """What the study says of a strategy at a budget.

    relative_regret, low, high: the mean over its datasets and its 95 % interval over other datasets; None where there is none.
    near: the nearest datasets and the regret there. finetune_seconds: of each model of the pool, the mean over datasets; None unknown.
    """

    relative_regret: float | None
    low: float | None
    high: float | None
    datasets: int
    sources: int
    near: tuple[tuple[str, float], ...]
    finetune_seconds: dict[str, float | None]


@dataclass(frozen=True)
class Tuned:
    """A stored fine-tune. finished_at: UTC, in ISO format, in whole seconds."""

    model: str
    learning_rate: float
    repeat: int
    validation_accuracy: float
    test_accuracy: float
    seed: int
    finished_at: str
    device: str
    software: str


def choices(con: duckdb.DuckDBPyConnection, pool: str, budget: int, remembers: bool = True) -> list[Choice]:
    """Return the strategies that need no fine-tune, the one that loses least first, then the cheapest.

    remembers: also those that look at accuracies on other datasets, which new models do not have. con: opened with CHOICE.
    """
    rows = con.execute(
        """select strategy::varchar, relative_regret from standing
           where pool = $1 and budget = $2 and strategy in (select strategy from usable_strategy)
             and ($3 or strategy not in (select strategy from strategy_proxy join study_proxy using (proxy) where kind = 'nearest'
                                         union all select strategy from strategy_reads where relation = 'other_mean_accuracy'))
           order by relative_regret nulls last, seconds nulls last, strategy::varchar""",
        [pool, budget, remembers],
    ).fetchall()
    return [Choice(*row) for row in rows]


def needed(con: duckdb.DuckDBPyConnection, strategy: str) -> tuple[list[str], bool]:
    """Return the measured proxies that a strategy asks for, and whether it asks for near datasets. con: opened with CHOICE."""
    query = "select proxy, kind from strategy_proxy join study_proxy using (proxy) where strategy = ? order by proxy"
    rows = con.execute(query, [strategy]).fetchall()
    return [proxy for proxy, kind in rows if kind == "measured"], any(kind == "nearest" for _, kind in rows)


def picks(con: duckdb.DuckDBPyConnection, strategy: str, pool: str, dataset: str, budget: int) -> list[Pick]:
    """Return the models of the first ranks, best first; empty where a score is missing. con: opened with PICKS."""
    scores = con.execute(
        """select model::varchar, proxy, score from candidate_score
           where proxy in (select proxy from asked_proxy where strategy = $1) and pool = $2 and dataset = $3""",
        [strategy, pool, dataset],
    ).fetchall()
    rows = con.execute(
        """select model::varchar, num_params, image_size, licence from ranking join model using (model)
           where strategy = $1 and pool = $2 and dataset = $3 and rank <= $4 order by rank""",
        [strategy, pool, dataset, budget],
    ).fetchall()
    return [Pick(model, {proxy: score for one, proxy, score in scores if one == model}, *facts) for model, *facts in rows]


def near(con: duckdb.DuckDBPyConnection, dataset: str) -> list[str]:
    """Return the three nearest datasets, by what the probes' heads are sensitive to; empty without embeddings. con: opened with PICKS."""
    query = "select other::varchar from neighbour where kind = 'fisher' and dataset = ? and place <= 3 order by place"
    return [other for (other,) in con.execute(query, [dataset]).fetchall()]


def looked(con: duckdb.DuckDBPyConnection, dataset: str) -> float | None:
    """Return the seconds of one core that looking at the images took: all passes, proxies and embeddings. con: opened with PICKS."""
    query = """select sum(seconds) from (
                   select representation_seconds as seconds from representation where dataset = $1
                   union all select seconds from proxy where dataset = $1
                   union all select seconds from embedding where dataset = $1)"""
    row = con.execute(query, [dataset]).fetchone()
    return None if row is None or row[0] is None else float(row[0])


def evidence(con: duckdb.DuckDBPyConnection, strategy: str, pool: str, budget: int, near: list[str]) -> Evidence:
    """Return what the study says. con: opened with EVIDENCE, and only this strategy."""
    key = [strategy, pool, budget]
    where = "where strategy = $1 and pool = $2 and budget = $3"
    regret, datasets = con.execute(f"select relative_regret, datasets from mean_regret {where}", key).fetchone() or (None, 0)
    interval = con.execute(f"select low, high from mean_regret_dataset_interval {where}", key).fetchone()
    low, high = interval or (None, None)
    (sources,) = con.execute("select coalesce(max(sources), 1) from dataset_draw where pool = ?", [pool]).fetchone() or (1,)
    there = dict(con.execute(f"select dataset::varchar, relative_regret from regret {where}", key).fetchall())
    seconds = con.execute(
        """select model::varchar, avg(seconds) from pool left join finetune_cost using (model) where pool = ? group by model""",
        [pool],
    ).fetchall()
    return Evidence(regret, low, high, datasets, sources, tuple((one, there[one]) for one in near if one in there), dict(seconds))


def tuned(con: duckdb.DuckDBPyConnection, dataset: str, models: list[str]) -> list[Tuned]:
    """Return the fine-tunes of repeat 0 whose loss stayed a number, the best first. con: opened with TUNED.

    models: in the order of their ranks, which breaks ties of the validation accuracy; then the lower learning rate comes first.
    """
    rows = con.execute(
        """select model::varchar, learning_rate, repeat, validation_accuracy, test_accuracy, seed,
                  strftime(finished_at, '%Y-%m-%dT%H:%M:%S'), device, software
           from finetune
           where dataset = $1 and repeat = 0 and list_contains($2, model::varchar) and diverged is not true
           order by validation_accuracy desc, list_position($2, model::varchar), learning_rate""",
        [dataset, models],
    ).fetchall()
    return [Tuned(*row) for row in rows]
