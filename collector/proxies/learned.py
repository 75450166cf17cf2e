"""Learns to rank models for a dataset from what is known of other datasets: proxies, facts of models, and accuracies there.

The examples are those of `learning_example` in schema.sql, of one fold. That a regression over such features ranks models well across
datasets is the finding of Chaves et al. 2024, arXiv 2405.20420, section 4; the two regressions are scikit-learn's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from collector.proxies.inputs import Doubles

# The penalty of ridge is chosen by leave-one-out; the trees are few and shallow, because a fold has some hundred examples.
LEARNERS: dict[str, Callable[[], Any]] = {
    "learned_ridge": lambda: make_pipeline(StandardScaler(), RidgeCV(alphas=np.logspace(-1, 4, 16))),
    "learned_boosting": lambda: GradientBoostingRegressor(n_estimators=100, learning_rate=0.1, max_depth=3, random_state=0),
}


@dataclass(frozen=True)
class Fold:
    """The examples of one fold: those to learn from, x [n, f] and lost [n], and those to score, new [m, f] of models [m]."""

    x: Doubles
    lost: Doubles
    new: Doubles
    models: tuple[str, ...]


def fold(examples: pa.Table) -> Fold:
    """Turn the rows of one fold of `learning_example` into features. A number that is not known counts as 0."""
    columns = [np.array(examples["places"].to_pylist())]
    for name in ("num_params", "upstream_examples", "num_classes"):
        columns.append(np.log1p(np.array([value or 0 for value in examples[name].to_pylist()], float))[:, None])
    columns.append(examples["other_lost"].to_numpy()[:, None])
    features = np.hstack(columns)
    known = examples["lost"].is_valid().to_numpy(zero_copy_only=False)
    return Fold(
        features[known],
        examples["lost"].drop_null().to_numpy(),
        features[~known],
        tuple(examples["model"].filter(examples["lost"].is_null()).to_pylist()),
    )


def scores(learner: str, examples: Fold) -> dict[str, float]:
    """Return the score of each model of the fold's dataset: the relative regret that is predicted for it, with its sign changed."""
    predicted = LEARNERS[learner]().fit(examples.x, examples.lost).predict(examples.new)
    return {model: -float(one) for model, one in zip(examples.models, predicted, strict=True)}
