"""Answers a SQL query from an untrusted user in a process of its own that can be killed at any moment.

Why a process: DuckDB does not count every byte towards its memory limit (the elements of a list, a text as it grows), and does not
interrupt a function within one value (levenshtein of two long texts). What ends here is only that process.
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
START_SECONDS = 60.0  # until the process has loaded DuckDB and opened the file, on a machine that is busy

VALUES = {("datetime", name) for name in ("date", "datetime", "time", "timedelta", "timezone")} | {
    ("decimal", "Decimal"),
    ("uuid", "UUID"),
}


class QueryRefused(Exception):
    """A query that was not run, or that DuckDB cannot answer: why, and what is accepted."""


class QueryStopped(Exception):
    """A query that reached a limit: which one."""


@dataclass(frozen=True)
class Answer:
    """The rows of an answer, with DuckDB's names of the types; truncated where there were more rows than asked for."""

    columns: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]
    truncated: bool


@dataclass(frozen=True)
class RunningQuery:
    """A query that another process is answering; output: its stdout and stderr, once it has ended."""

    process: subprocess.Popen[bytes]
    output: Future[tuple[bytes, bytes]]
    database: Path
    seconds: float
    memory: int


def run_query(database: Path, sql: str, *, seconds: float = 10.0, memory: int = 512_000_000, rows: int = 100_000) -> Answer:
    """Run one SELECT on a DuckDB file (export_database writes one), which it cannot change, without other files or the network.

    seconds: from the start of the query to its last row. memory: bytes that DuckDB may use; the process may use twice as many,
    its answer included, beyond what an idle one takes (held by Linux; elsewhere DuckDB's own limit alone holds).
    rows: how many are returned at most.
    Raises QueryRefused for what is not one SELECT, calls a function that reads more than the file, or is wrong; QueryStopped where time or
    memory run out; OSError for a file that is not there or is no DuckDB file.
    """
    return wait_for_answer(start_query(database, sql, seconds=seconds, memory=memory, rows=rows))


def start_query(
    database: Path, sql: str, *, seconds: float = 10.0, memory: int = 512_000_000, rows: int = 100_000
) -> RunningQuery:
    """Start what `run_query` runs, and return at once. `wait_for_answer` waits for the rows, `stop_query` gives them up."""
    process = subprocess.Popen(
        [sys.executable, "-I", str(PROCESS), str(database.absolute()), str(seconds), str(memory), str(rows)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd="/",
        # glibc reserves 64 MB of addresses for each arena, and they count towards the limit.
        env={"MALLOC_ARENA_MAX": "2"},
    )
    reader = ThreadPoolExecutor(1)
    output = reader.submit(process.communicate, sql.encode(errors="replace"), START_SECONDS + seconds)
    reader.shutdown(wait=False)
    return RunningQuery(process, output, database, seconds, memory)


def stop_query(query: RunningQuery) -> None:
    """Kill the process of a query, whatever it is doing."""
    query.process.kill()
    wait([query.output])
    if query.output.exception():
        query.process.communicate()  # closes what the reader left open when its time was over


def wait_for_answer(query: RunningQuery) -> Answer:
    """Wait for the rows of a query. Raises as `run_query` does."""
    late = QueryStopped(f"Stopped after {query.seconds:g} seconds, the limit of a question.")
    megabytes = f"{query.memory / 1e6:g} MB"
    try:
        said, complained = query.output.result()
    except subprocess.TimeoutExpired:
        raise late from None
    finally:
        stop_query(query)
    status = query.process.returncode
    if status == -signal.SIGALRM:
        raise late
    if status < 0:
        name = signal.Signals(-status).name
        raise QueryStopped(f"Stopped: DuckDB ended with {name}, as it does out of memory ({megabytes}) or nested too deep.")
    if status > 0:
        raise OSError(f"{query.database} cannot be opened: {complained.decode(errors='replace').strip()}")
    kind, what = _Values(BytesIO(said)).load()
    if kind == "refused":
        raise QueryRefused(what)
    if kind == "memory":
        raise QueryStopped(f"Stopped: the question needs more than its {megabytes} of memory.")
    return Answer(*what)


class _Values(pickle.Unpickler):
    """Loads plain values only: an untrusted query influenced what is read here, and a pickle may otherwise call anything."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in VALUES:
            raise QueryRefused(
                f"The answer holds a value of type {module}.{name}, which cannot be handed on. Cast it: COLUMN::varchar."
            )
        return super().find_class(module, name)
