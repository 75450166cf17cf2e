"""Makes one table `work.cell` of the tidy rows that a SELECT yields, with what is wrong with each of them. Nothing is guessed."""

from collections.abc import Mapping

import duckdb

from study_format.suggestions import nearest
from warehouse.importer.errors import ImportFileError
from warehouse.importer.load import name
from warehouse.importer.report import EXAMPLES, Note, note

NEEDED = ("model", "dataset", "measure", "value")
OPTIONAL = (
    "repeat",
    "learning_rate",
    "seconds",
    "validation_value",
    "lower_is_better",
    "unit",
    "as_published",
    "file",
    "line",
    "dropped",
    "why",
)
EMPTY, MINUS_ONE, INFINITE, NEGATIVE = "empty values", "values -1", "values that are not finite", "accuracies below 0"

# Places and numbers of cells, as SQL. A number is text that DuckDB casts to a double; it also reads 1_000, which no table means.
MACROS = """
create macro work.place(file, line) as coalesce(file || coalesce(', line ' || line, ''), '');
create macro work.bare(measure, model, dataset, text) as
    coalesce(measure || ' of ' || model || ' on ' || dataset || ': ' || coalesce(nullif(text, ''), 'empty'), model, 'a row');
create macro work.said(file, line, measure, model, dataset, text) as
    if(file is null, work.bare(measure, model, dataset, text),
       work.place(file, line) || ' (' || work.bare(measure, model, dataset, text) || ')');
create macro work.number(text) as if(contains(text, '_'), null, try_cast(text as double));
create macro work.missing(text) as
    coalesce(lower(text), '') in ('', '-', '--', '–', '—', 'nan', 'na', 'n/a', 'null', 'none');
create macro work.whole(text) as
    if(work.number(text) between 0 and 2147483647 and work.number(text) = floor(work.number(text)), work.number(text)::integer, null);
"""

# One row per row of the SELECT, n of them in its order. by_recipe: whether its column `dropped` leaves it out. left_out: why it is not in
# the study. problem: why it cannot be read. repeat: null where none is given.
CELLS = f"""
create table work.tidy as
with typed as (select {{columns}} from {{selected}}),
     read as (select * replace (nullif(lower(unit), '') as unit), work.number(text) as number, work.whole(repeat) as repeat_number,
                     work.number(learning_rate) as rate, work.number(seconds) as time, work.number(validation_value) as validation,
                     try_cast(lower_is_better as boolean) as lower,
                     try_cast(as_published as boolean) as published, measure in ('finetune', 'linear', 'knn') as is_accuracy from typed)
select file, line, model, dataset, measure, text, number, is_accuracy, unit, repeat_number as repeat, rate as learning_rate,
       time as seconds, validation_value as validation_text, if(validation = -1 or isnan(validation), null, validation) as validation,
       coalesce(lower, false) as lower_is_better, coalesce(published, false) as as_published, dropped is not null as by_recipe, why,
       case when dropped is not null then dropped
            when (number is null or isnan(number)) and work.missing(text) then '{EMPTY}'
            when number = -1 then '{MINUS_ONE}'
            when not isfinite(number) then '{INFINITE}'
            when number < 0 and is_accuracy then '{NEGATIVE}' end as left_out,
       case when dropped is not null then null
            when coalesce(model, '') = '' then 'model is empty.'
            when coalesce(dataset, '') = '' then 'dataset is empty.'
            when coalesce(measure, '') = '' then 'measure is empty.'
            when number is null and not work.missing(text) then
                '''' || text || ''' is not a number. Write 0.83, without a unit or a decimal comma; leave a missing value empty.'
            when repeat_number is null and not work.missing(repeat) then 'repeat ''' || repeat || ''' is not a number from 0.'
            when not coalesce(rate > 0 and isfinite(rate), false) and not work.missing(learning_rate) then
                'learning_rate ''' || learning_rate || ''' is not a positive number. Leave an unknown one empty.'
            when not coalesce(time >= 0 and isfinite(time), false) and not work.missing(seconds) then
                'seconds ''' || seconds || ''' is not a number from 0. Leave an unknown one empty.'
            when not coalesce(validation >= 0 and isfinite(validation) or validation = -1, false)
                 and not work.missing(validation_value) then
                'validation_value ''' || validation_value || ''' is not an accuracy. Leave a missing one empty.'
            when lower is null and not work.missing(lower_is_better) then
                'lower_is_better ''' || lower_is_better || ''' is neither true nor false.'
            when published is null and not work.missing(as_published) then
                'as_published ''' || as_published || ''' is neither true nor false.'
            when lower and is_accuracy then
                'lower_is_better: ' || measure || ' is an accuracy. Of an error rate, select 1 - value, or 100 - value.'
            when unit not in ('percent', 'fraction') then
                'unit ''' || unit || ''' is neither percent nor fraction. Leave an unknown one empty.' end as problem
from read;
create view work.cell as select rowid as n, * from work.tidy;
"""


def make_cells(con: duckdb.DuckDBPyConnection, columns: Mapping[str, str], selected: str, empty: str) -> list[Note]:
    """Make work.cell of the relation `selected`, whose columns these are; return notes on columns that are not read.

    empty: what to say where there is no row. Raises ImportFileError for a column that is missing, and for the first row that cannot be
    read, with its file and line.
    """
    spelled = {column.lower(): column for column in columns}
    for column in NEEDED:
        if column not in spelled:
            others = [one for one in columns if one.lower() not in (*NEEDED, *OPTIONAL)]
            raise ImportFileError(
                f"The first SELECT yields no column {column!r}.{nearest(column, others)} It yields {', '.join(columns)}; tidy rows have "
                f"{', '.join(NEEDED)}, and where known {', '.join(OPTIONAL)}."
            )
    ignored = [column for column in columns if column.lower() not in (*NEEDED, *OPTIONAL)]
    for column in ignored:
        lacking = [one for one in OPTIONAL if one not in spelled]
        if near := nearest(column, lacking, cutoff=0.75):  # left out, two repeats would look like one
            raise ImportFileError(f"The first SELECT yields an unknown column {column!r}.{near}")
    con.execute(CELLS.format(columns=", ".join(_typed(one, spelled) for one in (*NEEDED, *OPTIONAL)), selected=selected))
    if con.execute("select 1 from work.cell where not by_recipe limit 1").fetchone() is None:
        raise ImportFileError(empty)
    first = con.execute(
        "select file, line, measure, model, dataset, text, problem from work.cell where problem is not null"
        " order by file, line, n limit 1"
    ).fetchone()
    if first:
        *row, problem = first
        (place, cell) = con.execute("select work.place($1, $2), work.said($1, $2, $3, $4, $5, $6)", row).fetchone() or ("", "")
        start = place if problem.endswith(" is empty.") and place else cell
        raise ImportFileError(f"{start}: {problem}")
    return note("ignored", "columns", "a study has no place for them", ignored)


def cells_said(con: duckdb.DuckDBPyConnection, condition: str, limit: int = EXAMPLES) -> list[str]:
    """Return the first cells of a condition over work.cell, in the order of the files, as messages name them."""
    rows = con.execute(
        "select work.said(file, line, measure, model, dataset, text) from"
        f" (from work.cell where {condition} order by file, line, n limit {limit}) order by file, line, n"
    ).fetchall()
    return [said for (said,) in rows]


def some_cells(con: duckdb.DuckDBPyConnection, condition: str) -> str:
    """Name the first two cells of a condition, and say how many more there are."""
    (count,) = con.execute(f"select count(*) from work.cell where {condition}").fetchone() or (0,)
    return "; ".join(cells_said(con, condition, 2)) + (f" and {count - 2} more" if count > 2 else "")


def _typed(column: str, spelled: Mapping[str, str]) -> str:
    """Return the expression of a column, which may be of any type or absent."""
    alias = "text" if column == "value" else column
    if column not in spelled:
        return f"null::{'bigint' if column == 'line' else 'varchar'} as {alias}"
    if column == "line":
        return f"try_cast({name(spelled[column])} as bigint) as line"
    return f"{name(spelled[column])}::varchar as {alias}"
