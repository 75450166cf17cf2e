"""How often 95 % intervals hold the true regret, and how far plain and split regret are from it, where the truth is known.

    python -m bench.coverage [--studies 20]

Each study: models whose expected accuracies are drawn around 0.7, five repeats with noise around them, and a strategy that always
takes the same model. By cell: the intervals of single datasets; by mean: those of the mean over the datasets of a study.
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

DATASETS, REPEATS = 15, 5
QUESTION = "regret_interval mean_regret_interval split_regret"


def study(
    folder: Path, models: int, spread: float, noise: float, generator: np.random.Generator
) -> npt.NDArray[np.floating[Any]]:
    """Write a study; returns the true relative regrets [datasets] of always taking the first model."""
    truth = np.clip(generator.normal(0.7, spread, (models, DATASETS)), 0.02, 0.98)
    runs = [
        {
            "model": f"m{m}",
            "dataset": f"d{d}",
            "repeat": r,
            "test_accuracy": float(np.clip(generator.normal(truth[m, d], noise), 0, 1)),
        }
        for m, d, r in product(range(models), range(DATASETS), range(REPEATS))
    ]
    tables = {
        "model": [{"model": f"m{m}", "imagenet_accuracy": 0.9 - m / 100} for m in range(models)],
        "dataset": [{"dataset": f"d{d}"} for d in range(DATASETS)],
        "protocol": [{"study": "coverage", "repeats": REPEATS}],
        "finetune/all": runs,
    }
    for name, rows in tables.items():
        (folder / name).parent.mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    best = truth.max(axis=0)
    return np.asarray((best - truth[0]) / (1 - truth[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description="coverage of the intervals, bias of regret")
    parser.add_argument("--studies", type=int, default=20)
    studies = parser.parse_args().studies
    print(f"{studies} studies of {DATASETS} datasets each, {REPEATS} repeats")
    print("models  spread  noise  covered, cells  covered, means  true   plain   split")
    for models, spread, noise in ((12, 0.1, 0.005), (12, 0.05, 0.01), (12, 0.05, 0.03), (30, 0.05, 0.02)):
        generator = np.random.default_rng(0)
        cells, means, regrets = [], [], []
        for _ in range(studies):
            with tempfile.TemporaryDirectory() as folder:
                truth = study(Path(folder), models, spread, noise, generator)
                con = connect(folder, pools=["ALL"], question=QUESTION)
                asked = "where strategy = 'task_agnostic' and budget = 1"
                for dataset, low, high in con.execute(f"select dataset, low, high from regret_interval {asked}").fetchall():
                    cells.append(low <= truth[int(dataset[1:])] <= high)
                ((plain, low, high),) = con.execute(
                    f"select relative_regret, low, high from mean_regret_interval {asked}"
                ).fetchall()
                ((split,),) = con.execute(f"select avg(relative_regret) from split_regret {asked}").fetchall()
                means.append(low <= truth.mean() <= high)
                regrets.append((truth.mean(), plain, split))
        true, plain, split = np.mean(regrets, axis=0)
        head = f"{models:6}  {spread:6}  {noise:5}  {np.mean(cells):14.3f}  {np.mean(means):14.3f}"
        print(f"{head}  {true:.3f}  {plain - true:+.4f}  {split - true:+.4f}", flush=True)


if __name__ == "__main__":
    main()
