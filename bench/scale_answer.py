"""Answers one question with one engine, in a process of its own; prints seconds, peak bytes and a number to compare."""

import importlib
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

MEMORY = 14 * 2**30
PROXIES = ("knn", "linear")
MORE = 24


def duckdb_sum(folder: Path) -> float:
    import duckdb

    ((total,),) = duckdb.connect().execute(f"select sum(test_accuracy) from '{folder}/finetune/*.parquet'").fetchall()
    return float(total)


def needle_accuracy(folder: Path) -> float:
    return _needle(folder, "select sum(accuracy) from accuracy")


def needle_regret(folder: Path) -> float:
    return _needle(
        folder, "select sum(relative_regret) from mean_regret where pool = 'ALL' and strategy in ('linear', 'knn')", "ALL"
    )


def needle_mean_regret(folder: Path) -> float:
    return _needle(folder, "select sum(relative_regret) from mean_regret")


def needle_mean_regret_10(folder: Path) -> float:
    return _needle(folder, "select sum(relative_regret) from mean_regret where budget <= 10")


def needle_more_strategies(folder: Path) -> float:
    """As mean_regret_10, with MORE strategies beside the built-in ones."""
    from warehouse.strategy import STRATEGIES

    with tempfile.TemporaryDirectory() as temporary:
        linear = Path(temporary) / "linear.sql"
        linear.write_text((STRATEGIES / "each_proxy" / "PROXY.sql").read_text().replace("PROXY", "linear"))
        more = {f"linear_{i}": linear for i in range(MORE)}
        return _needle(folder, "select sum(relative_regret) from mean_regret where budget <= 10", added=more)


def _needle(folder: Path, question: str, *pools: str, added: Mapping[str, Path] | None = None) -> float:
    from warehouse import connect

    ((total,),) = connect(folder, question=question, pools=pools, added=added).execute(question).fetchall()
    return float(total)


def polars_accuracy(folder: Path) -> float:
    return float(_polars_cells(folder)["accuracy"].sum())


def polars_regret(folder: Path) -> float:
    import polars as pl

    cells = _polars_cells(folder)
    total = 0.0
    for proxy in PROXIES:
        score = pl.scan_parquet(folder / "proxy/*.parquet").filter(pl.col("proxy") == proxy).select("model", "dataset", "score")
        ordered = score.join(cells.lazy(), on=["model", "dataset"]).sort(
            "dataset", "score", "model", descending=[False, True, False]
        )
        best, oracle = pl.col("accuracy").cum_max().over("dataset"), pl.col("accuracy").max().over("dataset")
        regret = ordered.select((pl.when(best == oracle).then(0.0).otherwise((oracle - best) / (1 - best))).alias("regret"))
        total += float(regret.collect(engine="streaming")["regret"].sum())
    return total / float(cells["dataset"].n_unique())


def _polars_cells(folder: Path):  # type: ignore[no-untyped-def]
    import polars as pl

    key = ["model", "dataset", "repeat"]
    runs = pl.scan_parquet(folder / "finetune/*.parquet").select(*key, "learning_rate", "validation_accuracy", "test_accuracy")
    best = runs.group_by(key).agg(
        pl.col("test_accuracy").sort_by("validation_accuracy", "learning_rate", descending=[True, False]).first()
    )
    cells = best.group_by("model", "dataset").agg(pl.col("test_accuracy").median().alias("accuracy"))
    return cells.collect(engine="streaming")


def pandas_accuracy(folder: Path) -> float:
    return float(_pandas_cells(folder)["accuracy"].sum())


def pandas_regret(folder: Path) -> float:
    import numpy as np
    import pandas as pd

    cells = _pandas_cells(folder)
    scores = pd.read_parquet(folder / "proxy", columns=["proxy", "model", "dataset", "score"])
    total = 0.0
    for proxy in PROXIES:
        joined = scores[scores["proxy"] == proxy].merge(cells, on=["model", "dataset"])
        ordered = joined.sort_values(["dataset", "score", "model"], ascending=[True, False, True])
        groups = ordered.groupby("dataset", sort=False)["accuracy"]
        best, oracle = groups.cummax(), groups.transform("max")
        total += float(np.where(best == oracle, 0.0, (oracle - best) / (1 - best)).sum())
    return total / float(cells["dataset"].nunique())


def _pandas_cells(folder: Path):  # type: ignore[no-untyped-def]
    import pandas as pd

    columns = ["model", "dataset", "repeat", "learning_rate", "validation_accuracy", "test_accuracy"]
    runs = pd.read_parquet(folder / "finetune", columns=columns)
    ordered = runs.sort_values(["validation_accuracy", "learning_rate"], ascending=[False, True], kind="stable")
    best = ordered.drop_duplicates(["model", "dataset", "repeat"])
    return best.groupby(["model", "dataset"])["test_accuracy"].median().rename("accuracy").reset_index()


ANSWERS: dict[tuple[str, str], Callable[[Path], float]] = {
    ("sum", "duckdb"): duckdb_sum,
    ("accuracy", "needle"): needle_accuracy,
    ("accuracy", "polars"): polars_accuracy,
    ("accuracy", "pandas"): pandas_accuracy,
    ("regret", "needle"): needle_regret,
    ("regret", "polars"): polars_regret,
    ("regret", "pandas"): pandas_regret,
    ("mean_regret_10", "needle"): needle_mean_regret_10,
    ("mean_regret", "needle"): needle_mean_regret,
    ("more_strategies", "needle"): needle_more_strategies,
}


def main() -> None:
    question, engine, folder = sys.argv[1:]
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))  # who wants more fails, and not the machine
    importlib.import_module("warehouse" if engine == "needle" else engine)  # what a session pays once
    start, processor = time.perf_counter(), time.process_time()
    number = ANSWERS[question, engine](Path(folder))
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0]) * 1024  # not ru_maxrss, which starts at the parent's
    print(json.dumps({"seconds": seconds, "processor": processor, "bytes": peak, "number": number}))


if __name__ == "__main__":
    main()
