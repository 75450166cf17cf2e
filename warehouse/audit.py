"""Audits a study: can it judge ways of choosing a model? All arithmetic is section 9 of schema.sql; this opens and prints."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse.connection import connect
from warehouse.output import align
from warehouse.pool import pool_of

BUDGETS = (1, 2, 3)  # of the winners that smaller pools may change
WINNERS = ("pool", "models", *(f"B = {budget}" for budget in BUDGETS))  # the columns of `winners`
MODELS = 10  # in the table of ranks
_GIVEN = "audited_pool left_out pool pool_size pool_dataset oracle"
QUESTION = f"""
    {_GIVEN} best_model audit_verdict audit_finding fixed_order_margin kept_winner proxy_fidelity rank_agreement rank_dispersion winner
"""
FINDINGS = """
    select pool, budget, rule, value, at_least, at_most, holds, finding, reason, verdict, sentence
    from audit_finding join audit_verdict using (pool, budget)
    where pool = {pool} and budget = {budget} order by rule
"""


# Read by the page of the dashboard, too.
MARGINS = """
    select strategy, relative_regret, fixed_regret, delta, low, high
    from fixed_order_margin where pool = $pool and budget = $budget order by relative_regret, strategy
"""
FIDELITY = """
    select proxy, kendall, line_r2, difference_r2, relative_regret
    from proxy_fidelity where pool = $pool order by relative_regret, proxy
"""


class AuditError(Exception):
    """A pool that cannot be audited, and why."""


@dataclass(frozen=True)
class Audit:
    """A study opened for an audit of one pool.

    pool: its name in the views. smaller: what each of the smaller pools leaves out, by its name in the views.
    """

    con: duckdb.DuckDBPyConnection
    pool: str
    smaller: Mapping[str, str]


def open_audit(study: str | Path, pool: str, *, repeats: int | None = None, whole_datasets: bool = False) -> Audit:
    """Open a study with one pool and, beside it, the smaller pools of `left_out`.

    The arguments are those of `warehouse.connect`. Raises what that raises, and AuditError where the pool has fewer than two models
    or datasets, or misses runs on a dataset of its mean: there is no mean regret then.
    """
    with connect(study, pools=[pool], repeats=repeats, whole_datasets=whole_datasets, question=_GIVEN) as con:
        if not con.execute("from audited_pool where pool = ?", [pool]).fetchone():
            raise AuditError(_why_not(con, pool))
        smaller = dict(reversed([_without(*row) for row in con.execute(_LEFT_OUT, [pool]).fetchall()]))
    pools = [pool, *sorted(smaller, key=smaller.__getitem__)]
    con = connect(study, pools=pools, repeats=repeats, whole_datasets=whole_datasets, question=QUESTION)
    return Audit(con, pool, {clause: smaller[clause] for clause in pools[1:]})


_LEFT_OUT = """
    select variant, list(model order by model)
    from (select distinct pool, variant from left_out) join pool using (pool) anti join left_out using (pool, variant, model)
    where pool = ? group by variant order by variant
"""


def _without(variant: str, models: Sequence[str]) -> tuple[str, str]:
    """Return a smaller pool as a condition on model, and what it leaves out."""
    return pool_of(models), variant


def _why_not(con: duckdb.DuckDBPyConnection, pool: str) -> str:
    (models, whole, asked) = con.execute(
        "select (select count(*) from pool where pool = $1), (select count(*) from oracle where pool = $1),"
        " (select count(*) from pool_dataset where pool = $1)",
        [pool],
    ).fetchone() or (0, 0, 0)
    if models < 2:
        return f"The pool {pool} has {models} models: an audit compares at least two."
    if whole < asked:
        return (
            f"The pool {pool} has all its runs on {whole} of {asked} datasets, and so no mean regret. "
            "--datasets whole audits those; --pool COMPLETE the models that have them all."
        )
    return f"The pool {pool} has its runs on {whole} datasets: an audit compares at least two."


def report(audit: Audit, study: str, budget: int) -> Iterator[str]:
    """Yield the lines of the audit of one budget: tables, then the findings, then the verdict."""
    con, pool = audit.con, audit.pool
    key = [pool, budget]
    models, datasets, sources = con.execute(
        "select models, datasets, sources from audited_pool where pool = ?", [pool]
    ).fetchone() or (0, 0, 0)
    yield f"Study {study}, pool {pool}, B = {budget}: {models} models, {datasets} datasets of {sources} sources"
    yield ""
    yield from _ranks(con, pool, models)
    yield ""
    yield "Strategies beside an order fixed on other datasets: mean relative regret, and delta with a 95 % interval over datasets,"
    yield "of the study's own repeats (positive where the strategy is better)"
    yield from _table(
        ("strategy", "regret", "fixed order", "delta", "low", "high"),
        con.execute(MARGINS, {"pool": pool, "budget": budget}).fetchall(),
    )
    if fidelity := con.execute(FIDELITY, {"pool": pool}).fetchall():
        yield ""
        yield "Proxies: how far scores tell accuracies. Kendall's tau b and R^2 of a line on each dataset, as means; the share of the"
        yield "differences of accuracy between models that differences of score predict, with one line for all datasets; regret at B = 1"
        yield from _table(("proxy", "tau b", "R^2", "differences", "regret"), fidelity)
    yield ""
    yield "The best strategies in smaller pools, of those that do not read the answer"
    yield from _table(WINNERS, winners(audit))
    yield ""
    found = con.execute(_FINDINGS, key).fetchall()
    yield "Findings"
    yield from _table(("rule", "holds", "finding", "why it matters"), found)
    yield ""
    verdict, sentence = con.execute(
        "select verdict, sentence from audit_verdict where pool = ? and budget = ?", key
    ).fetchone() or ("", "")
    yield f"Verdict at B = {budget}: {verdict}. {sentence}."


_AGREEMENT = """
    select kendall_w, agreement, best_models, best_on, model
    from rank_agreement join best_model using (pool, datasets) where pool = ?
"""
_RANKS = "select model, mean_rank, sd_rank, best_rank, worst_rank from rank_dispersion where pool = ? order by mean_rank, model limit ?"
_FINDINGS = """
    select rule, case holds when true then 'yes' when false then 'no' else '-' end, finding, reason
    from audit_finding where pool = ? and budget = ? order by rule
"""
_WINNERS = "select pool, budget, list(strategy order by strategy) from winner where budget <= ? group by pool, budget"


def _ranks(con: duckdb.DuckDBPyConnection, pool: str, models: int) -> Iterator[str]:
    w, agreement, best_models, best_on, best = con.execute(_AGREEMENT, [pool]).fetchone() or (None, None, 0, 0, "")
    said = "none, because all models tie" if w is None else f"{w:.2f}; agreement beyond chance {agreement:.2f}"
    yield f"Kendall's W of the datasets' orders of models: {said}"
    yield f"Models that are the best of a dataset: {best_models}; most often, on {best_on}, {best}"
    yield "Ranks of the models over the datasets" + (f", the first {MODELS}" if models > MODELS else "")
    yield from _table(("model", "mean", "sd", "best", "worst"), con.execute(_RANKS, [pool, MODELS]).fetchall())


def winners(audit: Audit) -> list[tuple[object, ...]]:
    """Return a row for the pool and each smaller one: what it is, its models, and which strategies win at each of BUDGETS."""
    with audit.con.cursor() as cursor:
        models = dict(cursor.execute("select pool, models from pool_size").fetchall())
        found = cursor.execute(_WINNERS, [max(BUDGETS)]).fetchall()
    best = {(pool, budget): _few(names) for pool, budget, names in found}
    return [
        (label, models[pool], *(best.get((pool, budget), "-") for budget in BUDGETS))
        for pool, label in {audit.pool: "the whole pool", **audit.smaller}.items()
    ]


def _few(names: Sequence[str]) -> str:
    """Name the first two of strategies that tie, and count the others."""
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    shown = [[f"{cell:.3f}" if isinstance(cell, float) else "-" if cell is None else cell for cell in row] for row in rows]
    yield from (f"  {line}" for line in align(head, shown))
