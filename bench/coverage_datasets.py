"""How often a 95 % interval over datasets holds the expected regret on datasets that were never seen.

    python -m bench.coverage_datasets [--studies 80]

Each study: sources of two tasks each, drawn from one population; the accuracies of eight models differ by source, and less by task. The
strategy always takes the same model. One repeat, so that datasets alone are drawn.
"""

import argparse
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse import connect

MODELS, TASKS = 8, 2
QUESTION = "select low, high from mean_regret_dataset_interval where strategy = 'task_agnostic' and pool = 'ALL' and budget = 1"


def accuracies(sources: int, generator: np.random.Generator) -> npt.NDArray[np.floating[Any]]:
    """Draw accuracies [sources, MODELS, TASKS]."""
    of_source = generator.normal(0, 0.06, (sources, MODELS, 1))
    return np.clip(0.6 + of_source + generator.normal(0, 0.04, (sources, MODELS, TASKS)), 0.05, 0.95)


def write(folder: Path, accuracy: npt.NDArray[np.floating[Any]]) -> None:
    """Write a study of accuracies [sources, MODELS, TASKS]."""
    cells = list(product(*map(range, accuracy.shape)))
    tables = {
        "model": [{"model": f"m{m}", "imagenet_accuracy": 0.9 - m / 100} for m in range(MODELS)],
        "dataset": [{"dataset": f"d{s}-{t}", "source": f"source {s}: task {t}"} for s, m, t in cells if m == 0],
        "protocol": [{"study": "coverage", "repeats": 1}],
        "finetune/all": [
            {"model": f"m{m}", "dataset": f"d{s}-{t}", "repeat": 0, "test_accuracy": float(accuracy[s, m, t])}
            for s, m, t in cells
        ],
    }
    for name, rows in tables.items():
        (folder / name).parent.mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")


def main() -> None:
    parser = argparse.ArgumentParser(description="coverage of the intervals over datasets")
    parser.add_argument("--studies", type=int, default=80)
    studies = parser.parse_args().studies
    generator = np.random.default_rng(0)
    population = accuracies(20_000, generator)
    truth = float(np.mean((population.max(axis=1) - population[:, 0]) / (1 - population[:, 0])))
    print("sources  datasets  covered")
    for sources in (6, 12, 24):
        covered = []
        for _ in range(studies):
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder), accuracies(sources, generator))
                with connect(folder, pools=["ALL"], question=QUESTION) as con:
                    ((low, high),) = con.execute(QUESTION).fetchall()
            covered.append(low <= truth <= high)
        print(f"{sources:7}  {sources * TASKS:8}  {np.mean(covered):7.3f}", flush=True)


if __name__ == "__main__":
    main()
