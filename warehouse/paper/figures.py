"""Asks any study what the paper's figures and tables show, in SQL."""

from collections.abc import Mapping

_WRITTEN = {
    "figures 3, 4, 14–16, 18: relative regret by dataset": """
select dataset, strategy, relative_regret
from regret
where pool = 'ALL' and budget = 1
order by dataset, strategy""",
    "figures 5, 6, 19–22: delta of two strategies": """
select dataset, delta
from delta
where strategy = 'linear' and baseline = 'task_agnostic' and pool = 'ALL' and budget = 1
order by delta, dataset""",
    "figures 7, 17: share of datasets with zero regret": """
select strategy, budget, share
from zero_regret_share
where pool = 'ALL' and budget <= 10
order by strategy, budget""",
    "tables 4, 5: the budget of first zero regret": """
select strategy, dataset, budget
from zero_regret_budget
where pool = 'ALL'
order by strategy, dataset""",
    "figures 8, 9, appendix B: correlation beside regret": """
select dataset, proxy, pearson, kendall, relative_regret
from proxy_correlation
where pool = 'ALL'
order by dataset, proxy""",
    "figures 10, 11: log odds of regret": """
select dataset, strategy, log_odds_regret
from regret
where pool = 'ALL' and budget = 1
order by dataset, strategy""",
    "figures 12, 13: log odds of delta": """
select dataset, log_odds_delta
from delta
where strategy = 'linear' and baseline = 'task_agnostic' and pool = 'ALL' and budget = 1
order by log_odds_delta, dataset""",
    "figure 23: kNN score against size": """
select model, dataset, feature_dim, score
from score_by_dimension
where proxy = 'knn'
order by feature_dim, model, dataset""",
    "figures 24–28: accuracies": """
from accuracy_range
where pool = 'ALL'
order by dataset""",
    "figures 24–28: top picks": """
from top_pick
where pool = 'ALL'
order by strategy, dataset""",
    "the printed numbers beside ours": """
from paper_regret_comparison
order by all""",
}
FIGURES: Mapping[str, str] = {figure: sql.strip() for figure, sql in _WRITTEN.items()}
