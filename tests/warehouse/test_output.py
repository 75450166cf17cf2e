"""Rows as a table, as CSV and as JSON: every type of value is printed one way."""

import io
import json
import subprocess
import sys

import duckdb
import pytest

from warehouse.output import print_rows


def printed(sql: str, kind: str) -> list[str]:
    out = io.StringIO()
    print_rows(duckdb.connect(), sql, kind, out)
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("value", "text", "in_json"),
    [
        ("[0.25, null]", "[0.25, NULL]", [0.25, None]),
        ("{'half': 0.5, 'on': date '2020-01-01'}", "{'half': 0.5, 'on': 2020-01-01}", {"half": 0.5, "on": "2020-01-01"}),
        ("map {'a': 1.5}", "{a=1.5}", {"a": 1.5}),
        ("array_value(1.5, 2)", "[1.5, 2.0]", [1.5, 2.0]),
        ("'a\\xAA'::blob", "a\\xAA", "a\\xAA"),
    ],
)
def test_no_value_is_printed_as_python_code(value: str, text: str, in_json: object) -> None:
    assert printed(f"select {value} as x", "table") == ["x", text]
    assert printed(f"select {value} as x", "csv")[1].strip('"') == text
    assert json.loads("".join(printed(f"select {value} as x", "json"))) == [{"x": in_json}]


def test_csv_has_duckdbs_text() -> None:
    row = "select true, 0.1, 1e300, 'inf'::double, 2.50::decimal(4, 2), null, date '2026-01-02', timestamptz '2026-01-02 03:04:05+00'"
    assert printed(row, "csv")[1] == "true,0.1,1e+300,inf,2.50,,2026-01-02,2026-01-02 03:04:05+00"


def test_the_order_of_rows_stays() -> None:
    rows = "select i, [i] as x from range(5000) as a(i) order by (i * 7919) % 5000"
    assert [int(line.split(",")[0]) for line in printed(rows, "csv")[1:]] == sorted(range(5000), key=lambda i: i * 7919 % 5000)


def test_csv_streams_in_constant_memory() -> None:
    """Memory does not grow with the number of rows: holding ten times as many would take 75 MB more."""

    def megabytes(rows: int) -> int:
        code = f"""
import sys
from pathlib import Path
import duckdb
from warehouse.output import print_rows
print_rows(duckdb.connect(), "select i, 'model-' || i % 100 as model, i * 0.5 as x from range({rows}) as a(i)", "csv", sys.stdout)
status = Path("/proc/self/status").read_text()  # ru_maxrss starts at the parent's
print(int(status.split("VmHWM:")[1].split()[0]) // 1024, file=sys.stderr)
"""
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True
        )
        return int(done.stderr)

    assert megabytes(300_000) < megabytes(30_000) + 30
