"""An import of a million rows, and of SHiFT's records, by processor time, which other work on the machine does not stretch."""

import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest
from paths import ROOT, SHARED

from warehouse.importer import find_recipe, import_table

pytestmark = pytest.mark.slow

IMPORT = """
import re, sys, time
from pathlib import Path
from warehouse.importer import find_recipe, import_table
rows = import_table(find_recipe("tidy"), [Path(sys.argv[1])], Path(sys.argv[2])).rows_kept
(kilobytes,) = re.findall(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(rows, time.process_time(), kilobytes)
"""


def test_a_million_rows_take_seconds_and_a_bounded_amount_of_memory(tmp_path: Path) -> None:
    duckdb.execute(f"""
        copy (select 'model-' || m as model, 'dataset-' || d as dataset, if(k = 0, 'finetune', 'proxy_' || k) as measure, random() as value
              from range(1000) as a(m), range(100) as b(d), range(10) as c(k)) to '{tmp_path}/big.csv' (format csv)""")
    command = [sys.executable, "-c", IMPORT, str(tmp_path / "big.csv"), str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    rows, seconds, kilobytes = map(float, done.stdout.split())
    assert (rows, done.stderr) == (1_000_000, "")
    assert seconds < 10
    assert kilobytes < 900_000, "DuckDB's limit of 512 MB, and what Python and DuckDB take when idle"


def test_shifts_records_take_less_than_two_seconds(tmp_path: Path) -> None:
    path = SHARED / "published" / "shift" / "ftrecords.csv"
    if not path.is_file():
        pytest.skip(f"the published table is not there ({path})")
    start = time.process_time()
    import_table(find_recipe("shift"), [path], tmp_path / "out")
    assert time.process_time() - start < 2
