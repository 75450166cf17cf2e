"""Builds the view that a page shows: study, pool, budget and strategies, as chosen in the sidebar and the link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb
import streamlit as st

from dashboard.format import as_markdown, code, count, listed
from dashboard.session import simulations, state, study, study_copy
from dashboard.session.query import QueryResult, Value, query_study
from dashboard.session.study import Study
from dashboard.simulation.typed_strategy import TypedStrategy
from warehouse import PoolError, StrategyError, StudyError
from warehouse.description import Description, described, descriptions

DRAWN = 40  # of the chosen strategies
SHOWN = 10  # budgets, as in the paper's figures; all are queried at once, which takes no longer than one
DEFAULT_STRATEGIES = ("task_agnostic", "linear", "hybrid_linear", "random")  # the paper's three, and a random choice

COMPLETE = "select procedure, asked, done, share from completeness order by procedure"


class ViewError(Exception):
    """A study cannot be shown: why, and which commands may help."""

    def __init__(self, message: str, commands: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.commands = commands


@dataclass(frozen=True)
class View:
    """What a page shows: the open study, the chosen pool, budget and strategies.

    complete: whether no run is missing. pool: its name in the views; pool_label: its name to the user, which differs for a typed
    condition (see study_copy.resolve_pool). sizes: models of every pool; models: of the chosen one. all_strategies: of the study and
    the session; realistic: those that keep to the budget, and neither read the answer, as oracles do, nor
    partly fine-tune every model first. leaders: of those the two that lose least in the pool at the budget, the winner first.
    descriptions: of all_strategies.
    """

    study: Study
    complete: bool
    con: duckdb.DuckDBPyConnection
    pools: Sequence[str]
    simulations: Sequence[TypedStrategy]
    pool: str
    pool_label: str
    sizes: Mapping[str, int]
    models: int
    budget: int
    strategies: Sequence[str]
    all_strategies: Sequence[str]
    realistic: Sequence[str]
    leaders: Sequence[str]
    descriptions: Mapping[str, Description]
    coverage: str

    @property
    def drawn(self) -> Sequence[str]:
        """The chosen strategies, of very many the first, and the leaders where they are not among them."""
        return list(dict.fromkeys((*self.strategies[:DRAWN], *self.leaders)))

    def title(self, name: str) -> str:
        """Return the short title of a strategy."""
        return self.descriptions[name].title

    def what(self, name: str) -> str:
        """Return what a strategy does, in a line: its title and its sentence."""
        return str(self.descriptions[name])


def rows(view: View, sql: str, **more: Value) -> QueryResult:
    """Query the study. $pool, $budget, $strategies and $realistic are the view's; more: other parameters."""
    values: dict[str, Value] = {
        "pool": view.pool,
        "budget": view.budget,
        "strategies": list(view.strategies),
        "realistic": list(view.realistic),
    }
    return _query(view.study, view.pools, view.simulations, view.con, sql, {**values, **more}, {view.pool: view.pool_label})


def sidebar(requested: str) -> View:
    """Draw the controls that every page has. Raises ViewError where there is nothing to choose from."""
    one, complete = _study(requested)
    base = _opened(one, (), ())
    sizes = {row["pool"]: row["models"] for row in _query(one, (), (), base, _POOLS, {}, {}).rows}
    if not sizes:
        raise ViewError(f"The study {one.name} has no models yet.", [f"needle collect --study {one.name}"])
    names = [row["strategy"] for row in _query(one, (), (), base, _STRATEGIES, {}, {}).rows]
    pool, pools, label = _pool(one, base, list(sizes))
    typed = tuple(_typed_strategies(one, pools))
    con = _opened(one, pools, typed) if pools or typed else base
    models = _query(one, pools, typed, con, _SIZE, {"pool": pool}, {}).rows[0]["models"]
    unrealistic = {row["strategy"] for row in _query(one, pools, typed, con, _UNREALISTIC, {}, {}).rows}
    all_strategies = [*names, *(strategy.name for strategy in typed)]
    budget = state.number_input(
        "budget", "Budget B", 1, models, min(2, models), help=f"How many of the pool's {models} models you can fine-tune."
    )
    default = [name for name in all_strategies if name in (*DEFAULT_STRATEGIES, *(strategy.name for strategy in typed))]
    strategies = state.select_many(
        "strategies", "Strategies", all_strategies, default, help="Each has the same colour on every page."
    )
    realistic = [name for name in all_strategies if name not in unrealistic]
    standing = _query(one, pools, typed, con, _STANDING, {"shown": max(SHOWN, budget)}, {}).where(pool=[pool], budget=[budget])
    leaders = [row["strategy"] for row in standing.rows if row["strategy"] in realistic and row["strategy"] != "random"][:2]
    what = _descriptions(one, base, typed)
    _caption(strategies, leaders, budget)
    with st.expander("What they do"):
        st.caption(
            "\n".join(f"- `{name}`: {as_markdown(str(what[name]))}" for name in dict.fromkeys((*strategies[:DRAWN], *leaders)))
        )
    coverage = "all datasets"
    if one.whole_datasets:
        (row,) = _query(one, pools, typed, con, _COVERAGE, {"pool": pool}, {}).rows
        coverage = f"{row['asked']} of {row['datasets']} datasets"
        st.caption(f"Means are over {coverage}, those on which every model of the pool has its runs.")
    return View(
        one,
        complete,
        con,
        pools,
        typed,
        pool,
        label,
        sizes,
        models,
        budget,
        strategies,
        all_strategies,
        realistic,
        leaders,
        what,
        coverage,
    )


def _caption(strategies: Sequence[str], leaders: Sequence[str], budget: int) -> None:
    """Say which strategies are drawn although nobody chose them."""
    if len(strategies) > DRAWN:
        st.caption(f"Of the {len(strategies)} that you have chosen, the first {DRAWN} are drawn. The table on Start has all.")
    more = [name for name in leaders if name not in strategies[:DRAWN]]
    if more:
        st.caption(f"Drawn, too, as the best with {count(budget, 'fine-tune')}: {listed(more)}.")


def _descriptions(one: Study, base: duckdb.DuckDBPyConnection, typed: Sequence[TypedStrategy]) -> Mapping[str, Description]:
    """Return what the strategies of the study and the session do, by name."""
    proxies = [row["proxy"] for row in _query(one, (), (), base, _PROXIES, {}, {}).rows]
    return {**descriptions(proxies), **{strategy.name: described(strategy.name, strategy.sql) for strategy in typed}}


def _study(requested: str) -> tuple[Study, bool]:
    """Return the chosen study, and whether it has all its runs."""
    found = study.available(requested)
    name = state.select_one("study", "Study", list(found), requested)
    one = study.named(name, found)
    con = _opened(one, (), ())
    parts = _query(one, (), (), con, COMPLETE, {}, {}).rows
    complete = bool(parts) and all(row["done"] == row["asked"] for row in parts)
    repeats = _query(one, (), (), con, "select repeats from protocol", {}, {}).rows
    if complete or not repeats:
        return one, complete
    options = ["all", *(str(number) for number in range(1, repeats[0]["repeats"]))]
    help_ = (
        "Runs are missing. Every cell has its first repeats long before it has all of them: answer from the first repeats only."
    )
    first = state.select_one("repeats", "Repeats to answer from", options, "all", help=help_)
    return replace(one, repeats=None if first == "all" else int(first), whole_datasets=_whole_datasets()), False


def _whole_datasets() -> bool:
    """Return whether means are over the datasets on which a pool is whole."""
    help_ = "A mean needs every dataset. Or take only those on which every model of the pool has its runs."
    return state.select_one("datasets", "Datasets of a mean", ["all", "whole"], "all", help=help_) == "whole"


def _pool(one: Study, base: duckdb.DuckDBPyConnection, names: list[str]) -> tuple[str, Sequence[str], str]:
    """Return the pool's name in the views, the pools to open the study with, and the pool's name to the user."""
    columns = study_copy.model_columns(base)
    help_ = f"One of the pools, or type a condition on {', '.join(columns)}, such as num_params < 20e6"
    label = state.select_one("pool", "Pool", names, names[0], free=True, help=help_)
    if label in names:
        return label, (), label
    try:
        pool = study_copy.resolve_pool(one, label, names, columns)
    except PoolError as error:
        shown = state.near(label, names) or names[0]
        st.error(f"{as_markdown(str(error))} Shown: {code(shown)}.")  # beside the box, not at the top of the page
        return shown, (), shown
    return pool, (pool,), label


def _typed_strategies(one: Study, pools: Sequence[str]) -> Sequence[TypedStrategy]:
    """Return the typed strategies of this session or its link that run on this study."""
    found = []
    for name, sql in simulations.typed_strategies().items():
        try:
            found.append(study_copy.simulate_strategy(one, pools, name, sql))
        except StrategyError as error:
            state.warn(f"The simulated strategy {code(name)} is left out: {as_markdown(str(error))}")
    return found


def _opened(one: Study, pools: Sequence[str], typed: Sequence[TypedStrategy]) -> duckdb.DuckDBPyConnection:
    try:
        return study.open_study(one, pools, typed)
    except StudyError as error:
        raise ViewError(str(error), [f"needle check --study {one.name}", f"needle collect --study {one.name}"]) from error


def _query(
    one: Study,
    pools: Sequence[str],
    typed: Sequence[TypedStrategy],
    con: duckdb.DuckDBPyConnection,
    sql: str,
    values: Mapping[str, Value],
    labels: Mapping[str, str],
) -> QueryResult:
    texts = tuple((strategy.name, strategy.sql) for strategy in typed)
    return query_study(con, (one, tuple(pools), texts), sql, values, labels)


_POOLS = "select pool, models from pool_size order by models desc, pool"
_SIZE = "select models from pool_size where pool = $pool"
_STRATEGIES = "select distinct strategy from (select strategy from ranking union all select 'random') order by strategy"
_PROXIES = "select proxy from study_proxy order by proxy"
_STANDING = """
    select pool, budget, strategy, relative_regret from mean_regret where budget <= $shown
    order by relative_regret, strategy::varchar
"""
_COVERAGE = "select count(*) filter (where pool = $pool) as asked, (select count(*) from dataset) as datasets from pool_dataset"
_UNREALISTIC = "select strategy from unrealistic_strategy"
