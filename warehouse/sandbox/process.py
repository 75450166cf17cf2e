"""Runs one query: opens a DuckDB file read-only, gives up all other access, and writes the pickled result to stdout.

A script that imports only DuckDB, so that it starts quickly: DATABASE SECONDS MEMORY ROWS, with the SQL on stdin. It writes one of
("answer", (columns, types, rows, truncated)), ("refused", message) and ("memory", ""), or ends by a signal.
"""

import datetime  # noqa: F401  DuckDB imports these three when it meets the first such value, and then no file can be opened any more
import decimal  # noqa: F401
import json
import os
import pickle
import resource
import signal
import sys
import uuid  # noqa: F401
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

# The statements that a query may contain, and the functions that it may call in FROM. They are allowlists, because others include CTEs
# that write (even files), functions that take a memory address (arrow_scan), and functions that run unchecked SQL (query).
NODES = ("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE")
TABLE_FUNCTIONS = (
    *("range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree", "histogram", "histogram_values"),
    *("duckdb_columns", "duckdb_functions", "duckdb_schemas", "duckdb_tables", "duckdb_types", "duckdb_views"),
)
THREADS = 2
OUT_OF_MEMORY = pickle.dumps(("memory", ""))  # pickled while there is memory


def main(database: str, seconds: float, memory: int, rows: int) -> None:
    """Run the query on stdin. SIGALRM ends the process at the time limit, whatever DuckDB is doing."""
    sql = sys.stdin.buffer.read().decode()
    try:
        con = _open(database, memory)
    except duckdb.Error as error:
        sys.exit(str(error))
    _limit(memory)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    sys.stdout.buffer.write(_answer(con, sql, rows))
    sys.stdout.buffer.flush()
    os._exit(0)  # skips cleanup


def _open(database: str, memory: int) -> duckdb.DuckDBPyConnection:
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{memory}B",
        "threads": THREADS,
        "temp_directory": "",  # nothing is spilled to disk
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
    }
    con = duckdb.connect(database, read_only=True, config=config)
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def _limit(memory: int) -> None:
    """Let the kernel enforce the limits: no new file or socket, no byte written to a file, and no memory beyond the limit."""
    statm = Path("/proc/self/statm")
    if statm.is_file():
        size = int(statm.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + 2 * memory,) * 2)
    for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(limit, (0, 0))


def _answer(con: duckdb.DuckDBPyConnection, sql: str, rows: int) -> bytes:
    try:
        refusal = _refusal(con, sql)
        if refusal:
            return pickle.dumps(("refused", refusal))
        con.execute(sql)
        columns = [str(column[0]) for column in con.description or ()]
        types = [str(column[1]) for column in con.description or ()]
        types = [
            "VARCHAR" if kind.startswith("ENUM(") else kind for kind in types
        ]  # names of models, datasets and strategies, which the client gets as text
        if any("TIMESTAMP WITH TIME ZONE" in kind for kind in types):  # reading it, DuckDB would import pytz
            return pickle.dumps(("refused", "A column is of type timestamp with time zone. Cast it: COLUMN::timestamp."))
        found = con.fetchmany(rows + 1)
        return pickle.dumps(("answer", (columns, types, found[:rows], len(found) > rows)))
    except (MemoryError, duckdb.OutOfMemoryException):
        return OUT_OF_MEMORY
    except RecursionError:
        return pickle.dumps(("refused", "The query is nested too deeply."))
    except duckdb.Error as error:
        return pickle.dumps(("refused", str(error)))


def _refusal(con: duckdb.DuckDBPyConnection, sql: str) -> str | None:
    """Return why the query is refused; None if it may run."""
    (text,) = con.execute("select json_serialize_sql(?)", [sql]).fetchone() or ("{}",)
    tree = json.loads(text)
    if tree["error"] and tree["error_type"] != "not implemented":
        return f"DuckDB cannot parse this SQL: {tree['error_message']}"
    nodes = list(_nodes(tree))
    if (
        tree["error"]
        or len(tree["statements"]) != 1
        or any(n["type"].endswith("_NODE") and n["type"] not in NODES for n in nodes)
    ):
        return "A query is one SELECT (or FROM, VALUES, WITH, DESCRIBE, SUMMARIZE, SHOW TABLES); nothing else is run."
    for name in (node["function"]["function_name"].lower() for node in nodes if node["type"] == "TABLE_FUNCTION"):
        if name not in TABLE_FUNCTIONS:
            return f"A query may not call {name}. It may read the relations of the study, and {', '.join(TABLE_FUNCTIONS)}."
    return None


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield all nodes of a parsed statement that have a type."""
    if isinstance(tree, dict) and isinstance(tree.get("type"), str):
        yield tree
    for child in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _nodes(child)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
