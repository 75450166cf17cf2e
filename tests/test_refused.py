"""What a study is not to be planned, packed or merged with: it is named, in words, and every file is as it was."""

from collections.abc import Callable
from pathlib import Path

import fast
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collector.folder import folder
from collector.merge import merge
from collector.pack import pack, unpack
from collector.schedule import missing
from collector.store import StoreError

STUDY = fast.study(2, 1)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    fast.collect(STUDY, tmp_path / "study")
    return tmp_path / "study"


def files(place: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file() and path.name != ".lock"
    }


@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize(
    "verb",
    [
        pack,
        unpack,
        lambda where: missing(STUDY, where),
        lambda where: merge(where, where, Path(f"{where.path}-merged")),
    ],
)
def test_a_protocol_of_any_other_number_of_rows_is_named(study: Path, verb: Callable[[object], object], count: int) -> None:
    table = pq.ParquetFile(study / "protocol.parquet").read().replace_schema_metadata(None)
    pq.write_table(pa.concat_tables([table] * count) if count else table.slice(0, 0), study / "protocol.parquet")
    before = files(study)
    with pytest.raises(StoreError, match=rf"study/protocol\.parquet has {count} rows"):
        verb(folder(study))
    assert files(study) == before
