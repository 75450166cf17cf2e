"""Reports the result of a study as text: the models that each strategy would fine-tune, their accuracy and their regret."""

from collections.abc import Iterator, Sequence
from itertools import islice
from shlex import quote

import duckdb

from warehouse.output import align
from warehouse.pool import BUILT_IN

COVERAGE = "setting oracle pool_dataset dataset"  # the relations that `coverage` reads
QUESTION = f"candidate accuracy pick ranking regret mean_regret pool missing_run {COVERAGE}"  # those that the report reads


def report(
    con: duckdb.DuckDBPyConnection,
    study: str,
    pool: str,
    chosen: Sequence[str] = (),
    *,
    budget: int = 2,
    intervals: bool = False,
    repeats: int | None = None,
    other: str | None = None,
) -> Iterator[str]:
    """Yield the lines of the report: each dataset with all strategies at B = 1 and a budget, the mean over datasets, and commands to run
    next.

    chosen: the strategies to show; if empty, random and all that rank models of the pool. intervals: of the means, over other datasets;
    con has mean_regret_dataset_interval. repeats: the value that the study was opened with, for the suggested commands. other: another
    pool to suggest.
    """
    yield from _head(con, study, pool)
    ranked = [name for (name,) in con.execute(_RANKED, [pool]).fetchall()]
    strategies = chosen or ranked
    for strategy in strategies:
        if strategy not in ranked:
            yield f"{strategy} ranks no model of this pool: some of the data that it reads is missing."
    yield ""
    budgets = sorted({1, budget})
    yield from _datasets(con, pool, strategies, budgets)
    yield ""
    yield from _means(con, pool, strategies, budgets, intervals)
    yield ""
    yield "Relative regret: the share of a pick's remaining errors that the best model of the pool would avoid; 0 means the best was found."
    if "random" in strategies:
        yield "random picks at random: its figures are expectations."
    yield "Next:"
    (at, whole) = con.execute(_SUGGESTED, [pool]).fetchone() or (1, False)
    opened = f"--study {quote(study)}" + (f" --repeats {repeats}" if repeats else "") + (" --datasets whole" if whole else "")
    always_there = pool in BUILT_IN and pool != "COMPLETE"
    narrowed = "" if always_there else f" --pool {quote(pool)}"
    where = f"where pool = '{pool}' and budget = {at}" if always_there else f"where budget = {at}"
    yield f'  needle query "select * from delta {where}" {opened}{narrowed}'
    yield f'  needle query "select * from score join accuracy using (model, dataset)" {opened} --format csv'
    if other:
        yield f"  needle report {opened} --pool {quote(other)}"


_SUGGESTED = "select least(2, greatest(1, (select count(*) from pool where pool = ?))), whole_datasets from setting"
_RANKED = "select distinct strategy from ranking where pool = ? union select 'random'::strategy_name order by strategy"

_ORACLE = """
    select dataset, vtab_group, oracle_accuracy, string_agg(model, ', ' order by model) filter (where accuracy = oracle_accuracy)
    from candidate left join oracle using (pool, dataset) left join accuracy using (model, dataset)
    where pool = ? group by all order by vtab_group, dataset
"""

_CELLS = """
    select strategy, budget, coalesce(string_agg(model, ' + ' order by rank), '-'), any_value(regret.accuracy), any_value(relative_regret)
    from regret left join pick using (strategy, pool, budget, dataset) left join ranking using (strategy, pool, dataset, model)
    where pool = ? and dataset = ? and budget = ? group by strategy, budget
"""


def coverage(con: duckdb.DuckDBPyConnection, pool: str) -> str:
    """Say over which datasets the means of a pool are, and what else could be asked where runs are missing."""
    every, whole, asked, chosen = con.execute(_COVERAGE, [pool, pool]).fetchone() or (0, 0, 0, False)
    if chosen:
        return f"{asked} of {every} datasets, those on which every model of the pool has its runs"
    hint = f" (absent: every model of the pool has its runs on {whole}; --datasets whole takes those)" if whole < every else ""
    return f"all {every} datasets{hint}"


_COVERAGE = """
    select (select count(*) from dataset), (select count(*) from oracle where pool = ?), (select count(*) from pool_dataset where pool = ?),
           whole_datasets from setting
"""


def _head(con: duckdb.DuckDBPyConnection, study: str, pool: str) -> Iterator[str]:
    models, datasets, runs, missing = con.execute(
        "select (select count(*) from pool where pool = ?), (select count(*) from dataset), (select count(*) from finetune),"
        " (select count(*) from missing_run)",
        [pool],
    ).fetchone() or (0, 0, 0, 0)
    yield f"Study {study}, pool {pool}: {models} models, {datasets} datasets, {runs} fine-tunes."
    if missing:
        yield f"{missing} runs are missing (needle check --study {quote(study)} lists them)."


def _datasets(con: duckdb.DuckDBPyConnection, pool: str, strategies: Sequence[str], budgets: Sequence[int]) -> Iterator[str]:
    """Yield one table: its header, then for each dataset a line about the best model of the pool and a row per strategy."""
    oracles = con.execute(_ORACLE, [pool]).fetchall()
    head = ["strategy"] + [label for b in budgets for label in (f"B = {b}: fine-tune", "accuracy", "regret")]
    rows = [row for dataset, _, best, _ in oracles if best is not None for row in _rows(con, pool, dataset, strategies, budgets)]
    lines = (f"  {line}" for line in align(head, rows))
    if rows:
        yield next(lines)
    for dataset, group, best, winner in oracles:
        name = f"{dataset} ({group})" if group else dataset
        if best is None:
            yield f"{name}: no regret yet, because runs of the pool on it are missing."
        else:
            yield f"{name}: the best of the pool reaches {best:.3f} with {winner}"
            yield from islice(lines, len(strategies))


def _rows(
    con: duckdb.DuckDBPyConnection, pool: str, dataset: str, strategies: Sequence[str], budgets: Sequence[int]
) -> list[list[str]]:
    cells = {
        (strategy, budget): (picked, f"{accuracy:.3f}", f"{regret:.3f}")
        for b in budgets
        for strategy, budget, picked, accuracy, regret in con.execute(_CELLS, [pool, dataset, b]).fetchall()
    }
    return [[s] + [cell for b in budgets for cell in cells.get((s, b), ("-", "-", "-"))] for s in strategies]


def _means(
    con: duckdb.DuckDBPyConnection, pool: str, strategies: Sequence[str], budgets: Sequence[int], intervals: bool
) -> Iterator[str]:
    relation, ends = ("mean_regret_dataset_interval", "low, high") if intervals else ("mean_regret", "null, null")
    found = {
        (strategy, budget): f"{regret:.3f}" + ("" if low is None else f" [{low:.3f}, {high:.3f}]")
        for strategy, budget, regret, low, high in con.execute(
            f"select strategy, budget, relative_regret, {ends} from {relation} where pool = ?", [pool]
        ).fetchall()
    }
    yield f"Mean relative regret over {coverage(con, pool)}"
    rows = [[s, *(found.get((s, b), "-") for b in budgets)] for s in strategies]
    yield from (f"  {line}" for line in align(["strategy", *(f"B = {b}" for b in budgets)], rows))
    if intervals:
        yield "In brackets: 95 % intervals of other datasets, those of one source drawn together, and of other repeats where there are any."
