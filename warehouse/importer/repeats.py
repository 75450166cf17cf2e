"""Leaves one row of work.cell a key: drops what stands there twice, numbers repeats, and refuses two numbers of one key."""

from dataclasses import dataclass

import duckdb

from warehouse.importer.cells import cells_said
from warehouse.importer.errors import ImportFileError
from warehouse.importer.report import Note, note

TWICE = "values that stand there twice"


@dataclass(frozen=True)
class Rates:
    """The learning rates that the protocol names, None where it names none; as_published: whether cells have those that they have."""

    finetune: list[float] | None
    linear: list[float] | None
    as_published: bool


def one_row_a_key(con: duckdb.DuckDBPyConnection, as_published: bool) -> tuple[Rates, list[Note]]:
    """Settle which rows of work.cell are runs of their own, and return the learning rates that tell them apart.

    as_published: what the recipe's protocol says; a row can say it, too. Several learning rates are told apart where every fine-tune
    has its rate and a validation accuracy, which chooses among them; those of linear, whose score is a validation accuracy, where a key
    has several. Fine-tunes of one key that give no repeat, and differ in validation, are repeats in the order of the files. Raises
    ImportFileError for two different numbers of one key.
    """
    as_published = as_published or _any(con, "as_published")
    finetune, linear = _rates(con, "finetune"), _rates(con, "linear")
    if finetune and len(finetune) > 1 and _any(con, "measure = 'finetune' and validation is null"):
        finetune = None
    if linear and not (
        len(linear) > 1 and _any(con, "measure = 'linear'", "group by model, dataset, repeat having count(*) > 1")
    ):
        linear = None
    told = ", ".join(f"'{one}'" for one, rates in (("finetune", finetune), ("linear", linear)) if rates and len(rates) > 1)
    rate = f"if(measure in ({told}), learning_rate, null)" if told else "null::double"
    con.execute(f"""
        create table work.rival as
        with twice as (select measure, model, dataset, coalesce(repeat, 0) as key_repeat, {rate} as key_rate
                       from work.cell where left_out is null group by all having count(*) > 1)
        select cell.*, key_repeat, key_rate
        from (select *, coalesce(repeat, 0) as key_repeat, {rate} as key_rate from work.cell where left_out is null) as cell
            semi join twice on twice.measure = cell.measure and twice.model = cell.model and twice.dataset = cell.dataset
                and twice.key_repeat = cell.key_repeat and twice.key_rate is not distinct from cell.key_rate""")
    _leave_out_copies(con)
    numbered = _number_repeats(con)
    _refuse_rivals(con, [name for name, rates in (("finetune", finetune), ("linear", linear)) if not rates])
    why = "no repeat is given, and their validation accuracies differ: they are numbered in the order of the files"
    notes = note("kept", "fine-tunes of one key", why, numbered)
    return Rates(finetune, linear, as_published or bool(numbered) or len(finetune or ()) > 1), notes


def _rates(con: duckdb.DuckDBPyConnection, measure: str) -> list[float] | None:
    """Return the learning rates of a measure, ascending; None where a row has none."""
    if _any(con, f"measure = '{measure}' and learning_rate is null"):
        return None
    query = f"select distinct learning_rate from work.cell where left_out is null and measure = '{measure}' order by all"
    return [rate for (rate,) in con.execute(query).fetchall()] or None


def _any(con: duckdb.DuckDBPyConnection, condition: str, group: str = "") -> bool:
    return con.execute(f"select 1 from work.cell where left_out is null and {condition} {group} limit 1").fetchone() is not None


def _leave_out_copies(con: duckdb.DuckDBPyConnection) -> None:
    """Leave the first of the rows that say the same of the same key."""
    con.execute("""
        create table work.copied as select n from work.rival
        qualify row_number() over (partition by measure, model, dataset, key_repeat, learning_rate, number, validation
                                   order by file, line, n) > 1""")
    con.execute(f"update work.tidy set left_out = '{TWICE}' where rowid in (from work.copied)")
    con.execute("delete from work.rival where n in (from work.copied)")


def _number_repeats(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Number the fine-tunes of a key that differ in validation, where no fine-tune has a repeat, and return what they are."""
    if _any(con, "measure = 'finetune' and repeat is not null"):
        return []
    con.execute("""
        create table work.numbered as
        select n, row_number() over (partition by model, dataset, key_rate order by file, line, n) - 1 as repeat
        from work.rival semi join (select model, dataset, key_rate from work.rival where measure = 'finetune' group by all
                                   having count(*) > 1 and count(distinct validation) = count(*)) as runs
            on runs.model = rival.model and runs.dataset = rival.dataset and runs.key_rate is not distinct from rival.key_rate
        where measure = 'finetune'""")
    con.execute("update work.tidy set repeat = numbered.repeat from work.numbered where numbered.n = tidy.rowid")
    con.execute("delete from work.rival where n in (select n from work.numbered)")
    return cells_said(con, "n in (select n from work.numbered)", 10**9)


def _refuse_rivals(con: duckdb.DuckDBPyConnection, one_rate: list[str]) -> None:
    """Raise ImportFileError for the first two rows of one key that say different numbers. one_rate: measures of one rate a run."""
    found = con.execute("""
        select measure, list(work.said(file, line, measure, model, dataset, text) order by file, line, n)[:2],
               count(distinct learning_rate) > 1
        from work.rival group by measure, model, dataset, key_repeat, key_rate having count(*) > 1
        order by min(file), min(line), min(n) limit 1""").fetchone()
    if not found:
        return
    measure, first_two, rates = found
    both = " and ".join(first_two)
    if rates and measure in one_rate:
        raise ImportFileError(
            f"{both}: two learning rates of one run. Which of them counts only its validation accuracy can say: give every fine-tune its "
            "learning_rate and validation_value, or keep the rate that validated best, or number them as repeats if they are."
        )
    raise ImportFileError(
        f"{both}: two numbers for one key. Keep the right one; if both are runs, number them in a column repeat."
    )
