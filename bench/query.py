"""How long a question takes from a cold start, on a study of a few thousand rows, against the same without the views.

    python -m bench.query [--runs 15]

The study: 12 models x 19 datasets, 2 learning rates x 3 repeats of fine-tunes and of the linear proxy, and kNN, in one file a cell
of random numbers (2,964 rows in 684 files), and packed into one file a fact. Competitor: `python -c "import duckdb"` with one
`select count(*)` over the packed file, which is what no command on this stack can go below. Both run in turn, whole processes.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

RATES, REPEATS = (0.1, 0.01), 3


def write(folder: Path, packed: bool) -> int:
    """Write the study; returns its rows."""
    generator = np.random.default_rng(0)
    models, datasets = [f"m{i:02}" for i in range(12)], [f"d{i:02}" for i in range(19)]
    sizes = generator.integers(1_000_000, 90_000_000, len(models))
    facts: dict[str, dict[str, list[dict[str, object]]]] = {"finetune": {}, "proxy": {}}
    for model, dataset in product(models, datasets):
        runs = [
            {"model": model, "dataset": dataset, "learning_rate": rate, "repeat": r} for rate in RATES for r in range(REPEATS)
        ]
        cell = f"{model}+{dataset}"
        facts["finetune"][cell] = [
            {**run, **dict(zip(("validation_accuracy", "test_accuracy"), generator.random(2), strict=True))} for run in runs
        ]
        facts["proxy"][f"linear+{cell}"] = [{**run, "proxy": "linear", "score": generator.random()} for run in runs]
        knn: dict[str, object] = {
            "model": model,
            "dataset": dataset,
            "learning_rate": None,
            "repeat": 0,
            "proxy": "knn",
            "score": generator.random(),
        }
        facts["proxy"][f"knn+{cell}"] = [knn]
    tables: dict[str, list[dict[str, object]]] = {
        "model": [
            {"model": m, "family": "imagenet", "imagenet_accuracy": float(a), "num_params": int(n), "feature_dim": 2048}
            for m, a, n in zip(models, generator.random(len(models)), sizes, strict=True)
        ],
        "dataset": [{"dataset": d, "vtab_group": "natural"} for d in datasets],
        "protocol": [
            {
                "study": "bench",
                "learning_rates": RATES,
                "repeats": REPEATS,
                "linear_learning_rates": RATES,
                "linear_repeats": REPEATS,
                "proxies": ["knn", "linear"],
            }
        ],
    }
    for name, rows in tables.items():
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    count = 0
    for fact, cells in facts.items():
        (folder / fact).mkdir()
        count += sum(map(len, cells.values()))
        parts = {"all": [row for rows in cells.values() for row in rows]} if packed else cells
        schema = pa.Table.from_pylist([row for rows in cells.values() for row in rows]).schema
        for name, rows in parts.items():
            pq.write_table(pa.Table.from_pylist(rows, schema), folder / fact / f"{name}.parquet")
    return count


def seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    question = "select strategy, budget, relative_regret from mean_regret where pool = 'ALL' and budget <= 2"
    with tempfile.TemporaryDirectory() as folder:
        for name in ("packed", "parts"):
            path = Path(folder, name)
            path.mkdir()
            rows = write(path, name == "packed")
            count = f"import duckdb; duckdb.sql(\"select count(*) from '{folder}/packed/finetune/all.parquet'\").fetchall()"
            ours = [sys.executable, "-m", "needle", "query", question, "--study", str(path)]
            pairs = [(seconds(ours), seconds([sys.executable, "-c", count])) for _ in range(runs)]
            mine, floor = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
            spread = f"{min(pair[0] for pair in pairs):.2f} to {max(pair[0] for pair in pairs):.2f}"
            print(f"{rows} rows, {name}: {mine:.2f} s (median of {runs}, {spread}), {mine / floor:.1f} times a bare DuckDB query")


if __name__ == "__main__":
    main()
