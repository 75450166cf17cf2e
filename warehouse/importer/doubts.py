"""Counts what an import left out or what looks wrong in the table, with the first examples of each."""

import duckdb

from warehouse.importer.cells import EMPTY, INFINITE, MINUS_ONE, NEGATIVE, cells_said
from warehouse.importer.load import text
from warehouse.importer.repeats import TWICE
from warehouse.importer.report import EXAMPLES, Note, note

ENOUGH = 3  # so many models must have the same numbers in two measures before one is taken for a copy of the other
NO_ACCURACY = "values of datasets without an accuracy"
WHY = {
    EMPTY: "the table has no number there",
    MINUS_ONE: "published tables write -1 for a missing value",
    INFINITE: "nothing can be ordered or averaged by them",
    NEGATIVE: "no accuracy is negative; some other measure may have been published",
    NO_ACCURACY: "all their fine-tunes are below 0",
    TWICE: "the same key with the same number",
}


def leave_out_datasets(con: duckdb.DuckDBPyConnection) -> list[Note]:
    """Leave out the datasets whose fine-tunes are all below 0, missing ones aside: an error is published for them, not an accuracy."""
    rows = con.execute(
        f"""select dataset from work.cell where measure = 'finetune' and (left_out is null or left_out = '{NEGATIVE}')
            group by dataset having bool_and(left_out is not null) order by min(n)"""
    ).fetchall()
    names = [dataset for (dataset,) in rows]
    if names:
        listed = ", ".join(map(text, names))
        con.execute(f"update work.tidy set left_out = '{NO_ACCURACY}' where left_out is null and dataset in ({listed})")
    con.execute("create table work.without_accuracy as select unnest($1::varchar[]) as dataset", [names])
    return note("left out", "datasets", "every fine-tune of theirs is below 0, which is no accuracy", names)


def left_out(con: duckdb.DuckDBPyConnection) -> list[Note]:
    """Return a note for each reason why rows are not in the study, those that the recipe gives first."""
    rows = con.execute(
        "select left_out, by_recipe, any_value(why), count(*) from work.cell where left_out is not null group by all order by min(n)"
    ).fetchall()
    own = [row for row in rows if row[1]]
    ours = sorted((row for row in rows if not row[1]), key=lambda row: list(WHY).index(row[0]))
    notes = []
    for what, by_recipe, why, count in own + ours:
        examples = cells_said(con, f"by_recipe = {by_recipe} and left_out = {text(what)}")
        notes.append(Note("dropped", what, count, why or WHY.get(what, "the recipe leaves them out"), tuple(examples)))
    return notes


def copies(con: duckdb.DuckDBPyConnection) -> list[Note]:
    """Find measures with the same numbers for every model of a dataset: one was copied over the other by mistake."""
    rows = con.execute(
        f"""with filled as (select dataset, measure, count(*) as numbers, min(n) as first,
                                   sum(hash(model, coalesce(repeat, 0), learning_rate, number)) as content
                            from work.cell where left_out is null group by all)
            select a.dataset || ': ' || a.measure || ' and ' || b.measure
            from filled as a join filled as b on a.dataset = b.dataset and a.numbers = b.numbers and a.content = b.content
            where a.first < b.first and a.numbers >= {ENOUGH} order by a.first, b.first"""
    ).fetchall()
    why = "the same numbers for every model: one may be a copy of the other by mistake"
    return note("kept", "pairs of equal measures", why, [said for (said,) in rows])


def alike(con: duckdb.DuckDBPyConnection, what: str) -> list[Note]:
    """Find models or datasets (`what`) whose names differ in case and punctuation only."""
    letters = rf"regexp_replace(lower({what}), '[^\p{{L}}\p{{N}}]', '', 'g')"
    rows = con.execute(
        f"""select string_agg({what}, ' and ' order by n) from work.{what}
            group by {letters} having count(*) > 1 order by min(n)"""
    ).fetchall()
    why = "they count as different; rename one in the table if they are not"
    return note("kept", f"{what}s with nearly the same name", why, [said for (said,) in rows])


def missing(con: duckdb.DuckDBPyConnection, proxies: list[str]) -> list[Note]:
    """Count the pairs of a model and a dataset without any number, of fine-tunes and of each proxy."""
    (models, datasets) = con.execute(
        "select (select count(*) from work.model), (select count(*) from work.dataset)"
    ).fetchone() or (0, 0)
    pairs = models * datasets
    why = "the table has no number there: pools with such a model have no regret on that dataset, and needle check counts them"
    there = dict(
        con.execute(
            "select measure, count(*) from (select distinct measure, model, dataset from work.cell where left_out is null) group by all"
        ).fetchall()
    )
    notes = []
    for measure in ("finetune", *proxies):
        if there.get(measure, 0) < pairs:
            examples = _missing_pairs(con, measure, datasets)
            notes.append(Note("missing", f"cells of {measure} out of {pairs}", pairs - there.get(measure, 0), why, examples))
    return notes


def _missing_pairs(con: duckdb.DuckDBPyConnection, measure: str, datasets: int) -> tuple[str, ...]:
    """Return the first pairs without a number of a measure. The first incomplete models hold them, so that no other pair is looked at."""
    rows = con.execute(
        f"""with there as (select distinct model, dataset from work.cell where left_out is null and measure = {text(measure)}),
                 incomplete as (select model.model, model.n from work.model left join there using (model) group by all
                                having count(dataset) < {datasets} order by model.n limit {EXAMPLES})
            select incomplete.model || ' on ' || dataset.dataset
            from incomplete cross join work.dataset anti join there on there.model = incomplete.model and there.dataset = dataset.dataset
            order by incomplete.n, dataset.n limit {EXAMPLES}"""
    ).fetchall()
    return tuple(said for (said,) in rows)
