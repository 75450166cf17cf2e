"""How long a redraw takes in a real browser after one control changed, on a study of haystack's size and on one of many runs.

    python -m bench.dashboard [--runs 1000000] [--changes 8] [--pages simulate,start]

Haystack: 24 models x 19 datasets, 2 learning rates x 3 repeats. Large: 100 models x 50 datasets, as many repeats as make the runs.
Random numbers that follow from the keys, with everything that a page draws: families, groups, two proxies, seconds. Simulate has a
strategy of the session in its link. The budget is one more; a strategy is taken out; the pool is the next. From the click until the
link has changed, the script stands still and every chart is drawn. Competitor: an app of Streamlit with the same control and one line
of text, which is what no page on this stack can go below.
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
from typing import Any

import duckdb
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.keys import Keys

from bench.browser import browser, opened, server, until
from dashboard.session.simulations import encode

TRIED = "select pool, dataset, model, row_number() over (partition by pool, dataset order by num_params, model) as rank from candidate"
PAGES = {
    **{page: page for page in ("start", "regret", "compare", "budget", "models", "proxies", "data")},
    "start": "",
    "simulate": f"simulate?simulated={encode({'smallest': TRIED})}",
}
BARE = """
import streamlit as st
st.title("bare")
number = st.sidebar.number_input("Budget B", 1, 10_000, 1, key="budget")
st.write(f"With {number}")
st.query_params["budget"] = str(number)
"""
UP = 'return document.querySelector(\'[data-testid="stSidebar"] [data-testid="stNumberInputStepUp"]:not([disabled])\')'
REMOVE = (
    'return document.querySelector(\'[data-testid="stSidebar"] [data-testid="stMultiSelect"] button[aria-label^="Remove "]\')'
)
POOL = "return document.querySelector('input[aria-label=\"Pool\"]')"
BEGIN = """
    const [name, event] = arguments
    window.before = new URL(location).searchParams.get(name)
    addEventListener(event, () => { window.began = performance.now() }, {capture: true, once: true})
"""
END = """
    const name = arguments[0], done = arguments[arguments.length - 1]
    const drawn = () => {
        const app = document.querySelector('[data-testid="stApp"]')
        const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')]
        if (new URL(location).searchParams.get(name) !== window.before && app.dataset.testScriptState === 'notRunning'
            && !document.querySelector('[data-stale="true"]') && charts.every(chart => chart.querySelector('canvas, svg.marks')))
            requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - window.began)))
        else setTimeout(drawn, 5)
    }
    drawn()
"""


def write(folder: Path, models: int, datasets: int, repeats: int) -> None:
    """Write a study."""
    for name in ("finetune", "proxy", "representation"):
        (folder / name).mkdir(parents=True)
    con = duckdb.connect()
    con.execute(
        f"create view cell as select 'm' || m as model, 'd' || d as dataset, m, d from range({models}) as one(m), range({datasets}) as o(d)"
    )
    con.execute(f"create view run as from cell, range({repeats}) as r(repeat), unnest([0.1, 0.01]) as l(learning_rate)")
    drawn = "0.5 + 0.3 * hash(m, d, 1) / 2.0**64 + 0.1 * hash(m, d, learning_rate, repeat) / 2.0**64"
    score = "0.4 + 0.3 * hash(m, d, 1) / 2.0**64 + 0.2 * hash(m, d, {}) / 2.0**64 as score"
    few = "from cell, range(3) as r(repeat), unnest([0.1, 0.01]) as l(learning_rate)"
    tables = {
        "model": f"""select 'm' || m as model, ['imagenet', 'expert', 'vtab', 'scratch'][1 + m % 4] as family,
            if(m % 4 = 0, 0.5 + m / 250.0, null) as imagenet_accuracy, 1000000 * (1 + m) as num_params,
            512 << (m % 4) as feature_dim from range({models}) as one(m)""",
        "dataset": f"""select 'd' || d as dataset, ['natural', 'specialized', 'structured'][1 + d % 3] as vtab_group
            from range({datasets}) as o(d)""",
        "protocol": f"""select 'bench' as study, [0.1, 0.01] as learning_rates, {repeats} as repeats,
            [0.1, 0.01] as linear_learning_rates, 3 as linear_repeats, ['knn', 'linear'] as proxies""",
        "finetune/all": f"""select learning_rate, repeat::integer as repeat, {drawn} as validation_accuracy, {drawn} as test_accuracy,
            60.0 as seconds, model, dataset from run""",
        "proxy/linear": f"""select 'linear' as proxy, learning_rate, repeat::integer as repeat, {score.format("repeat")}, 0.5 as seconds,
            model, dataset {few}""",
        "proxy/knn": f"""select 'knn' as proxy, null::double as learning_rate, 0 as repeat, {score.format("-1")}, 0.5 as seconds,
            model, dataset from cell""",
        "representation/all": "select model, dataset, 2.5 as representation_seconds from cell",
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


def clicked(driver: WebDriver, script: str, name: str) -> float:
    """Seconds from a click on what the script finds until the page is drawn again. name: what changes in the link."""
    button = until(driver, script, name)
    driver.execute_script(BEGIN, name, "click")
    driver.execute_script("arguments[0].click()", button)
    return float(driver.execute_async_script(END, name)) / 1000


def pooled(driver: WebDriver) -> float:
    """The same from the Enter that takes the next pool."""
    box: Any = until(driver, POOL, "the pool")
    box.click()
    box.send_keys(Keys.ARROW_DOWN)
    driver.execute_script(BEGIN, "pool", "keydown")
    box.send_keys(Keys.ENTER)
    return float(driver.execute_async_script(END, "pool")) / 1000


def first(address: str, charts: bool) -> float:
    """Seconds until a page is drawn that a new browser opens."""
    with browser() as driver:
        start = time.perf_counter()
        opened(driver, address, charts)
        return time.perf_counter() - start


def redraws(address: str, changes: int, charts: bool) -> list[float]:
    """Seconds of each change of the budget, of which the first is left out: it has nothing in its caches."""
    with browser() as driver:
        driver.set_script_timeout(120)
        opened(driver, address, charts)
        return [clicked(driver, UP, "budget") for _ in range(changes + 1)][1:]


def others(address: str, charts: bool) -> tuple[list[float], list[float]]:
    """Seconds of taking out each strategy but one, and of taking each pool, in this order."""
    with browser() as driver:
        driver.set_script_timeout(120)
        opened(driver, address, charts)
        without = [clicked(driver, REMOVE, "strategies") for _ in range(3)]
        return without, [pooled(driver) for _ in range(4)]


def main() -> None:
    parser = argparse.ArgumentParser(description="seconds from a change to the page that is drawn again")
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--changes", type=int, default=8)
    parser.add_argument("--pages", default=",".join(PAGES))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary)
        write(home / "results" / "haystack", 24, 19, 3)
        write(home / "results" / "large", 100, 50, max(1, args.runs // 10_000))
        with bare(home) as address:
            floor = statistics.median(redraws(f"{address}/", args.changes, charts=False))
            print(f"competitor: redraw {floor:.3f} s")
        for study in ("haystack", "large"):
            with server(study, home) as address:
                print(f"{study}: seconds, median (most)")
                for page in args.pages.split(","):
                    at, charts = f"{address}/{PAGES[page]}", page != "data"
                    seen, budget = first(at, charts), redraws(at, args.changes, charts)
                    strategies, pools = others(at, charts)
                    words = ", ".join(
                        f"{what} {statistics.median(found):.3f} ({max(found):.3f})"
                        for what, found in (("budget", budget), ("strategies", strategies), ("pool", pools))
                    )
                    print(
                        f"  {page:8} {words}, {statistics.median(budget) / floor:.1f} x the competitor; first seen {seen:.2f}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
