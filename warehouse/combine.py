"""Writes one study out of two, to ask about a dataset without fine-tunes beside those that have them."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from study_format.layout import METADATA, RELATIONS
from warehouse.connection import connect
from warehouse.relation import quoted


@contextmanager
def connect_both(study: Path, own: Path, pool: str, strategy: str, question: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open both studies as one, to rank a pool by a strategy for the dataset of the second. Raises as `combine` and `connect` do.

    question: as in `connect`.
    """
    with tempfile.TemporaryDirectory() as temporary:
        together = Path(temporary) / "together"
        combine(study, own, together)
        with connect(together, pools=[pool], whole_datasets=True, only=[strategy], question=question) as con:
            yield con


def combine(study: Path, own: Path, out: Path) -> None:
    """Write all rows of both studies into a folder, which must not exist; what both describe is as in the first, and so is the protocol.

    Their protocols may differ in how many images they take: a strategy compares scores of one dataset at a time.
    Raises StudyError where one of them is not a study.
    """
    for number, folder in enumerate((study, own)):
        with connect(folder, question=" ".join(RELATIONS)) as con:
            for relation in RELATIONS:
                if con.execute(f"from {relation} limit 1").fetchone():
                    path = out / relation / f"{number}.parquet"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    con.execute(f"copy {relation} to {quoted(str(path))} (format parquet)")
    for relation in METADATA:
        key = "''" if relation == "protocol" else relation
        rows = f"from read_parquet({quoted(str(out / relation / '*.parquet'))}, union_by_name = true, filename = true)"
        first = f"select * exclude (filename) {rows} qualify row_number() over (partition by {key} order by filename) = 1"
        duckdb.connect().execute(f"copy ({first}) to {quoted(str(out / f'{relation}.parquet'))} (format parquet)")
        shutil.rmtree(out / relation)
