"""Prints the league: every strategy of a pool at one budget, the one that loses least first."""

from collections.abc import Iterator

import duckdb

from warehouse.output import align
from warehouse.report import COVERAGE, coverage

QUESTION = f"league pool dataset_draw {COVERAGE}"  # the relations that it reads
HEAD = (
    "strategy",
    "regret",
    "95 % interval",
    "worst dataset",
    "best found",
    "hours",
    "speed-up",
    "beats hybrid_linear",
    "same pick",
)


def league(con: duckdb.DuckDBPyConnection, study: str, pool: str, budget: int) -> Iterator[str]:
    """Yield the lines of the league: what may be compared, by regret; oracles; what lacks a dataset; what the columns say.

    con: opened with QUESTION.
    """
    rows = con.execute(_CELLS, [pool, budget]).fetchall()
    yield f"Study {study}, pool {pool}, B = {budget}: mean relative regret over {coverage(con, pool)}"
    honest = [row for row in rows if row[1] is not None and not row[-1]]
    oracles = [row for row in rows if row[1] is not None and row[-1]]
    yield from align(HEAD, [_cells(row) for row in honest])
    if oracles:
        yield ""
        yield "Not in the competition, because they read the accuracies that they are judged by:"
        yield from align(HEAD[:3], [_cells(row)[:3] for row in oracles])
    unranked = [row for row in rows if row[1] is None]
    if unranked:
        yield ""
        yield (
            "Without a place, because a mean needs every dataset: "
            + ", ".join(f"{row[0]} ({row[10]} of {row[11]})" for row in unranked)
            + "."
        )
    yield ""
    sources = con.execute(_SOURCES, [pool]).fetchone()
    yield from _legend(sources[0] if sources else None)


def _cells(row: tuple[object, ...]) -> list[object]:
    strategy, regret, low, high, worst, worst_regret, found, hours, speed_up, beats, _, _, same, _ = row
    return [
        strategy,
        f"{regret:.3f}",
        "-" if low is None else f"{low:.3f} to {high:.3f}",
        f"{worst} {worst_regret:.2f}",
        _percent(found),
        "-" if hours is None else f"{hours:.1f}",
        "-" if speed_up is None else f"{speed_up:.1f}",
        _percent(beats),
        _percent(same),
    ]


def _percent(share: object) -> str:
    return f"{share:.0%}" if isinstance(share, float) else "-"


def _legend(sources: int | None) -> Iterator[str]:
    yield "regret: the share of a pick's remaining errors that the best model of the pool would avoid; 0 means the best was found."
    if sources is None:
        yield "95 % interval: none, because all datasets are of one source."
    else:
        yield f"95 % interval: of other datasets (these are of {sources} sources, drawn together) and, where there are any, other repeats."
    yield "best found: on how many datasets. hours: of the device, for all datasets. speed-up: against fine-tuning every model."
    yield "beats hybrid_linear: in how many resamples, ties half. same pick: how often the first pick stays with other repeats."


ROWS = "from league where pool = {pool} and budget = {budget} order by relative_regret nulls last, strategy::varchar"
_CELLS = """
    select strategy::varchar, relative_regret, low, high, worst_dataset::varchar, worst_regret, zero_share, seconds / 3600, speed_up,
           beats_hybrid_linear, datasets, of_datasets, stability, reads_answer
    from league where pool = ? and budget = ? order by relative_regret nulls last, strategy::varchar
"""
_SOURCES = "select max(sources) from dataset_draw where pool = ?"
