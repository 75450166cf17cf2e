"""The tables of docs/haystack.md, from the study that ships: python -m bench.says

Mean relative regret by pool and by group of datasets with 95 % intervals, beside the paper's; fine-tunes beside linear scores; cost.
All numbers come out of views of schema.sql; here they are only written down.
"""

from collections.abc import Iterable, Sequence

import duckdb

from warehouse import connect
from warehouse.studies import PACKAGED

STUDY = PACKAGED / "haystack"
# Every pool with what it is called in the tables, and the paper's pool of the same question.
POOLS = {
    "ALL": ("ALL", "ALL"),
    "family <> 'scratch'": ("without the controls", None),
    "EXPERT": ("EXPERT", "EXPERT"),
    "IMNETACCURACIES": ("IMNETACCURACIES", "IMNETACCURACIES"),
    "num_params < 2e6": ("fewer than 2 million parameters", None),
}
STRATEGIES = ("task_agnostic", "linear", "knn", "hybrid_linear", "hybrid_knn", "leave_one_dataset_out", "random")
GROUPS = ("natural", "specialized", "structured")
BUDGETS = (1, 2, 3)
# Strategy, baseline and budget that the paper compares in figures 5, 6 and 19 to 22.
PAIRS = (
    ("linear", "knn", 1),
    ("task_agnostic", "linear", 1),
    ("task_agnostic", "knn", 1),
    ("hybrid_linear", "linear", 2),
    ("hybrid_knn", "knn", 2),
    ("hybrid_linear", "hybrid_knn", 2),
)
VIEWS = """pool mean_regret_interval group_regret_interval mean_delta_interval accuracy score dataset model finetune oracle total_cost
    cost_device paper_regret paper_delta"""


def tables() -> dict[str, list[str]]:
    """The lines of every table by its name."""
    with (
        connect(STUDY, pools=list(POOLS), only=STRATEGIES, question=VIEWS) as con,
        connect(STUDY, pools=["ALL"], question="standing mean_regret_dataset_interval") as every,
    ):
        return {
            "regret": _regret(con),
            "pairs": _pairs(con),
            "groups": _groups(con),
            "learning": _learning(con),
            "cost": _cost(con),
            "league": _league(every),
        }


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *lines]


def _interval(row: tuple[float, float, float] | None) -> str:
    return "–" if row is None else f"{row[0]:.3f} ({row[1]:.3f} to {row[2]:.3f})"


def _regret(con: duckdb.DuckDBPyConnection) -> list[str]:
    query = "select pool, strategy, budget, relative_regret, low, high from mean_regret_interval where budget <= 3"
    found = {row[:3]: row[3:] for row in con.execute(query).fetchall()}
    paper = {
        row[:3]: row[3]
        for row in con.execute(
            "select pool, strategy, budget, avg(relative_regret) from paper_regret where budget <= 2 group by all having count(*) = 19"
        ).fetchall()
    }
    sizes = dict(con.execute("select pool, count(*) from pool group by pool").fetchall())
    rows = []
    for pool, (name, papers) in POOLS.items():
        for strategy in STRATEGIES:
            cells = [_interval(found.get((pool, strategy, budget))) for budget in BUDGETS]
            said = [paper.get((papers, strategy, budget)) for budget in (1, 2)]
            theirs = " / ".join("–" if number is None else f"{number:.3f}" for number in said) if any(said) else ""
            rows.append((f"{name} ({sizes[pool]})" if strategy == STRATEGIES[0] else "", strategy, *cells, theirs))
    return _table(("pool (networks)", "strategy", "B = 1", "B = 2", "B = 3", "the paper, B = 1 / 2"), rows)


def _pairs(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Mean delta, positive where the strategy beats its baseline, of the same pairs as the paper's."""
    query = f"""select pool, strategy, baseline, budget, delta, low, high from mean_delta_interval
                where (strategy, baseline, budget) in {PAIRS}"""
    found = {row[:4]: row[4:] for row in con.execute(query).fetchall()}
    query = "select pool, strategy, baseline, budget, avg(delta) from paper_delta group by all having count(*) = 19"
    paper = {row[:4]: row[4] for row in con.execute(query).fetchall()}
    rows = []
    for pair in PAIRS:
        cells = []
        for pool in ("ALL", "EXPERT"):
            theirs = paper.get((pool, *pair))
            cells += [_interval(found.get((pool, *pair))), "–" if theirs is None else f"{round(theirs, 3) + 0:.3f}"]
        rows.append((f"{pair[0]} against {pair[1]}", pair[2], *cells))
    return _table(("", "B", "ALL", "the paper", "EXPERT", "the paper"), rows)


def _groups(con: duckdb.DuckDBPyConnection) -> list[str]:
    query = """select strategy, budget, vtab_group, relative_regret, low, high from group_regret_interval
               where pool = 'ALL' and budget in (1, 2)"""
    found = {row[:3]: row[3:] for row in con.execute(query).fetchall()}
    counts = dict(con.execute("select vtab_group, count(*) from dataset group by vtab_group").fetchall())
    head = ("strategy", *(f"{group} ({counts[group]}), B = {budget}" for group in GROUPS for budget in (1, 2)))
    return _table(head, [(s, *(_interval(found.get((s, b, g))) for g in GROUPS for b in (1, 2))) for s in STRATEGIES])


def _learning(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Of each network, on how many datasets its fine-tune tests better than its linear head validates."""
    query = """
        select model, round(avg(accuracy), 3), round(avg(score), 3), count(*) filter (accuracy > score), count(*),
               (select count(*) filter (diverged) / count(*) from finetune where finetune.model = accuracy.model)
        from accuracy join score using (model, dataset) where proxy = 'linear' group by model order by 2 desc
    """
    rows = [
        (model, f"{tuned:.3f}", f"{linear:.3f}", f"{better} of {count}", f"{diverged:.0%}" if diverged else "")
        for model, tuned, linear, better, count, diverged in con.execute(query).fetchall()
    ]
    head = (
        "network",
        "fine-tuned, mean test accuracy",
        "linear, mean validation accuracy",
        "fine-tuned is better on",
        "runs that diverged",
    )
    return _table(head, rows)


def _cost(con: duckdb.DuckDBPyConnection) -> list[str]:
    query = """select strategy, budget, seconds, speed_up, relative_regret from total_cost
               where pool = 'ALL' and budget <= 3 order by strategy, budget"""
    found = {(strategy, budget): row for strategy, budget, *row in con.execute(query).fetchall()}
    rows = []
    for strategy in STRATEGIES:
        cells = [found.get((strategy, budget)) for budget in BUDGETS]
        rows.append((strategy, *(f"{cell[0] / 3600:.1f} h, {cell[1]:.1f} ×" if cell else "–" for cell in cells)))
    return _table(("strategy", "B = 1", "B = 2", "B = 3"), rows)


def _league(con: duckdb.DuckDBPyConnection) -> list[str]:
    """All strategies of ALL that do not read the answer, the least regret at B = 2 first, with intervals over datasets and repeats."""
    query = """
        select strategy::varchar, budget, standing.relative_regret, low, high, worst_dataset || ' ' || round(worst_regret, 2), zero_share
        from standing join mean_regret_dataset_interval as drawn using (strategy, pool, budget)
        where pool = 'ALL' and budget <= 3 and not reads_answer
    """
    found = {(strategy, budget): row for strategy, budget, *row in con.execute(query).fetchall()}
    names = sorted({strategy for strategy, _ in found}, key=lambda name: (round(found[name, 2][0], 9), name))
    rows = [
        (name, *(_interval(tuple(found[name, budget][:3])) for budget in BUDGETS), found[name, 2][3], f"{found[name, 2][4]:.0%}")
        for name in names
    ]
    return _table(("strategy", "B = 1", "B = 2", "B = 3", "worst task at B = 2", "best found at B = 2"), rows)


if __name__ == "__main__":
    for name, lines in tables().items():
        print(f"<!-- {name} -->", *lines, f"<!-- /{name} -->", "", sep="\n")
