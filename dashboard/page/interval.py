"""Shows 95 % intervals. They take seconds, so a process computes them in the background; it reports progress and can be stopped."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import streamlit as st

from dashboard.format import LEVEL, as_markdown
from dashboard.session import state
from dashboard.session.view import View
from dashboard.simulation.typed_strategy import TypedStrategy

PROCESS = Path(__file__).parents[1] / "simulation" / "interval_process.py"
TOGGLE = "intervals"
LAST, SESSION = "needle.interval", "needle.session"  # the session's last job, and an object that stands for the session
# A process waits until the view stands still, and gives way to what draws the pages: they redraw twice as fast.
STAND_STILL = (
    f"import os, sys, time; os.nice(10); time.sleep(1); os.execv(sys.executable, [sys.executable, {str(PROCESS)!r}, sys.argv[1]])"
)
HELP = (
    "A bootstrap over repeats: it shows the noise of fine-tuning, not that of choosing datasets, which Start draws. It takes "
    "seconds and covers budgets up to 10."
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """A process that writes one Parquet file per query to a folder, and its progress to the file `progress`.

    sessions: those that want its rows, by an object of each.
    """

    process: subprocess.Popen[bytes]
    folder: tempfile.TemporaryDirectory[str]
    steps: int
    sessions: set[object]


def intervals(view: View, queries: Mapping[str, str], values: Mapping[str, Any]) -> Mapping[str, list[Row]] | None:
    """Draw the toggle and the progress; return the rows of each query by name, or None while they are off or not ready.

    queries: SQL over the interval views, with parameters `$name`.
    """
    if not state.toggle(TOGGLE, f"{LEVEL} intervals", help=HELP):
        return None
    found = computed(view, queries, values, stop=_switch_off)
    if found is not None and not any(found.values()):
        st.caption("No interval to draw: it is of repeats, and needs at least two of every run.")
    return found


def computed(
    view: View,
    queries: Mapping[str, str],
    values: Mapping[str, Any],
    *,
    only: Sequence[str] = (),
    stop: Callable[[], None] | None = None,
) -> Mapping[str, list[Row]] | None:
    """Return the rows of each query by name, or None while they are not ready, and draw the progress then.

    only: the strategies that the queries name, which is faster; empty means all. stop: what the stop button calls; None: no button.
    The process ends when the session wants other intervals.
    """
    key = json.dumps(
        [
            str(view.study.folder),
            view.study.fingerprint,
            view.study.repeats,
            view.study.whole_datasets,
            list(view.pools),
            list(only),
            dict(queries),
            dict(values),
            _as_json([one for one in view.simulations if not only or one.name in only]),
        ]
    )
    job = _job(key)
    _leave_previous(key, job)
    if job.process.poll() is None:
        _progress(key, stop)
        return None
    if job.process.returncode:
        _job.clear(key)
        st.warning("The intervals could not be computed; the terminal that runs needle dashboard shows why. Reload to try again.")
        return None
    for name, why in json.loads((Path(job.folder.name) / "skipped").read_text()).items():
        st.caption(as_markdown(f"{name} has no interval over repeats: {why}"))
    return {name: pq.read_table(Path(job.folder.name) / f"{name}.parquet").to_pylist() for name in queries}


def _leave_previous(key: str, job: Job) -> None:
    """End the process whose rows this session wanted before, if no other session does: leafing through budgets leaves one at work."""
    session = st.session_state.setdefault(SESSION, object())
    previous, before = st.session_state.get(LAST, (key, job))
    if previous != key:
        before.sessions.discard(session)
        if not before.sessions and before.process.poll() is None:
            _job.clear(previous)
    job.sessions.add(session)
    st.session_state[LAST] = (key, job)


def _as_json(typed: Sequence[TypedStrategy]) -> list[list[Any]]:
    """Return the typed strategies in the form that the process reads."""
    return [
        [
            one.name,
            one.sql,
            sorted(one.reads),
            one.uses_dataset_names,
            [[*cell, list(models)] for cell, models in one.rankings.items()],
        ]
        for one in typed
    ]


def _release(job: Job) -> None:
    job.process.kill()
    job.process.wait()
    if job.process.stdin:
        job.process.stdin.close()
    job.folder.cleanup()


@st.cache_resource(max_entries=20, show_spinner=False, on_release=_release)
def _job(key: str) -> Job:
    """Return the process for a key; the first call starts it."""
    folder = tempfile.TemporaryDirectory(prefix="needle-")
    process = subprocess.Popen([sys.executable, "-S", "-c", STAND_STILL, folder.name], stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(key.encode() + b"\n")
    process.stdin.flush()  # and left open: the process exits when it closes
    *_, queries, _values, typed = json.loads(key)
    return Job(process, folder, 1 + len(queries) + (1 + len(typed) if typed else 0), set())


@st.fragment(run_every=0.5)
def _progress(key: str, stop: Callable[[], None] | None) -> None:
    """Show progress and a stop button; redraw the page when the process has ended."""
    job = _job(key)
    if job.process.poll() is not None:
        st.rerun()
    file = Path(job.folder.name) / "progress"
    steps = file.read_text().splitlines() if file.is_file() else []
    st.progress(min(len(steps), job.steps) / job.steps, f"Resampling: {steps[-1] if steps else 'starting'}")
    if stop and st.button("Stop", key="stop-intervals", on_click=_stop, args=(key, stop)):
        st.rerun()


def _stop(key: str, stop: Callable[[], None]) -> None:
    _job.clear(key)  # which ends the process
    stop()


def _switch_off() -> None:
    state.set_value(TOGGLE, False)
