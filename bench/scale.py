"""What a question costs as studies grow, against polars and pandas doing the same, and against reading the files at all.

    pip install -e '.[bench]' && python -m bench.scale [--sizes 4 6 7 8] [--folder FOLDER]

Synthetic studies of 10^4 to 10^8 fine-tunes in Parquet; every figure is a process of its own, with the study's files in the
system's cache. `sum` is `select sum(test_accuracy)` over the files, the least that any answer takes. `accuracy`: the better validation
accuracy's run of each repeat, the median of the repeats, per cell. `regret`: on top of it, the mean relative regret of linear and knn
in ALL at every budget. The three must agree to nine digits. Then what only needle does: opening, all strategies x pools x budgets.
A study is written once to the folder, and found there again.
"""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import scale_study

SIZES = {4: (50, 10, 2, 10), 6: (200, 100, 2, 25), 7: (500, 200, 4, 25), 8: (1000, 500, 4, 50)}
HEAD = "runs     models  datasets  measured             seconds  times sum  memory, MB"
MEASURES = (
    ("sum", "duckdb"),
    ("accuracy", "needle"),
    ("accuracy", "polars"),
    ("accuracy", "pandas"),
    ("regret", "needle"),
    ("regret", "polars"),
    ("regret", "pandas"),
    ("mean_regret_10", "needle"),
    ("mean_regret", "needle"),
)


def measure(question: str, engine: str, folder: Path) -> dict[str, float] | str:
    """Seconds, peak bytes and the checked number of one question in a fresh process; or why there is none."""
    command = [sys.executable, "-m", "bench.scale_answer", question, engine, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        return lines[-1] if lines else f"killed (exit {done.returncode})"
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def report(size: int, folder: Path) -> None:
    models, datasets, rates, repeats = SIZES[size]
    scale_study.write(folder, models, datasets, rates, repeats)
    found: dict[str, float] = {}
    floor = 0.0
    for question, engine in MEASURES:
        answer = measure(question, engine, folder)
        head = f"10^{size}  {models:9}  {datasets:8}  {question:14} {engine:6}"
        if isinstance(answer, str):
            print(f"{head}  none: {answer[:60]}", flush=True)
            continue
        floor = floor or answer["seconds"]
        seconds, times, memory = answer["seconds"], answer["seconds"] / floor, answer["bytes"] / 1e6
        print(f"{head} {seconds:8.3f} {times:9.1f}  {memory:10.0f}", flush=True)
        if not math.isclose(found.setdefault(question, answer["number"]), answer["number"], rel_tol=1e-9):
            sys.exit(f"{engine} finds {answer['number']} for {question}, not {found[question]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", choices=SIZES, default=list(SIZES))
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(HEAD)
        for size in given.sizes:
            report(size, (given.folder or Path(folder)) / str(size))


if __name__ == "__main__":
    main()
