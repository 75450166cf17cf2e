"""Copies a study into files for the sandbox: typed SQL runs on these, in another process, and never on an open connection."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb
import streamlit as st

from dashboard.session.study import Study
from dashboard.simulation.order import Simulation, simulated
from warehouse import PoolError, connect
from warehouse.export import export_database
from warehouse.relation import of_schema
from warehouse.sandbox.client import QueryRefused, QueryStopped, run_query

ORDERED = "ranking candidate candidate_score other_mean_accuracy accuracy score"  # what a strategy may read
MIRRORED = ("candidate", "candidate_score", "mean_accuracy")


@st.cache_resource(max_entries=4, show_spinner="Preparing the study for your SQL", on_release=lambda folder: folder.cleanup())
def _exported(study: Study, pools: Sequence[str], question: str) -> tempfile.TemporaryDirectory[str]:
    """A folder with the relations of a query in one DuckDB file; removed with the server, or when unused for a while."""
    folder = tempfile.TemporaryDirectory(prefix="needle-")
    with connect(study.folder, repeats=study.repeats, pools=pools, question=question) as con:
        export_database(con, Path(folder.name) / "forward.duckdb")
    if question == ORDERED:
        with connect(study.folder, repeats=study.repeats, pools=pools, question=question) as con:
            for table in MIRRORED:
                con.execute(f"create or replace table {table} as from {table} order by pool desc, dataset desc, model desc")
            export_database(con, Path(folder.name) / "backward.duckdb")
    return folder


def all_relations() -> str:
    """Return every relation but the intervals, which take longer than a query may."""
    return " ".join(name for name in of_schema(()) if not any(word in name for word in ("resampl", "interval", "contract.")))


def database(study: Study, pools: Sequence[str]) -> Path:
    """Return the file that the SQL box queries."""
    return Path(_exported(study, pools, all_relations()).name) / "forward.duckdb"


@st.cache_resource(max_entries=50, show_spinner="Running the strategy in a process of its own")
def tried(study: Study, pools: Sequence[str], name: str, sql: str) -> Simulation:
    """Try the strategy on this study. Raises StrategyError as order.simulated does."""
    folder = Path(_exported(study, pools, ORDERED).name)
    return simulated(name, sql, folder / "forward.duckdb", folder / "backward.duckdb")


@st.cache_resource(max_entries=200, show_spinner=False)
def admitted(study: Study, condition: str) -> str:
    """Return a condition over the columns of model as the pool of the models that it admits: `model in ('a', 'b')`.

    So the text that somebody typed is asked in the sandbox alone. Raises PoolError, in words for who typed it.
    """
    file = Path(_exported(study, (), "model").name) / "forward.duckdb"
    try:
        answer = run_query(file, f"select model, ({condition}\n) as admits from model order by model")
    except (QueryRefused, QueryStopped) as error:
        raise PoolError(f"{condition!r} is no condition on the columns of model: {error}") from error
    if answer.columns != ["model", "admits"] or answer.types[1] != "BOOLEAN":
        raise PoolError(f'{condition!r} is no condition. A pool is one such as "num_params < 10e6".')
    undecided = [model for model, admits in answer.rows if admits is None]
    if undecided:
        raise PoolError(
            f"{condition!r} cannot be decided for {len(undecided)} models, such as {undecided[0]}: their metadata lack it."
        )
    models = [model for model, admits in answer.rows if admits]
    if not models:
        raise PoolError(f"{condition!r} admits no model of this study.")
    return f"model in ({', '.join(_text(model) for model in models)})"


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def columns(con: duckdb.DuckDBPyConnection) -> Sequence[str]:
    """Return the columns of model, which a condition may name."""
    with con.cursor() as cursor:
        return [row[0] for row in cursor.execute("describe model").fetchall()]
