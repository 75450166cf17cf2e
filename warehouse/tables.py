"""The tables of a report as rows: what strategies lose, what they pick, models, datasets, protocol. Each with its SQL and its columns.

Every number comes out of a view. A page, a site and a Markdown report show the same tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb

from warehouse.relation import quoted, quoted_list

QUESTION = """pool pool_size pool_dataset dataset model protocol setting finetune missing_run oracle accuracy candidate ranking pick regret
    mean_regret standing unrealistic_strategy study_proxy model_mean model_regret diverged_cell"""  # the relations that these tables read
INTERVAL = "mean_regret_dataset_interval dataset_draw"  # and those of an interval, which takes seconds to tens of seconds
USUAL = ("task_agnostic", "linear", "hybrid_linear", "random")  # the paper's three, and a random choice

Kind = Literal["text", "share", "signed", "number", "count", "seconds"]


@dataclass(frozen=True)
class Column:
    """How a column is shown.

    kind: a share is a fraction in [0, 1], signed a difference of two; a number has digits after the point, a count has none.
    """

    label: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """A table to show. caption: what its rows are. sql: what gives them. name: of a file. note: how to read it, may be empty."""

    name: str
    caption: str
    sql: str
    columns: tuple[Column, ...]
    rows: list[tuple[object, ...]]
    note: str = ""


def leaders(con: duckdb.DuckDBPyConnection, pool: str, budget: int) -> list[str]:
    """Return the two strategies that lose least, of those that keep to the budget and do not read the answer."""
    return [name for (name,) in con.execute(_LEADERS, [pool, budget]).fetchall()]


def usual(con: duckdb.DuckDBPyConnection, pool: str, budget: int) -> list[str]:
    """Return the strategies that a report shows where none are chosen: the leaders, the paper's, and random."""
    ranked = [name for (name,) in con.execute(_RANKED, [pool]).fetchall()]
    return list(dict.fromkeys([*leaders(con, pool, budget), *(name for name in USUAL if name in ranked)]))


def league(
    con: duckdb.DuckDBPyConnection, pool: str, budget: int, strategies: Sequence[str] = (), *, intervals: bool = False
) -> Table:
    """Every strategy at a budget, the one that loses least first, those that read the answer last.

    strategies: these alone; empty means all. intervals: over other datasets, and other repeats where there are any; con has INTERVAL.
    """
    chosen = f" and strategy in ({quoted_list(strategies)})" if strategies else ""
    sql = f"""select strategy, standing.relative_regret{", low, high" if intervals else ""}, worst_dataset, worst_regret, zero_share,
    seconds, speed_up, if(reads_answer, 'yes', '') as reads_answer, format('{{}} of {{}}', standing.datasets, of_datasets) as datasets
from standing{" left join mean_regret_dataset_interval using (strategy, pool, budget)" if intervals else ""}
where pool = {quoted(pool)} and budget = {budget}{chosen}
order by reads_answer, standing.relative_regret nulls last, strategy"""
    columns = (
        Column("strategy"),
        Column("mean regret", "share"),
        *((Column("95 % from", "share"), Column("to", "share")) if intervals else ()),
        Column("worst dataset"),
        Column("regret there", "share"),
        Column("best model found", "share"),
        Column("cost", "seconds"),
        Column("speed-up", "number"),
        Column("reads the answer"),
        Column("datasets"),
    )
    note = (
        "Mean regret: the share of a pick's remaining errors that the best model of the pool would avoid; 0 means the best was found. "
        "Best model found: on which share of the datasets. Cost: of the device that ran it, over all datasets; speed-up: against "
        "fine-tuning every model. A strategy that reads the answer is judged by what it reads, and is in no competition. "
        "A mean needs every dataset."
    )
    return _table(con, "league", f"Strategies with B = {budget}, pool {pool}", sql, columns, note)


def means(con: duckdb.DuckDBPyConnection, pool: str, strategies: Sequence[str], budgets: Sequence[int]) -> Table:
    """The mean relative regret of strategies at some budgets, a column each."""
    regrets = ", ".join(f"any_value(relative_regret) filter (budget = {b}) as b_{b}" for b in budgets)
    sql = f"""select strategy, {regrets}
from mean_regret where pool = {quoted(pool)} and strategy in ({quoted_list(strategies)})
group by strategy order by {", ".join(f"b_{b} nulls last" for b in budgets)}, strategy"""
    columns = (Column("strategy"), *(Column(f"B = {b}", "share") for b in budgets))
    return _table(con, "means", f"Mean relative regret after B fine-tunes, pool {pool}", sql, columns)


def picks(con: duckdb.DuckDBPyConnection, pool: str, budget: int, strategies: Sequence[str], dataset: str | None = None) -> Table:
    """Which models each strategy would fine-tune on every dataset, what the best of them reaches, and what that loses.

    dataset: this one alone.
    """
    one = f" and dataset = {quoted(dataset)}" if dataset is not None else ""
    sql = f"""select dataset, strategy, string_agg(model::varchar, ' + ' order by rank) as picks, any_value(regret.accuracy) as accuracy,
    any_value(oracle_accuracy) as oracle_accuracy, any_value(relative_regret) as relative_regret
from regret join dataset using (dataset) left join pick using (strategy, pool, budget, dataset)
    left join ranking using (strategy, pool, dataset, model)
where pool = {quoted(pool)} and budget = {budget} and strategy in ({quoted_list(strategies)}){one}
group by vtab_group, dataset, strategy order by vtab_group, dataset, relative_regret, strategy"""
    columns = (
        Column("dataset"),
        Column("strategy"),
        Column("fine-tunes"),
        Column("accuracy", "share"),
        Column("best of the pool", "share"),
        Column("regret", "share"),
    )
    note = "random picks at random: its figures are expectations." if "random" in strategies else ""
    return _table(con, "picks", f"Picks with B = {budget}, pool {pool}", sql, columns, note)


def models(con: duckdb.DuckDBPyConnection, pool: str) -> Table:
    """The models of a pool, the one that loses least on average first."""
    sql = f"""select model, relative_regret, accuracy, best_on, family, upstream, imagenet_accuracy, num_params, feature_dim, image_size,
    licence, source
from pool join model using (model) left join model_mean using (pool, model)
where pool = {quoted(pool)} order by relative_regret nulls last, model"""
    columns = (
        Column("model"),
        Column("mean regret", "share"),
        Column("mean accuracy", "share"),
        Column("best on", "count"),
        Column("family"),
        Column("trained on"),
        Column("ImageNet top-1", "share"),
        Column("parameters", "count"),
        Column("dimension", "count"),
        Column("image size", "count"),
        Column("licence"),
        Column("source"),
    )
    note = "Mean regret: what is lost when this model alone is fine-tuned. Best on: on how many datasets no model of the pool is better."
    return _table(con, "models", f"Models of the pool {pool}", sql, columns, note)


def datasets(con: duckdb.DuckDBPyConnection, pool: str) -> Table:
    """The datasets of the study, with the best model of a pool."""
    sql = f"""select dataset, vtab_group, num_classes, num_test,
    string_agg(model::varchar, ', ' order by model) filter (where best) as best, any_value(oracle_accuracy) as oracle_accuracy,
    licence, source
from dataset left join (select dataset, model, best, oracle_accuracy from model_regret where pool = {quoted(pool)}) using (dataset)
group by all order by vtab_group, dataset"""
    columns = (
        Column("dataset"),
        Column("group"),
        Column("classes", "count"),
        Column("test images", "count"),
        Column("best of the pool"),
        Column("accuracy", "share"),
        Column("licence"),
        Column("source"),
    )
    return _table(con, "datasets", f"Datasets, with the best model of the pool {pool}", sql, columns)


def on_dataset(con: duckdb.DuckDBPyConnection, pool: str, dataset: str) -> Table:
    """What every model of a pool reaches on a dataset, the best first."""
    sql = f"""select model, accuracy, relative_regret, family, imagenet_accuracy, num_params
from pool join accuracy using (model) join model using (model) left join model_regret using (pool, dataset, model, accuracy)
where pool = {quoted(pool)} and dataset = {quoted(dataset)} order by accuracy desc, model"""
    columns = (
        Column("model"),
        Column("accuracy", "share"),
        Column("regret", "share"),
        Column("family"),
        Column("ImageNet top-1", "share"),
        Column("parameters", "count"),
    )
    note = "Accuracy: after fine-tuning, on test images, the median over repeats. Regret: what is lost when this model alone is fine-tuned."
    return _table(con, "on-dataset", f"Models of the pool {pool} on {dataset}", sql, columns, note)


def of_model(con: duckdb.DuckDBPyConnection, pool: str, model: str) -> Table:
    """What a model reaches on every dataset, where it loses least first."""
    sql = f"""select dataset, vtab_group, accuracy, oracle_accuracy, relative_regret
from accuracy join dataset using (dataset) left join model_regret using (dataset, model, accuracy)
where coalesce(pool, {quoted(pool)}) = {quoted(pool)} and model = {quoted(model)}
order by relative_regret nulls last, dataset"""
    columns = (
        Column("dataset"),
        Column("group"),
        Column("accuracy", "share"),
        Column("best of the pool", "share"),
        Column("regret", "share"),
    )
    return _table(con, "of-model", f"{model} on every dataset", sql, columns)


def protocol(con: duckdb.DuckDBPyConnection) -> Table:
    """What every run of the study shares, without what is not known."""
    columns = (Column("of every run"), Column("value"))
    (names, row) = _named_row(con, "from protocol")
    rows: list[tuple[object, ...]] = [
        (name.replace("_", " "), _listed(value)) for name, value in zip(names, row, strict=True) if value is not None
    ]
    return Table("protocol", "Protocol", "from protocol", columns, rows)


def _listed(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_listed, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _named_row(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], tuple[object, ...]]:
    cursor = con.execute(sql)
    return [column[0] for column in cursor.description or ()], cursor.fetchone() or ()


def _table(
    con: duckdb.DuckDBPyConnection, name: str, caption: str, sql: str, columns: tuple[Column, ...], note: str = ""
) -> Table:
    return Table(name, caption, sql, columns, con.execute(sql).fetchall(), note)


_LEADERS = """
    select strategy::varchar from mean_regret
    where pool = ? and budget = ? and strategy <> 'random' and strategy not in (select strategy from unrealistic_strategy)
    order by relative_regret, strategy limit 2
"""
_RANKED = "select distinct strategy::varchar from ranking where pool = ? union select 'random'"
