"""How long a redraw takes in a real browser after one control changed, on a small study and on one of many runs.

    python -m bench.dashboard [--runs 1000000] [--changes 8]

Small: 12 models x 19 datasets (bench.query's study). Large: 100 models x 50 datasets of random numbers, 2 learning rates, as many
repeats as make the runs. From the click on the budget's + until the link has changed, the script stands still and every chart is
drawn. Competitor: an app of Streamlit with the same control and one line of text, which is what no page on this stack can go below.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from bench import query
from bench.browser import browser, opened, server, until

PAGES = ("", "regret", "compare", "budget", "models", "proxies", "simulate", "data")
BARE = """
import streamlit as st
st.title("bare")
number = st.number_input("Budget B", 1, 10_000, 1, key="budget")
st.write(f"With {number}")
st.query_params["budget"] = str(number)
"""
UP = "return document.querySelector('[data-testid=\"stNumberInputStepUp\"]:not([disabled])')"
CHANGE = """
    const done = arguments[arguments.length - 1], budget = () => new URL(location).searchParams.get('budget')
    const before = budget(), start = performance.now()
    document.querySelector('[data-testid="stNumberInputStepUp"]').click()
    const drawn = () => {
        const app = document.querySelector('[data-testid="stApp"]')
        const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')]
        if (budget() !== before && app.dataset.testScriptState === 'notRunning' && !document.querySelector('[data-stale="true"]')
            && charts.every(chart => chart.querySelector('canvas, svg.marks')))
            requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)))
        else setTimeout(drawn, 5)
    }
    drawn()
"""


def write(folder: Path, runs: int) -> None:
    """Write the large study: random numbers that follow from the keys."""
    models, datasets, rates = 100, 50, (0.1, 0.01)
    repeats = max(1, runs // (models * datasets * len(rates)))
    for name in ("finetune", "proxy"):
        (folder / name).mkdir(parents=True)
    con = duckdb.connect()
    key = f"'m' || m as model, 'd' || d as dataset from range({models}) as one(m), range({datasets}) as other(d)"
    drawn = "0.5 + 0.3 * hash(m, d, 1) / 2.0**64 + 0.1 * hash(m, d, rate, repeat) / 2.0**64"
    tables = {
        "model": f"select 'm' || m as model, 'imagenet' as family, 0.5 + m / 250.0 as imagenet_accuracy, 1000000 * (1 + m) as num_params, "
        f"2048 as feature_dim from range({models}) as one(m)",
        "dataset": "select 'd' || d as dataset, ['natural', 'specialized', 'structured'][1 + d % 3] as vtab_group "
        f"from range({datasets}) as o(d)",
        "protocol": f"select 'large' as study, [0.1, 0.01] as learning_rates, {repeats} as repeats, ['knn'] as proxies",
        "finetune/all": f"select rate as learning_rate, repeat::integer as repeat, {drawn} as validation_accuracy, "
        f"{drawn} as test_accuracy, 60.0 as seconds, {key}, range({repeats}) as r(repeat), unnest([0.1, 0.01]) as l(rate)",
        "proxy/knn": f"select 'knn' as proxy, null::double as learning_rate, 0 as repeat, 0.5 + 0.4 * hash(m, d, 1) / 2.0**64 as score, "
        f"0.5 as seconds, {key}",
    }
    for name, sql in tables.items():
        con.execute(f"copy ({sql}) to '{folder / name}.parquet' (format parquet)")


@contextmanager
def bare(folder: Path) -> Iterator[str]:
    """The competitor's server; gives its address."""
    (folder / "bare.py").write_text(BARE)
    port = 8599
    options = [
        f"--server.port={port}",
        "--server.address=127.0.0.1",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(folder / "bare.py"), *options], stdout=subprocess.DEVNULL
    )
    try:
        time.sleep(5)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def redraws(address: str, changes: int, charts: bool) -> list[float]:
    """Seconds of each change, of which the first is left out: it has nothing in its caches."""
    with browser() as driver:
        driver.set_script_timeout(120)
        start = time.perf_counter()
        opened(driver, address, charts)
        until(driver, UP, "the budget")
        print(f"  {address.rsplit('/', 1)[1] or 'start':9} first seen after {time.perf_counter() - start:5.2f} s", end="")
        return [driver.execute_async_script(CHANGE) / 1000 for _ in range(changes + 1)][1:]


def main() -> None:
    parser = argparse.ArgumentParser(description="seconds from a change to the page that is drawn again")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--changes", type=int, default=8)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        (home / "results" / "small").mkdir(parents=True)
        query.write(home / "results" / "small", packed=True)
        write(home / "results" / "large", args.runs)
        with bare(home) as address:
            print("competitor")
            floor = statistics.median(redraws(f"{address}/", args.changes, charts=False))
            print(f"   redraw {floor:.3f} s")
        for study in ("small", "large"):
            with server(study, home) as address:
                print(study)
                for page in PAGES:
                    seconds = redraws(f"{address}/{page}", args.changes, charts=page != "data")
                    middle = statistics.median(seconds)
                    print(f"   redraw {middle:.3f} s, at most {max(seconds):.3f} s, {middle / floor:.1f} x the competitor")


if __name__ == "__main__":
    main()
