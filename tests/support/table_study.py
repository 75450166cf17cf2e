"""Studies from arrays: accuracies and scores of models on datasets, one run a cell."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import world

Table = npt.NDArray[np.float64]


def write_table(
    folder: Path, accuracy: Table, scores: Mapping[str, Table] | None = None, *, sources: Sequence[str | None] | None = None
) -> Path:
    """Write a study. accuracy, scores: [models, datasets]; NaN: no run. sources: of the datasets; without them each is its own."""
    models, datasets = accuracy.shape

    def cells(table: Table) -> list[tuple[world.Row, float]]:
        keys = ({"model": f"m{m}", "dataset": f"d{d}", "repeat": 0} for m in range(models) for d in range(datasets))
        return [(key, float(value)) for key, value in zip(keys, table.flat, strict=True) if not np.isnan(value)]

    return world.write_study(
        folder,
        models=[{"model": f"m{m}", "num_params": 1000 + m} for m in range(models)],
        datasets=[{"dataset": f"d{d}", "source": sources[d] if sources else None} for d in range(datasets)],
        protocol={"study": "table", "repeats": 1, "proxies": list(scores or {})},
        finetune=[{**key, "test_accuracy": value} for key, value in cells(accuracy)],
        proxy=[{"proxy": proxy, **key, "score": value} for proxy, table in (scores or {}).items() for key, value in cells(table)],
    )
