"""Finds and opens studies; each is opened once, until its files change."""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import streamlit as st

from dashboard.simulation.typed_strategy import TypedStrategy, register_reads
from warehouse import connect
from warehouse.audit import Audit, open_audit
from warehouse.studies import studies

# What the pages read. Another process computes the intervals (page/interval.py), because they take seconds.
PAGE_RELATIONS = """
    model dataset protocol pool_dataset pool_size undecided_pool oracle ranking regret mean_regret group_regret zero_regret_share
    standing top_pick accuracy_range model_regret model_mean mean_accuracy scored proxy_correlation score_by_dimension delta
    mean_delta cost total_cost pareto dataset_source audit_rule completeness missing_run violation unrealistic_strategy paper_regret
    paper_delta paper_pool zero_regret_budget paper_regret_comparison finetune score score_outcome candidate_score asked_proxy
    study_proxy representation_cost outcome pick neighbour diverged_cell
"""


@dataclass(frozen=True)
class Study:
    """A study as it is on disk now.

    fingerprint: changes with any of its files. repeats and whole_datasets: as in `warehouse.connect`.
    """

    name: str
    folder: Path
    fingerprint: str
    repeats: int | None = None
    whole_datasets: bool = False


def available(requested: str) -> dict[str, Path]:
    """Return the studies by name: the requested one, those under results/, those that ship."""
    found = studies()
    return found if requested in found else {requested: Path(requested), **found}


def named(name: str, found: Mapping[str, Path]) -> Study:
    """Return one of the studies that were found."""
    return Study(name, found[name], fingerprint(found[name]))


def fingerprint(folder: Path) -> str:
    """Return a digest of the names, sizes and times of a study's files."""
    digest = hashlib.sha256()
    for entry in _files(folder):
        stat = entry.stat()
        digest.update(f"{entry.path}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    return digest.hexdigest()


def _files(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    if not os.path.isdir(folder):
        return
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda one: one.name):
            if entry.is_dir():
                yield from _files(entry.path)
            elif entry.name.endswith(".parquet"):
                yield entry


def _close(con: duckdb.DuckDBPyConnection) -> None:
    con.close()


@st.cache_resource(
    max_entries=8,
    show_spinner="Opening the study",
    on_release=_close,
    hash_funcs={TypedStrategy: lambda one: (one.name, one.sql)},  # the rest follows from these, the study and the pools
)
def open_study(study: Study, pools: Sequence[str], simulations: Sequence[TypedStrategy]) -> duckdb.DuckDBPyConnection:
    """Open the study with these pools (none: the paper's) and with the typed strategies of a session.

    Sessions share the connection, and each query uses a cursor of its own. Raises what warehouse.connect raises.
    """
    added = {one.name: one.order for one in simulations}
    con = connect(
        study.folder,
        repeats=study.repeats,
        whole_datasets=study.whole_datasets,
        pools=pools,
        added=added,
        question=PAGE_RELATIONS,
    )
    for one in simulations:
        register_reads(con, one)
    return con


@st.cache_resource(max_entries=4, show_spinner="Auditing the study", on_release=lambda audit: _close(audit.con))
def open_study_audit(study: Study, pool: str) -> Audit:
    """Open the study for an audit of one pool, which takes seconds. Raises what warehouse.audit.open_audit raises."""
    return open_audit(study.folder, pool, repeats=study.repeats, whole_datasets=study.whole_datasets)
