"""The one way in: result files, read by a recipe, become the folder of a study."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

from warehouse.importer.cells import MACROS
from warehouse.importer.doubts import alike, copies, leave_out_datasets, left_out, missing
from warehouse.importer.errors import ImportFileError
from warehouse.importer.load import load_files, name, text
from warehouse.importer.measures import check_measures, check_unit, convert_units
from warehouse.importer.metadata import metadata_notes, read_metadata
from warehouse.importer.recipe import Recipe
from warehouse.importer.repeats import one_row_a_key
from warehouse.importer.report import Report
from warehouse.importer.run import run_recipe, tables_of
from warehouse.importer.study import check_free, protocol_of, publish, write_facts
from warehouse.relation import sections

MEMORY = "512MB"


def import_table(recipe: Recipe, files: Sequence[Path], out: Path, models: Path | None = None, unit: str | None = None) -> Report:
    """Write the study of result files to a new folder, and say what was kept, dropped and doubted.

    recipe: of `find_recipe`, or one's own SELECT. files: CSV, TSV, JSON lines or Parquet. models: a file with metadata of the models, in
    the contract's columns. unit: percent or fraction, where the recipe does not say it and the values should not. The report also lies
    in the folder, as import.json. Memory is constant; the temporary folder needs room for the rows. Raises ImportFileError, with
    nothing written, where a file is not what its name or the recipe says, the SELECT reads anything but the files, or the folder is
    not free.
    """
    check_unit(unit)
    check_free(out)
    with tempfile.TemporaryDirectory(prefix="needle-import-") as temporary:
        folder = Path(temporary)
        study = folder / "study"
        study.mkdir()
        try:
            # In memory, which takes half the time of a file; beyond the limit DuckDB moves rows to the temporary folder.
            options: dict[str, str | bool | int | float | list[str]] = {
                "memory_limit": MEMORY,
                "temp_directory": str(folder / "spilled"),
                "python_enable_replacements": False,
            }
            with duckdb.connect(config=options) as con:
                return _import(con, recipe, files, out, models, unit, study)
        except duckdb.OutOfMemoryException as error:
            raise ImportFileError(f"The SELECT needs more than {MEMORY} of memory, or of room in {temporary}: {error}") from error


def _import(
    con: duckdb.DuckDBPyConnection,
    recipe: Recipe,
    files: Sequence[Path],
    out: Path,
    models: Path | None,
    unit: str | None,
    study: Path,
) -> Report:
    con.execute("set enable_progress_bar = false")
    con.execute("create schema work")
    con.execute("create schema metadata")
    con.execute(MACROS)
    con.execute("set schema = 'work'")
    con.execute(sections()[1])
    con.execute("set schema = 'main'")
    sources = load_files(con, files, study.parent, recipe.header)
    if models:
        load_files(con, [models], study.parent, schema="metadata")
    _lock(con, study)

    given = run_recipe(con, recipe)
    check_measures(con)
    notes = [*convert_units(con, unit), *leave_out_datasets(con)]
    rates, numbered = one_row_a_key(con, bool(given.protocol.get("as_published")))
    notes += [*numbered, *copies(con)]
    for what, tables in given.known.items():
        _make_names(con, what, tables)
        notes += alike(con, what)
    protocol = protocol_of(con, out.absolute().name, given.protocol, rates)
    notes += missing(con, protocol["proxies"])
    if models:
        (table,) = tables_of(con, "metadata")
        read_metadata(con, "model", f"from metadata.{name(table)}", str(models), "work.model_file")
        notes += metadata_notes(con, models.name, "work.model_file")
        given.known["model"].insert(0, "work.model_file")

    kept = write_facts(con, study, protocol, ", ".join(source.file for source in sources), given.known)
    notes = [*left_out(con), *given.notes, *notes]
    report = Report(
        recipe=recipe.name,
        sql=recipe.sql,
        study=out.absolute().name,
        files=tuple(sources),
        rows_read=kept + sum(one.count for one in notes if one.action == "dropped"),
        rows_kept=kept,
        models=_count(con, "model"),
        datasets=_count(con, "dataset"),
        notes=tuple(notes),
    )
    publish(study, out, report)
    return report


def _lock(con: duckdb.DuckDBPyConnection, study: Path) -> None:
    """Give up all access but to the database, and to the folder that the study is written to."""
    con.execute(f"set allowed_directories = [{text(study)}]")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")


def _make_names(con: duckdb.DuckDBPyConnection, what: str, known: Sequence[str]) -> None:
    """Make work.model or work.dataset: the names in the rows, in their order, and those that the recipe lists besides."""
    listed = "".join(f" union all select {what}, 9e18::bigint + rowid from {table}" for table in known)
    con.execute(
        f"""create table work.{what} as select {what}, row_number() over (order by min(n)) as n
            from (select {what}, n from work.cell where not by_recipe{listed})
            where {what} not in (select dataset from work.without_accuracy where dataset is not null and '{what}' = 'dataset')
            group by {what} order by n"""
    )


def _count(con: duckdb.DuckDBPyConnection, what: str) -> int:
    (count,) = con.execute(f"select count(*) from work.{what}").fetchone() or (0,)
    return int(count)
