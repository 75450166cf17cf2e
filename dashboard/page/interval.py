"""Shows 95 % intervals. They take seconds, so another process computes them, shows its progress and can be stopped."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import streamlit as st

from dashboard.session import state
from dashboard.session.view import View
from dashboard.simulation.order import Simulation

PROCESS = Path(__file__).parents[1] / "simulation" / "interval_process.py"
SWITCH = "intervals"
HELP = "A bootstrap over repeats: the noise of fine-tuning, not of other datasets. Takes seconds; for budgets up to 10."

Row = dict[str, Any]


@dataclass(frozen=True)
class Job:
    """A process that writes one Parquet file a query into a folder, and its progress into the file `progress`."""

    process: subprocess.Popen[bytes]
    folder: tempfile.TemporaryDirectory[str]
    steps: int


def intervals(view: View, questions: Mapping[str, str], values: Mapping[str, Any]) -> Mapping[str, list[Row]] | None:
    """Return the rows of each query, by its name; None while they are missing or unwanted. Draws the switch and the progress.

    questions: SQL over the interval views, with $name for a value.
    """
    if not state.switch(SWITCH, "95 % intervals", help=HELP):
        return None
    one = view.study
    key = json.dumps(
        [str(one.folder), one.state, one.repeats, list(view.pools), dict(questions), dict(values), _tried(view.simulations)]
    )
    job = _job(key)
    if job.process.poll() is None:
        _progress(key)
        return None
    if job.process.returncode:
        _job.clear(key)
        st.warning("The intervals could not be made; the terminal of needle dashboard shows why. Try them again with the switch.")
        return None
    for name, why in json.loads((Path(job.folder.name) / "without").read_text()).items():
        st.caption(f"{name} has no interval: {why}")
    return {name: pq.read_table(Path(job.folder.name) / f"{name}.parquet").to_pylist() for name in questions}


def _tried(simulations: Sequence[Simulation]) -> list[list[Any]]:
    """Return the strategies of the session, for the process."""
    return [
        [one.name, one.sql, sorted(one.reads), one.tells, [[*cell, list(models)] for cell, models in one.ordered.items()]]
        for one in simulations
    ]


def _release(job: Job) -> None:
    job.process.kill()
    job.process.wait()
    if job.process.stdin:
        job.process.stdin.close()
    job.folder.cleanup()


@st.cache_resource(max_entries=20, show_spinner=False, on_release=_release)
def _job(key: str) -> Job:
    """Return the process for a key, started at the first call."""
    folder = tempfile.TemporaryDirectory(prefix="needle-")
    process = subprocess.Popen([sys.executable, str(PROCESS), folder.name], stdin=subprocess.PIPE)
    assert process.stdin
    process.stdin.write(key.encode() + b"\n")
    process.stdin.flush()  # and not closed: the process ends when this end of it is gone
    *_, questions, _values, tried = json.loads(key)
    return Job(process, folder, 1 + len(questions) + (1 + len(tried) if tried else 0))


@st.fragment(run_every=0.5)
def _progress(key: str) -> None:
    """Show the progress and a button to stop; redraw the page at the end."""
    job = _job(key)
    if job.process.poll() is not None:
        st.rerun()
    file = Path(job.folder.name) / "progress"
    reached = file.read_text().splitlines() if file.is_file() else []
    st.progress(min(len(reached), job.steps) / job.steps, f"Resampling the repeats: {reached[-1] if reached else 'starting'}")
    if st.button("Stop", key="stop-intervals", on_click=_stop, args=(key,)):
        st.rerun()


def _stop(key: str) -> None:
    _job.clear(key)  # releases it, which ends the process
    state.put(SWITCH, False)
