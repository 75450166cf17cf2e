"""Reads what is known of models and datasets, from a file or a SELECT, in the contract's columns."""

import duckdb

from study_format.suggestions import nearest
from warehouse.importer.errors import ImportFileError
from warehouse.importer.load import PLACE, columns_of, name
from warehouse.importer.report import Note, note

POSITIVE = ("num_params", "feature_dim", "image_size", "num_classes", "num_test")


def read_metadata(con: duckdb.DuckDBPyConnection, fact: str, query: str, source: str, table: str) -> None:
    """Make a table of the metadata that a query yields: the contract's columns of model or dataset (`fact`) that it has.

    source: how messages call the query. What is empty is null. Raises ImportFileError for an unknown column, a key that is missing or
    stands there twice, and a value of the wrong type.
    """
    types = columns_of(con, f"contract.{fact}")
    columns = [column for column in columns_of(con, query) if column not in PLACE]
    if fact not in columns:
        raise ImportFileError(f"{source} has no column {fact!r}.{nearest(fact, columns)} It has {', '.join(columns)}.")
    for column in columns:
        if column not in types:
            raise ImportFileError(
                f"{source}: unknown column {column!r}.{nearest(column, types)} Accepted are {', '.join(types)}."
            )
    has_place = len(columns_of(con, query)) > len(columns)
    texts = ", ".join(f"trim({name(column)}::varchar) as {name(column)}" for column in columns)
    place = "work.place(file, line)" if has_place else f"'{source}'"
    con.execute(f"create table {table}_text as select row_number() over () as n, {place} as place, {texts} from ({query}\n)")
    problems = [
        f"when coalesce({fact}, '') = '' then place || ': {fact} is empty.'",
        f"when count(*) over (partition by {fact} order by n rows unbounded preceding) > 1 then"
        f" place || ': {fact} ''' || {fact} || ''' stands there twice.'",
        *(_problem(column, types[column]) for column in columns if types[column] != "VARCHAR"),
    ]
    first = con.execute(
        f"with judged as (select n, case {' '.join(problems)} end as problem from {table}_text)"
        " select problem from judged where problem is not null order by n limit 1"
    ).fetchone()
    if first:
        raise ImportFileError(first[0])
    values = [
        f"{f'nullif({name(column)}, {chr(39) * 2})' if types[column] == 'VARCHAR' else f'work.number({name(column)})::{types[column]}'}"
        f" as {name(column)}"
        for column in columns
    ]
    con.execute(f"create table {table} as select {', '.join(values)} from {table}_text order by n")


def metadata_notes(con: duckdb.DuckDBPyConnection, file: str, table: str) -> list[Note]:
    """Compare a file of metadata with the study's models: which it lacks, and which only it has."""
    lacking = [
        model for (model,) in con.execute(f"select model from work.model anti join {table} using (model) order by n").fetchall()
    ]
    unused = [
        model
        for (model,) in con.execute(f"select model from {table} anti join work.model using (model) order by rowid").fetchall()
    ]
    return [
        *note("kept", f"models that {file} lacks", "their metadata are null, and pools that need them are undecided", lacking),
        *note(
            "left out", "models", f"only {file} has them, the table does not", [model + _hint(model, lacking) for model in unused]
        ),
    ]


def _problem(column: str, kind: str) -> str:
    """Return the case of a number that is none of its column."""
    value, is_text = f"work.number({name(column)})", f"not work.missing({name(column)})"
    if kind == "DOUBLE":
        good, words = f"{value} between 0 and 1", "is not a fraction in [0, 1]."
    else:
        good = f"{value} >= {int(column in POSITIVE)} and {value} = floor({value}) and isfinite({value})"
        words = "is not a positive whole number. Write 23500000; leave an unknown one empty."
    return f"when {is_text} and not coalesce({good}, false) then place || ', {column}: ''' || {name(column)} || ''' {words}'"


def _hint(model: str, lacking: list[str]) -> str:
    near = nearest(model, lacking).removeprefix(" Did you mean ").removesuffix("?")
    return f" (the table has {near})" if near else ""
