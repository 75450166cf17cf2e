"""Builds the view that a page shows: study, pool, budget and strategies, as chosen in the sidebar and the link."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import duckdb

from dashboard.session import shared, state, study, study_copy
from dashboard.session.ask import Answer, Value, ask
from dashboard.session.study import Study
from dashboard.simulation.order import Simulation
from warehouse import PoolError, StrategyError, StudyError

PAPERS = ("task_agnostic", "linear", "hybrid_linear", "random")  # what the sidebar starts with: the paper's three, and chance


class Problem(Exception):
    """Nothing can be shown: why, and what to type."""

    def __init__(self, words: str, commands: Sequence[str] = ()) -> None:
        super().__init__(words)
        self.commands = commands


@dataclass(frozen=True)
class View:
    """whole: whether all runs are there. models: the size of the pool.

    known: every strategy of the study; honest: those that do not look at the answer. pool: its name in the views; label: as the user
    says it (a condition is another pool to the views, see study_copy.admitted).
    """

    study: Study
    whole: bool
    con: duckdb.DuckDBPyConnection
    pools: Sequence[str]
    simulations: Sequence[Simulation]
    pool: str
    label: str
    sizes: Mapping[str, int]
    models: int
    budget: int
    strategies: Sequence[str]
    known: Sequence[str]
    honest: Sequence[str]


def rows(view: View, sql: str, **more: Value) -> Answer:
    """Query the study. $pool, $budget, $strategies and $honest are the view's; more: other values."""
    values: dict[str, Value] = {
        "pool": view.pool,
        "budget": view.budget,
        "strategies": list(view.strategies),
        "honest": list(view.honest),
    }
    return _ask(view.study, view.pools, view.simulations, view.con, sql, {**values, **more}, {view.pool: view.label})


def sidebar(asked: str) -> View:
    """Draw the controls that every page has. Raises Problem where there is nothing to choose from."""
    one, whole = _study(asked)
    base = _opened(one, (), ())
    sizes = {row["pool"]: row["models"] for row in _ask(one, (), (), base, _POOLS, {}, {}).rows}
    if not sizes:
        raise Problem(f"The study {one.name} has no models yet.", [f"needle collect --study {one.name}"])
    names = [row["strategy"] for row in _ask(one, (), (), base, _STRATEGIES, {}, {}).rows]
    pool, pools, label = _pool(one, base, list(sizes))
    simulations = tuple(_simulations(one, pools))
    con = _opened(one, pools, simulations) if pools or simulations else base
    models = _ask(one, pools, simulations, con, _SIZE, {"pool": pool}, {}).rows[0]["models"]
    peeking = {row["strategy"] for row in _ask(one, pools, simulations, con, _PEEKING, {}, {}).rows}
    known = [*names, *(simulation.name for simulation in simulations)]
    budget = state.number(
        "budget", "Budget B", 1, models, min(2, models), help=f"How many models you can fine-tune, of the pool's {models}."
    )
    default = [name for name in (*PAPERS, *(simulation.name for simulation in simulations)) if name in known]
    strategies = state.several(
        "strategies", "Strategies", known, default, help="Drawn beside each other, always in their colours."
    )
    honest = [name for name in known if name not in peeking]
    return View(one, whole, con, pools, simulations, pool, label, sizes, models, budget, strategies, known, honest)


def _study(asked: str) -> tuple[Study, bool]:
    """Return the chosen study, and whether it has all its runs."""
    found = study.available(asked)
    name = state.one("study", "Study", list(found), asked)
    one = Study(name, found[name], study.state(found[name]))
    con = _opened(one, (), ())
    (parts,) = _ask(one, (), (), con, "select bool_and(done = asked) as whole from completeness", {}, {}).rows
    repeats = _ask(one, (), (), con, "select repeats from protocol", {}, {}).rows
    if parts["whole"] or not repeats:
        return one, bool(parts["whole"])
    options = ["all", *(str(number) for number in range(1, repeats[0]["repeats"]))]
    words = "Runs are missing. The first repeats of every cell are there long before all are: they can answer alone."
    first = state.one("repeats", "Repeats to answer from", options, "all", help=words)
    return (one if first == "all" else replace(one, repeats=int(first))), False


def _pool(one: Study, base: duckdb.DuckDBPyConnection, names: list[str]) -> tuple[str, Sequence[str], str]:
    """Return the pool's name in the views, the pools to open the study with, and the user's text for it."""
    words = f"One of the pools, or type a condition on {', '.join(study_copy.columns(base))}, such as num_params < 20e6"
    label = state.one("pool", "Pool", names, names[0], free=True, help=words)
    if label in names:
        return label, (), label
    try:
        pool = study_copy.admitted(one, label)
    except PoolError as error:
        state.say(f"Pool: {error} Shown: {names[0]}.")
        return names[0], (), names[0]
    return pool, (pool,), label


def _simulations(one: Study, pools: Sequence[str]) -> Sequence[Simulation]:
    """Return the strategies that this session or its link tries, as far as they run on this study."""
    found = []
    for name, sql in shared.simulations().items():
        try:
            found.append(study_copy.tried(one, pools, name, sql))
        except StrategyError as error:
            state.say(f"The simulated strategy {name} is left out: {error}")
    return found


def _opened(one: Study, pools: Sequence[str], simulations: Sequence[Simulation]) -> duckdb.DuckDBPyConnection:
    try:
        return study.opened(one, pools, simulations)
    except StudyError as error:
        raise Problem(str(error), [f"needle check --study {one.name}", f"needle collect --study {one.name}"]) from error


def _ask(
    one: Study,
    pools: Sequence[str],
    simulations: Sequence[Simulation],
    con: duckdb.DuckDBPyConnection,
    sql: str,
    values: Mapping[str, Value],
    labels: Mapping[str, str],
) -> Answer:
    tried = tuple((simulation.name, simulation.sql) for simulation in simulations)
    return ask(con, (one, tuple(pools), tried), sql, values, labels)


_POOLS = "select pool, models from pool_size order by models desc, pool"
_SIZE = "select models from pool_size where pool = $pool"
_STRATEGIES = "select distinct strategy from (select strategy from ranking union all select 'random') order by strategy"
_PEEKING = "select distinct strategy from peeking"
