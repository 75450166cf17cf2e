"""How long an import takes, and how much memory: python -m bench.importing [SHIFT.csv]

Tidy tables of 10^5, 10^6 and 4 × 10^6 random numbers (1,000 models, up to 400 datasets and ten measures), and SHiFT's records where
their file is given. Each import is a process of its own, from its start to its end. Competitor: DuckDB alone, which reads the same file
with its types and writes it as one Parquet file, without a check.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SIZES = {100_000: (1000, 100, 1), 1_000_000: (1000, 100, 10), 4_000_000: (1000, 400, 10)}  # rows: models, datasets, measures
IMPORT = """
import sys
from pathlib import Path
from warehouse.importer import find_recipe, import_table
import_table(find_recipe(sys.argv[1]), [Path(sys.argv[2])], Path(sys.argv[3]))
"""
QUIET = "import duckdb, sys; con = duckdb.connect(); con.execute('set enable_progress_bar = false');"
COPY = f"""
{QUIET} con.execute("set memory_limit = '512MB'")
con.execute(f"copy (from read_csv('{{sys.argv[1]}}')) to '{{sys.argv[2]}}' (format parquet)")
"""
WRITE = f"""
{QUIET} path, models, datasets, measures = sys.argv[1:]
con.execute(f'''
    copy (select 'model-' || m as model, 'dataset-' || d as dataset, if(k = 0, 'finetune', 'proxy_' || k) as measure, random() as value
          from range({{models}}) as a(m), range({{datasets}}) as b(d), range({{measures}}) as c(k)) to '{{path}}' (format csv)''')
"""


def measure(code: str, *arguments: str) -> tuple[float, float, float]:
    """Run Python code in a process; return its wall seconds, processor seconds, and peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code, *arguments])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"A measured process ended with {process.returncode}.")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def say(what: str, seconds: float, processor: float, megabytes: float) -> None:
    print(f"{what:32} {seconds:6.2f} s {processor:6.2f} s of the processor {megabytes:6.0f} MB", flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for rows, counts in SIZES.items():
            table = str(folder / f"{rows}.csv")
            measure(WRITE, table, *map(str, counts))
            say(f"import of {rows:,} rows", *measure(IMPORT, "tidy", table, str(folder / f"study-{rows}")))
            say("  DuckDB alone", *measure(COPY, table, str(folder / f"{rows}.parquet")))
        for path in sys.argv[1:]:
            say(f"import of {Path(path).name}", *measure(IMPORT, "shift", path, str(folder / "shift")))


if __name__ == "__main__":
    main()
