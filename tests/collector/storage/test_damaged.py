"""A part that is not what was written is refused by name, moved aside and made again; no changed bit goes unnoticed."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import fast
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collector.planning.work_item import missing
from collector.storage.folder import folder
from collector.storage.part import encode
from collector.storage.store import StoreError, move_damaged, read_facts
from study_format import checksum
from study_format.checksum import ChecksumError, Mark
from warehouse import StudyError, connect

STUDY = fast.study(3, 2)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collected without a disturbance."""
    path = tmp_path_factory.mktemp("whole") / "study"
    assert fast.collect(STUDY, path) == []
    return path


@pytest.fixture
def study(whole: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(whole, tmp_path / "study")


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip(path: Path) -> None:
    """One bit of an accuracy: DuckDB and pyarrow read it without a word."""
    table = pq.ParquetFile(path).read()
    content = bytearray(path.read_bytes())
    column = pq.ParquetFile(path).metadata.row_group(0).column(table.column_names.index("test_accuracy"))
    content[column.data_page_offset + column.total_compressed_size - 1] ^= 1
    path.write_bytes(bytes(content))
    assert pq.ParquetFile(path).read() != table


def foreign(path: Path) -> None:
    """The same part of a study with another protocol."""
    other = replace(STUDY, protocol=replace(STUDY.protocol, steps=7))
    fast.collect(other, path.parents[2] / "other")
    shutil.copy(path.parents[2] / "other" / "finetune" / path.name, path)


def renamed(path: Path) -> None:
    """Another part of this study under this name."""
    shutil.copy(path.with_name("m02+d00+0.1+0.parquet"), path)


def unmarked(path: Path) -> None:
    """The right columns, from who knows where."""
    pq.write_table(pq.ParquetFile(path).read().replace_schema_metadata(None), path)


def text(path: Path) -> None:
    path.write_text("Paris")


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncate, "cut off"),
        (empty, "no checksum"),
        (flip, "its checksum is not that of its content"),
        (foreign, "another protocol"),
        (renamed, r"it is the part finetune/m02\+d00\+0.1\+0 of this study under another name"),
        (unmarked, "no checksum"),
        (text, "no checksum"),
    ],
)
def test_a_damaged_part_is_refused_by_name_moved_aside_and_made_again(
    study: Path, whole: Path, damage: Callable[[Path], None], reason: str
) -> None:
    part = study / "finetune" / "m01+d01+0.3+1.parquet"
    damage(part)
    content = part.read_bytes()
    with pytest.raises(StudyError, match=r"m01\+d01\+0\.3\+1\.parquet is not a part of this study: .*" + reason):
        connect(study)
    with pytest.raises(StoreError, match=r"m01\+d01\+0\.3\+1\.parquet is not a part of this study"):
        read_facts(folder(study), "finetune")
    fast.collect(STUDY, study)
    assert fast.rows(study) == fast.rows(whole)
    assert fast.rules(study) == []
    (kept,) = (study / "aside").rglob("*.parquet")
    assert kept.read_bytes() == content, "nothing is thrown away"
    (entry,) = [json.loads(path.read_text()) for path in (study / "history").iterdir()]
    assert entry["part"] == "finetune/m01+d01+0.3+1.parquet"
    assert entry["moved_to"] == str(kept.relative_to(study))


@pytest.mark.parametrize("name", ["model", "dataset", "protocol"])
def test_damaged_metadata_are_written_again(study: Path, whole: Path, name: str) -> None:
    path = study / f"{name}.parquet"
    content = bytearray(path.read_bytes())
    content[20] ^= 4
    path.write_bytes(bytes(content))
    with pytest.raises(StudyError, match=f"{name}.parquet is not a part of this study"):
        connect(study)
    (study / "proxy" / "knn+m00+d00.parquet").unlink()
    fast.collect(STUDY, study)
    assert path.read_bytes() == (whole / path.name).read_bytes()
    assert fast.rows(study) == fast.rows(whole)


def test_no_bit_of_a_part_can_change_unseen() -> None:
    """Every single bit of a part, footer included."""
    mark = Mark("0123456789abcdef", "finetune/a+d+0.1+0")
    content = encode(pa.table({"model": ["a"], "x": [0.5]}), mark, small=True)
    assert checksum.read_mark(content) == mark
    for bit in range(len(content) * 8):
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << (bit % 8)
        try:
            with pytest.raises(ChecksumError):
                checksum.check(checksum.read_mark(bytes(changed)), mark)
        except BaseException as error:
            raise AssertionError(f"bit {bit}") from error


def test_the_log_of_the_collector_names_what_it_moved(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truncate(study / "proxy" / "knn+m00+d00.parquet")
    (message,) = move_damaged(folder(study))
    assert message.startswith("proxy/knn+m00+d00.parquet: it has no checksum: it is cut off")
    assert "its runs are measured again" in message
    assert move_damaged(folder(study)) == []


def test_a_study_without_checksums_is_used_as_it_is(study: Path) -> None:
    """From an importer, or made by hand: its parts are read; a file that is not Parquet is still refused."""
    for path in study.rglob("*.parquet"):
        unmarked(path)
    assert fast.rules(study) == []
    assert missing(STUDY, study) == []
    text(study / "finetune" / "m00+d00+0.1+0.parquet")
    with pytest.raises(StudyError, match=r"m00\+d00\+0\.1\+0\.parquet"):
        connect(study)
    fast.collect(STUDY, study)
    assert missing(STUDY, study) == []
