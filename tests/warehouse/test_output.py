"""Rows as a table, as CSV and as JSON: every kind of value has one way to be written."""

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
    ("value", "said", "in_json"),
    [
        ("[0.25, null]", "[0.25, NULL]", [0.25, None]),
        ("{'half': 0.5, 'on': date '2020-01-01'}", "{'half': 0.5, 'on': 2020-01-01}", {"half": 0.5, "on": "2020-01-01"}),
        ("map {'a': 1.5}", "{a=1.5}", {"a": 1.5}),
        ("array_value(1.5, 2)", "[1.5, 2.0]", [1.5, 2.0]),
        ("'a\\xAA'::blob", "a\\xAA", "a\\xAA"),
    ],
)
def test_a_value_is_written_in_no_words_of_python(value: str, said: str, in_json: object) -> None:
    assert printed(f"select {value} as x", "table") == ["x", said]
    assert printed(f"select {value} as x", "csv")[1].strip('"') == said
    assert json.loads("".join(printed(f"select {value} as x", "json"))) == [{"x": in_json}]


def test_the_order_of_rows_stays() -> None:
    rows = "select i, [i] as x from range(5000) as a(i) order by (i * 7919) % 5000"
    assert [int(line.split(",")[0]) for line in printed(rows, "csv")[1:]] == sorted(range(5000), key=lambda i: i * 7919 % 5000)


def test_csv_streams_in_constant_memory() -> None:
    """Ten times the rows take no more memory; all of them held at once would take 150 MB more."""

    def megabytes(rows: int) -> int:
        code = f"""
import resource, sys
import duckdb
from warehouse.output import print_rows
print_rows(duckdb.connect(), "select i, 'model-' || i % 100 as model, i * 0.5 as x from range({rows}) as a(i)", "csv", sys.stdout)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, file=sys.stderr)
"""
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True
        )
        return int(done.stderr)

    assert megabytes(600_000) < megabytes(60_000) + 30
