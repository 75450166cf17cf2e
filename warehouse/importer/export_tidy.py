"""Writes a study's fine-tunes and proxies as one tidy table: the inverse of the recipe `tidy`."""

import os
from pathlib import Path

import duckdb

from warehouse.export import ExportError
from warehouse.importer.load import text

QUESTION = "finetune proxy protocol missing_run"  # what must be there
# A run that is missing is a row without a value, so that models, datasets and repeats of which nothing is there come along. Learned
# scores stay behind: a table cannot say what they were fitted on.
ROWS = """
    with run as (
        select model::varchar as model, dataset::varchar as dataset, 'finetune' as measure, test_accuracy as value, repeat, learning_rate,
               seconds, validation_accuracy as validation_value
        from finetune
        union all select model::varchar, dataset::varchar, proxy, score, repeat, learning_rate, seconds, null from proxy
        union all select model::varchar, dataset::varchar, procedure, null, repeat, learning_rate, null, null from missing_run
        where procedure <> 'embedding'
    )
    select run.*, nullif(coalesce(list_contains(lower_is_better, measure), false), false) as lower_is_better, as_published
    from run cross join (select lower_is_better, as_published, learned from protocol)
    where not coalesce(list_contains(learned, measure), false)
    order by measure <> 'finetune', measure, model, dataset, repeat, learning_rate"""


def export_tidy(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write all fine-tunes and proxies of an open study to a CSV file, one number a row, as `needle import tidy` reads them.

    Accuracies are fractions. The file appears complete or not at all. Raises ExportError if it exists or cannot be written.
    """
    if os.path.lexists(path):
        raise ExportError(f"{path} already exists and is kept. Move it away, or choose another name.")
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with con.cursor() as cursor:
            cursor.execute(f"copy ({ROWS}) to {text(temporary)} (format csv, header true)")
        temporary.rename(path)
    except (OSError, duckdb.IOException) as error:
        raise ExportError(f"{path} cannot be written: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)
