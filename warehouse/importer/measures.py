"""Checks the measures of work.cell: their names, repeats, directions and units."""

import difflib
import re

import duckdb

from warehouse.importer.cells import cells_said, some_cells
from warehouse.importer.errors import ImportFileError
from warehouse.importer.load import text
from warehouse.importer.report import Note, note
from warehouse.strategy import RESERVED, STRATEGIES

ACCURACIES = ("finetune", "linear", "knn")
UNITS = ("percent", "fraction")
PROXY_NAME = re.compile(r"[A-Za-z0-9_-]+")


def check_measures(con: duckdb.DuckDBPyConnection) -> None:
    """Raise ImportFileError for measures that no study can hold: a misspelled accuracy would be taken for a proxy in silence.

    A proxy NAME becomes the strategies NAME and hybrid_NAME, so that its name must be free and of letters, digits, _ and -. Of a proxy
    other than linear there is one number a model and dataset, and of every measure all rows agree on lower_is_better.
    """
    rows = con.execute(
        "select measure, coalesce(max(repeat), 0), min(coalesce(repeat, 0)), bool_or(lower_is_better), bool_and(lower_is_better)"
        " from work.cell where not by_recipe group by measure order by min(n)"
    ).fetchall()
    spelled: dict[str, str] = {}
    for measure, *_ in rows:
        _check_name(con, measure)
        if (other := spelled.setdefault(measure.lower(), measure)) != measure:
            raise ImportFileError(f"The measures {other!r} and {measure!r} differ in case only. Rename one, or make them one.")
    if "finetune" not in spelled:
        raise ImportFileError(
            "No row has the measure 'finetune', the test accuracy after fine-tuning. There are "
            + ", ".join(spelled.values())
            + "."
        )
    for measure, most, least, some, every in rows:
        if measure not in ("finetune", "linear") and most > 0:
            first = cells_said(con, f"{_is(measure)} and repeat > 0", 1)[0]
            raise ImportFileError(f"{first}: a repeat. Of {measure} a study holds one number a cell; take their median.")
        if least > 0:
            raise ImportFileError(
                f"{cells_said(con, _is(measure), 1)[0]}: repeats are counted from 0, and no row of {measure} has repeat 0."
            )
        if some != every:
            raise ImportFileError(f"lower_is_better is true in some rows of {measure} and not in others.")


def convert_units(con: duckdb.DuckDBPyConnection, unit: str | None) -> list[Note]:
    """Make every accuracy of work.cell a fraction, and say which measures were percent without being declared so.

    A row's own unit counts, then `unit`; else each measure's values decide: percent where any is above 1. A validation accuracy has the
    unit of its fine-tune. Raises ImportFileError where they are not in that unit, or one measure mixes fractions and percent.
    """
    con.execute(
        "create view work.accuracy as"
        " select n, measure, unit, number as x from work.cell where is_accuracy and left_out is null union all"
        " select n, measure, unit, validation from work.cell where measure = 'finetune' and left_out is null and validation is not null"
    )
    query = (
        "select measure, unit, count(*) filter (x > 0 and x <= 1), count(*) filter (x > 1), count(*) filter (x > 100), min(x), max(x)"
        " from work.accuracy group by all order by all"
    )
    notes = []
    for measure, declared, small, large, above, least, most in con.execute(query).fetchall():
        these = f"{_is(measure)} and unit is not distinct from {text(declared) if declared else 'null'}"
        if declared and unit and declared != unit:
            raise ImportFileError(f"{measure} is in {declared}{'s' if declared == 'fraction' else ''}; leave --unit out.")
        if not declared and small and large:
            raise ImportFileError(
                f"Percent beside fractions: {_of(con, these, 'x > 1')}, but {_of(con, these, 'x > 0 and x <= 1')}. Bring {measure} to "
                "one unit. If some values are below 1 percent, select 'percent' as unit."
            )
        if (declared or unit) == "fraction" and large:
            raise ImportFileError(
                f"{_of(con, these, 'x > 1')}: not a fraction in [0, 1]. If the accuracies are in percent, say --unit percent."
            )
        if not declared and unit == "percent" and small:
            raise ImportFileError(
                f"No accuracy is above 1: {_of(con, these, 'x > 0')}. These are fractions; leave --unit percent out."
            )
        if above:
            raise ImportFileError(f"{_of(con, these, 'x > 100')}: not a percentage in [0, 100].")
        if (declared or unit) == "percent" or large:
            con.execute(f"update work.tidy set number = number / 100, validation = validation / 100 where {these}")
            if not (declared or unit):
                notes.append(f"{measure}: {least:g} to {most:g}")
    return note("converted", "measures in percent", "no unit is given, and their values are above 1; --unit says it", notes)


def check_unit(unit: str | None) -> None:
    """Raise ImportFileError for a unit that is none."""
    if unit is not None and unit not in UNITS:
        near = difflib.get_close_matches(unit, UNITS, n=1, cutoff=0.5)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ImportFileError(f"Unknown unit {unit!r}.{hint} There are {', '.join(UNITS)}.")


def _check_name(con: duckdb.DuckDBPyConnection, measure: str) -> None:
    if measure in ACCURACIES:
        return
    letters = "".join(letter for letter in measure.lower() if letter.isalnum())
    near = [name for name in ACCURACIES if letters == name] or difflib.get_close_matches(letters, ("finetune", "linear"), 1, 0.85)
    first = cells_said(con, _is(measure), 1)[0]
    if near:
        raise ImportFileError(
            f"{first}: unknown measure {measure!r}. Did you mean {near[0]!r}? finetune is the test accuracy, linear and knn are "
            "validation accuracies, any other name is a proxy."
        )
    if not PROXY_NAME.fullmatch(measure):
        raise ImportFileError(
            f"{first}: a proxy cannot be called {measure!r}: it becomes the strategies NAME and hybrid_NAME, whose names are letters, "
            "digits, _ and -. Rename it in the SELECT, such as replace(measure, ' ', '_')."
        )
    if measure.lower() in _taken_names() or measure.lower().startswith("hybrid_"):
        raise ImportFileError(
            f"{first}: a proxy cannot be called {measure!r}, as a strategy that every study has. Rename it in the SELECT."
        )


def _taken_names() -> set[str]:
    """Return the names that strategies and what they read have, in lower case; linear and knn are those of their proxies."""
    names = (path.stem for path in STRATEGIES.glob("*.sql"))
    return {name.lower() for name in (*names, *RESERVED, "random")} - set(ACCURACIES)


def _is(measure: str) -> str:
    return f"not by_recipe and measure = {text(measure)}"


def _of(con: duckdb.DuckDBPyConnection, these: str, condition: str) -> str:
    """Name the first cells among these that have a value of a condition on x."""
    return some_cells(con, f"{these} and n in (select n from work.accuracy where {condition})")
