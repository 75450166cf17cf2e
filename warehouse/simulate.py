"""Simulates a strategy on a study, without training, and compares it with the built-in strategies."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from warehouse.connection import connect
from warehouse.output import align
from warehouse.report import COVERAGE, coverage
from warehouse.strategy import Order, StrategyError

BUDGETS = (1, 2, 5)


def simulate(
    study: str | Path,
    name: str,
    strategy: Path | Order,
    *,
    pools: Sequence[str] = (),
    repeats: int | None = None,
    whole_datasets: bool = False,
    question: str | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a study with an additional strategy, which appears under its name in ranking, regret, delta and all views derived from them.

    strategy: a file with one SELECT of (pool, dataset, model, rank), or a function that orders the models of one pool and dataset
    (rows of `candidate`, each with its `scores`). The other arguments are those of `connect`.
    Raises what connect raises, and StrategyError for a strategy that ranks a model twice or one outside the pool, depends on the order
    of rows, or reads the answer without `oracle` in its name.
    """
    extended = f"{question} {_CHECKED}" if question else None
    con = connect(study, pools=pools, repeats=repeats, whole_datasets=whole_datasets, added={name: strategy}, question=extended)
    faults = con.execute(_FAULTS, [name] * 3).fetchall()
    if faults:
        raise StrategyError("\n".join(f"{name} {fault}." for (fault,) in faults))
    return con


_CHECKED = "invalid_order unstable_order undeclared_oracle"
_FAULTS = """
    select broken_rule || ', first on ' || min(dataset) || ' in the pool ' || min(pool) from invalid_order where strategy = ?
    group by broken_rule
    union all select 'depends on the order of rows: end its order with model' from unstable_order where strategy = ? group by strategy
    union all select 'reads ' || relation || ', which is the answer, without oracle in its name'
    from undeclared_oracle where strategy = ?
"""

QUESTION = "mean_regret mean_regret_interval mean_delta_interval ranking pool_size undecided_pool " + COVERAGE


def comparison(con: duckdb.DuckDBPyConnection, name: str) -> Iterator[str]:
    """Yield a text report by pool: the mean regret of every strategy with its interval, and the simulated strategy against each other."""
    for pool, models in con.execute("select pool, models from pool_size order by models desc, pool").fetchall():
        budgets = [b for b in BUDGETS if b <= models]
        yield f"Pool {pool}, {models} models: mean relative regret over {coverage(con, pool)}, with its 95 % interval"
        means = {
            (strategy, b): f"{regret:.3f}" + (f" [{low:.3f}, {high:.3f}]" if low is not None else "")
            for strategy, b, regret, low, high in con.execute(_MEANS, [pool]).fetchall()
        }
        strategies = list(dict.fromkeys(strategy for strategy, _ in means))
        rows = [
            [one, *(means.get((one, b), "-") for b in budgets)] for one in sorted(strategies, key=lambda one: (one != name, one))
        ]
        yield from (f"  {line}" for line in align(["strategy", *(f"B = {b}" for b in budgets)], rows))
        if not means:
            yield "  none: runs of this pool are missing (needle check lists them)."
        against = {
            (
                baseline,
                b,
            ): f"{delta:+.3f} [{low:+.3f}, {high:+.3f}]  {wins / resamples:.0%} / {ties / resamples:.0%} / {losses / resamples:.0%}"
            for baseline, b, delta, low, high, wins, ties, losses, resamples in con.execute(_AGAINST, [pool, name]).fetchall()
        }
        if against:
            yield f"{name} against each: mean delta (positive where {name} is better), and the share of resamples won / tied / lost"
            rows = [[one, *(against.get((one, b), "-") for b in budgets)] for one in dict.fromkeys(one for one, _ in against)]
            yield from (f"  {line}" for line in align(["baseline", *(f"B = {b}" for b in budgets)], rows))
        yield ""


_MEANS = f"""
    select strategy, budget, plain.relative_regret, low, high
    from mean_regret as plain left join mean_regret_interval using (strategy, pool, budget)
    where pool = ? and budget in {BUDGETS} order by strategy, budget
"""
_AGAINST = f"""
    select baseline, budget, delta, low, high, wins, ties, losses, resamples
    from mean_delta_interval where pool = ? and strategy = ? and budget in {BUDGETS} order by baseline, budget
"""
