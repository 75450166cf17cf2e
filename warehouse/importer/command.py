"""The one way in: files of a published table to the folder of a study."""

from collections.abc import Callable, Sequence
from pathlib import Path

from study_format.suggestions import nearest
from warehouse.importer.models import read_models
from warehouse.importer.read import ImportFileError, sha256
from warehouse.importer.report import Note, Report, Source, note
from warehouse.importer.shift import read_shift
from warehouse.importer.study import check_free, schema_of, write_study
from warehouse.importer.table import VTAB_GROUP, Row, Table
from warehouse.importer.tidy import read_tidy
from warehouse.importer.vtab import read_vtab
from warehouse.importer.wide import read_wide

KINDS: dict[str, Callable[[Sequence[Path], str | None], Table]] = {
    "shift": read_shift,
    "vtab": read_vtab,
    "tidy": read_tidy,
    "wide": read_wide,
}
UNITS = ("percent", "fraction")


def import_table(kind: str, files: Sequence[Path], out: Path, models: Path | None = None, unit: str | None = None) -> Report:
    """Write the study of a published table to a new folder, and say what was kept, dropped and doubted.

    kind: one of KINDS; files: the parts of one table; models: a CSV file with metadata of the models, in the contract's columns;
    unit: one of UNITS where the table does not say it, by default fractions. The report also lies in the folder, as import.json.
    Raises ImportFileError, with nothing written, where a file is not what its kind says or the folder is not free.
    """
    if kind not in KINDS:
        raise ImportFileError(f"Unknown kind of table {kind!r}.{nearest(kind, KINDS)} There are {', '.join(KINDS)}.")
    if unit is not None and unit not in UNITS:
        raise ImportFileError(f"Unknown unit {unit!r}.{nearest(unit, UNITS)} There are {', '.join(UNITS)}.")
    check_free(out)
    table = KINDS[kind](files, unit)
    sources = _sources(files)
    name = ", ".join(source.file for source in sources)
    known, notes = read_models(models, schema_of("model"), table.models) if models else ({}, [])
    facts: dict[str, Sequence[Row]] = {
        "model": [_model(model, table, known.get(model, {}), name) for model in table.models],
        "dataset": [{"dataset": d, "vtab_group": VTAB_GROUP.get(d), "source": name} for d in table.datasets],
        "protocol": [{"study": out.absolute().name, **table.protocol}],
        "finetune": table.finetune,
        "proxy": table.proxy,
    }
    report = Report(
        kind=kind,
        study=out.absolute().name,
        files=tuple(sources),
        rows_read=table.rows_read,
        rows_kept=len(table.finetune) + len(table.proxy),
        models=len(table.models),
        datasets=len(table.datasets),
        notes=(*table.notes, *_missing(table), *notes),
    )
    write_study(out, facts, report)
    return report


def _sources(files: Sequence[Path]) -> list[Source]:
    """The files with their checksums. Raises ImportFileError where one is given twice."""
    sources = [Source(path.name, sha256(path)) for path in files]
    for first, second in zip(sorted(sources, key=lambda s: s.sha256), sorted(sources, key=lambda s: s.sha256)[1:], strict=False):
        if first.sha256 == second.sha256:
            raise ImportFileError(f"{first.file} and {second.file} are the same file.")
    return sources


def _model(model: str, table: Table, known: Row, source: str) -> Row:
    given = {column: value for column, value in known.items() if value is not None}
    return {"model": model, "handle": table.handles.get(model), "source": source, **given}


def _missing(table: Table) -> list[Note]:
    """The cells without any number, of fine-tunes and of each proxy."""
    why = "the table has no number there: pools with such a model have no regret on that dataset, and needle check counts them"
    notes = []
    for measure in ("finetune", *table.protocol["proxies"]):
        rows = table.finetune if measure == "finetune" else [row for row in table.proxy if row["proxy"] == measure]
        there = {(row["model"], row["dataset"]) for row in rows}
        cells = [f"{m} on {d}" for m in table.models for d in table.datasets if (m, d) not in there]
        notes += note("missing", f"cells of {measure} out of {len(table.models) * len(table.datasets)}", why, cells)
    return notes
