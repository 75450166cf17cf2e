"""Answers a question in SQL from somebody unknown, in a process of its own that can be stopped at any moment.

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


class Refused(Exception):
    """A question that was not asked, or that DuckDB cannot answer: why, and what is accepted."""


class Stopped(Exception):
    """A question that reached a limit: which one."""


@dataclass(frozen=True)
class Answer:
    """The rows of an answer, with DuckDB's names of the types; truncated where there were more rows than asked for."""

    columns: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]
    truncated: bool


@dataclass(frozen=True)
class Asked:
    """A question that a process of its own is answering; output: what it said on stdout and stderr, once it has ended."""

    process: subprocess.Popen[bytes]
    output: Future[tuple[bytes, bytes]]
    database: Path
    seconds: float
    memory: int


def fenced(database: Path, sql: str, *, seconds: float = 10.0, memory: int = 512_000_000, rows: int = 100_000) -> Answer:
    """Ask one SELECT of a DuckDB file (export_database writes one), which it cannot change, without other files or the network.

    seconds: from the start of the question to its last row. memory: bytes that DuckDB may use; the process may use twice as many,
    its answer included, beyond what an idle one takes (held by Linux; elsewhere DuckDB's own limit alone holds).
    rows: how many are returned at most.
    Raises Refused for what is not one SELECT, calls a function that reads more than the file, or is wrong; Stopped where time or
    memory run out; OSError for a file that is not there or is no DuckDB file.
    """
    return answer(ask(database, sql, seconds=seconds, memory=memory, rows=rows))


def ask(database: Path, sql: str, *, seconds: float = 10.0, memory: int = 512_000_000, rows: int = 100_000) -> Asked:
    """Begin to ask what `fenced` asks, and return at once. `answer` waits for the rows, `stop` gives them up."""
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
    return Asked(process, output, database, seconds, memory)


def stop(asked: Asked) -> None:
    """End the process of a question, whatever it is doing."""
    asked.process.kill()
    wait([asked.output])
    if asked.output.exception():
        asked.process.communicate()  # closes what the reader left open when its time was over


def answer(asked: Asked) -> Answer:
    """Wait for the rows of a question. Raises as `fenced` does."""
    late = Stopped(f"Stopped after {asked.seconds:g} seconds, the limit of a question.")
    megabytes = f"{asked.memory / 1e6:g} MB"
    try:
        said, complained = asked.output.result()
    except subprocess.TimeoutExpired:
        raise late from None
    finally:
        stop(asked)
    status = asked.process.returncode
    if status == -signal.SIGALRM:
        raise late
    if status < 0:
        name = signal.Signals(-status).name
        raise Stopped(f"Stopped: DuckDB ended with {name}, as it does out of memory ({megabytes}) or nested too deep.")
    if status > 0:
        raise OSError(f"{asked.database} cannot be opened: {complained.decode(errors='replace').strip()}")
    kind, what = _Values(BytesIO(said)).load()
    if kind == "refused":
        raise Refused(what)
    if kind == "memory":
        raise Stopped(f"Stopped: the question needs more than its {megabytes} of memory.")
    return Answer(*what)


class _Values(pickle.Unpickler):
    """Loads plain values alone: a stranger has been at what this reads, and a pickle may otherwise call anything."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in VALUES:
            raise Refused(
                f"The answer holds a value of type {module}.{name}, which cannot be handed on. Cast it: COLUMN::varchar."
            )
        return super().find_class(module, name)
