"""Runs an SQL query from an untrusted user in a separate process, which can be killed at any time.

Why a process: DuckDB does not count every byte towards its memory limit (list elements, a growing string), and cannot interrupt a
function while it computes one value (levenshtein of two long strings). Killing the process stops both.
"""

import pickle
import signal
import subprocess
import sys
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

PROCESS = Path(__file__).parent / "process.py"
START_SECONDS = 60.0  # for the process to load DuckDB and open the file on a busy machine

VALUES = {("datetime", name) for name in ("date", "datetime", "time", "timedelta", "timezone")} | {
    ("decimal", "Decimal"),
    ("uuid", "UUID"),
}


class QueryRefused(Exception):
    """A query that is not allowed, or that DuckDB cannot answer: why, and what is allowed."""


class QueryStopped(Exception):
    """A query that reached a limit; the message says which."""


@dataclass(frozen=True)
class Answer:
    """The rows of a query, with DuckDB's names of the types; truncated: whether there were more rows than requested."""

    columns: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]
    truncated: bool


@dataclass(frozen=True)
class RunningQuery:
    """A query that is running in another process; output: its stdout and stderr, once it has ended."""

    process: subprocess.Popen[bytes]
    output: Future[tuple[bytes, bytes]]
    database: Path
    seconds: float
    memory: int


def run_query(database: Path, sql: str, *, seconds: float = 10.0, memory: int = 512_000_000, rows: int = 100_000) -> Answer:
    """Run one SELECT on a DuckDB file (as export_database writes), read-only and without access to other files or the network.

    seconds: the time limit, from the start of the query to its last row. memory: bytes that DuckDB may use; on Linux the process may use
    twice as many beyond what it takes when idle, elsewhere only DuckDB's own limit holds. rows: the most that are returned.
    Raises QueryRefused for anything but one SELECT, for a function that reads more than the file, and for an SQL error; QueryStopped
    when time or memory runs out; OSError for a file that does not exist or is not a DuckDB file.
    """
    return wait_for_answer(start_query(database, sql, seconds=seconds, memory=memory, rows=rows))


def start_query(
    database: Path, sql: str, *, seconds: float = 10.0, memory: int = 512_000_000, rows: int = 100_000
) -> RunningQuery:
    """Start a query as `run_query` does, and return at once. `wait_for_answer` waits for its rows, `stop_query` stops it."""
    process = subprocess.Popen(
        [sys.executable, "-I", str(PROCESS), str(database.absolute()), str(seconds), str(memory), str(rows)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd="/",
        # glibc reserves 64 MB of address space per arena, which counts towards the limit.
        env={"MALLOC_ARENA_MAX": "2"},
    )
    reader = ThreadPoolExecutor(1)
    output = reader.submit(process.communicate, sql.encode(errors="replace"), START_SECONDS + seconds)
    reader.shutdown(wait=False)
    return RunningQuery(process, output, database, seconds, memory)


def stop_query(query: RunningQuery) -> None:
    """Stop a query by killing its process."""
    query.process.kill()
    wait([query.output])
    if query.output.exception():
        query.process.communicate()  # closes the pipes that the reader left open when it timed out


def wait_for_answer(query: RunningQuery) -> Answer:
    """Wait for the rows of a query. Raises as `run_query` does."""
    late = QueryStopped(f"Stopped after {query.seconds:g} seconds, the time limit of a query.")
    megabytes = f"{query.memory / 1e6:g} MB"
    try:
        stdout, stderr = query.output.result()
    except subprocess.TimeoutExpired:
        raise late from None
    finally:
        stop_query(query)
    status = query.process.returncode
    if status == -signal.SIGALRM:
        raise late
    if status < 0:
        name = signal.Signals(-status).name
        raise QueryStopped(
            f"Stopped: DuckDB ended with {name}, as it does when memory runs out ({megabytes}) or the query is nested too deeply."
        )
    if status > 0:
        raise OSError(f"{query.database} cannot be opened: {stderr.decode(errors='replace').strip()}")
    kind, what = _Values(BytesIO(stdout)).load()
    if kind == "refused":
        raise QueryRefused(what)
    if kind == "memory":
        raise QueryStopped(f"Stopped: the query needs more than {megabytes} of memory.")
    return Answer(*what)


class _Values(pickle.Unpickler):
    """Loads plain values only: an untrusted query influences this pickle, and a pickle could otherwise call any function."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in VALUES:
            raise QueryRefused(
                f"The result contains a value of type {module}.{name}, which cannot be returned. Cast it: COLUMN::varchar."
            )
        return super().find_class(module, name)
