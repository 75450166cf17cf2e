"""Representations with overlapping classes, for every test of a proxy."""

import numpy as np

from collector.procedures.linear import Floats, Labels


def clouds(n: int, d: int, k: int, seed: int = 0, spread: float = 1.0) -> tuple[Floats, Labels]:
    """Give a representation [n, d] and labels [n] of k classes, two examples of each at least.

    Their centres are not zero, every dimension has another scale, and spread is the deviation within classes over that between them.
    """
    generator = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(k), np.arange(k), generator.integers(0, k, n - 2 * k)])
    centres = generator.normal(size=(k, d))
    scales = generator.uniform(0.5, 2, d)
    return scales * (centres[labels] + spread * generator.normal(size=(n, d))) + 3, labels
