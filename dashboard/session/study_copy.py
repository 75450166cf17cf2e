"""Copies a study into DuckDB files for the sandbox, where another process runs the SQL that users type."""

import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import duckdb
import streamlit as st

from dashboard.session.study import Study
from dashboard.simulation.typed_strategy import TypedStrategy, run_strategy
from study_format.suggestions import nearest
from warehouse import PoolError, connect
from warehouse.export import export_database
from warehouse.pool import why_no_condition
from warehouse.relation import without_resamples
from warehouse.sandbox.client import QueryRefused, QueryStopped, run_query

STRATEGY_INPUTS = "study_proxy ranking candidate candidate_score other_mean_accuracy accuracy score"  # what a strategy may read
REVERSED = ("candidate", "candidate_score", "mean_accuracy")  # tables whose rows stand in the other order in the second file


@st.cache_resource(max_entries=4, show_spinner="Preparing the study for your SQL", on_release=lambda folder: folder.cleanup())
def _exported(study: Study, pools: Sequence[str], question: str) -> tempfile.TemporaryDirectory[str]:
    """Export the relations of a query to a folder, which is removed with the server or when unused for a while."""
    folder = tempfile.TemporaryDirectory(prefix="needle-")
    opened = partial(
        connect,
        study.folder,
        repeats=study.repeats,
        whole_datasets=study.whole_datasets,
        pools=pools,
        question=question,
    )
    with opened() as con:
        export_database(con, Path(folder.name) / "forward.duckdb")
    if question == STRATEGY_INPUTS:
        with opened() as con:
            for table in REVERSED:
                con.execute(f"create or replace table {table} as from {table} order by pool desc, dataset desc, model desc")
            export_database(con, Path(folder.name) / "backward.duckdb")
    return folder


def queryable_relations() -> str:
    """Return the names of all relations but those of resamples, which take longer than a query may."""
    return " ".join(without_resamples())


def query_database(study: Study, pools: Sequence[str]) -> Path:
    """Return the DuckDB file that the SQL box queries."""
    return Path(_exported(study, pools, queryable_relations()).name) / "forward.duckdb"


@st.cache_resource(max_entries=50, show_spinner="Running the strategy in a sandbox")
def simulate_strategy(study: Study, pools: Sequence[str], name: str, sql: str) -> TypedStrategy:
    """Run a typed strategy on this study. Raises StrategyError as `run_strategy` does."""
    folder = Path(_exported(study, pools, STRATEGY_INPUTS).name)
    return run_strategy(name, sql, folder / "forward.duckdb", folder / "backward.duckdb")


@st.cache_resource(max_entries=200, show_spinner=False)
def resolve_pool(study: Study, condition: str, pools: Sequence[str], columns: Sequence[str]) -> str:
    """Turn a typed condition over the columns of model into one that lists the models that meet it: `model in ('a', 'b')`.

    pools: those that there are, one of which somebody may have meant. columns: of model. The typed text runs in the sandbox only. Raises
    PoolError with a message for the user.
    """
    if condition.isidentifier() and condition not in columns:
        raise PoolError(f"Unknown pool {condition!r}.{nearest(condition, pools, cutoff=0.4)}")
    file = Path(_exported(study, (), "model").name) / "forward.duckdb"
    try:
        answer = run_query(file, f"select model, ({condition}\n) as admits from model order by model")
    except (QueryRefused, QueryStopped) as error:
        raise PoolError(why_no_condition(condition, columns, error)) from error
    if answer.columns != ["model", "admits"] or answer.types[1] != "BOOLEAN":
        raise PoolError(f'{condition!r} is not a condition. Write one such as "num_params < 10e6".')
    undecided = [model for model, admits in answer.rows if admits is None]
    if undecided:
        raise PoolError(
            f"{condition!r} cannot be decided for {len(undecided)} models, such as {undecided[0]}: their metadata lack it."
        )
    models = [model for model, admits in answer.rows if admits]
    if not models:
        raise PoolError(f"No model of this study meets {condition!r}.")
    return f"model in ({', '.join(_text(model) for model in models)})"


def _text(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


def model_columns(con: duckdb.DuckDBPyConnection) -> Sequence[str]:
    """Return the columns of model, which a condition may name."""
    with con.cursor() as cursor:
        return [row[0] for row in cursor.execute("describe model").fetchall()]
