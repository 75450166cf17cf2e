"""The paper's inequalities, on random studies whose accuracies, scores and metadata tie, lack and reach 0 and 1."""

import tempfile
from pathlib import Path

import pytest
import world
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from warehouse import connect

pytestmark = pytest.mark.slow

FRACTION = st.sampled_from([0.0, 0.25, 0.5, 0.5, 0.75, 0.995, 1.0]) | st.floats(0, 1, width=32)


@st.composite
def studies(draw: st.DrawFn) -> dict[str, list[world.Row]]:
    names = [f"m{i}" for i in range(draw(st.integers(1, 5)))]
    tasks = [f"d{i}" for i in range(draw(st.integers(1, 5)))]
    models = [
        {
            "model": name,
            "family": draw(st.sampled_from(["imagenet", "expert", "vtab"])),
            "upstream_examples": draw(st.sampled_from([None, 0, 1_281_167])),
            "imagenet_accuracy": draw(st.none() | FRACTION),
            "num_params": draw(st.sampled_from([1_000_000, 23_807_702, 23_807_703])),
            "feature_dim": draw(st.sampled_from([512, 2048, 2049])),
        }
        for name in names
    ]
    cells = [{"model": model, "dataset": task, "repeat": repeat} for model in names for task in tasks for repeat in (0, 1)]
    proxies = [
        {**cell, "repeat": 0, "proxy": proxy, "score": draw(FRACTION)} for cell in cells[::2] for proxy in ("linear", "knn")
    ]
    return {
        "models": models,
        "datasets": [{"dataset": task, "vtab_group": "natural"} for task in tasks],
        "finetune": [{**cell, "test_accuracy": draw(FRACTION)} for cell in cells],
        "proxy": proxies,
    }


NEVER = {
    "a rule is broken": "select * from violation",
    "regret is not in [0, 1]": """
        select * from regret
        where not coalesce(relative_regret between 0 and 1 and absolute_regret between 0 and 1, false)""",
    "regret rises with the budget": """
        select * from regret as less join regret as more using (strategy, pool, dataset)
        where less.budget < more.budget and less.relative_regret < more.relative_regret""",
    "the whole pool leaves regret": """
        select * from regret join pool_size using (pool)
        where budget = models and relative_regret <> 0 and strategy <> 'task_agnostic'""",
    "an order lacks a model": """
        select strategy, pool, dataset from ranking join pool_size using (pool) where strategy <> 'task_agnostic'
        group by all having count(*) <> any_value(models)""",
    "delta is not antisymmetric": """
        select * from delta as one left join delta as other
            on one.strategy = other.baseline and one.baseline = other.strategy and one.pool = other.pool
               and one.budget = other.budget and one.dataset = other.dataset
        where one.delta is distinct from -other.delta or one.log_odds_delta is distinct from -other.log_odds_delta""",
    "the hybrid does not start with the agnostic best": """
        select * from regret as hybrid join regret as agnostic using (pool, budget, dataset)
        where hybrid.strategy = 'hybrid_linear' and agnostic.strategy = 'task_agnostic' and budget = 1
              and hybrid.accuracy <> agnostic.accuracy""",
}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(studies())
def test_the_papers_inequalities(study: dict[str, list[world.Row]]) -> None:
    protocol = {"study": "random", "repeats": 2, "linear_repeats": 1, "proxies": ["linear", "knn"]}
    with tempfile.TemporaryDirectory() as folder:
        con = connect(world.write_study(Path(folder), protocol=protocol, **study), question=" ".join(NEVER.values()))
        for what, query in NEVER.items():
            assert con.execute(query).fetchall() == [], what
