"""What a study is not to be planned, packed or merged with: it is named, in words, and every file is as it was."""

from collections.abc import Callable
from pathlib import Path

import fast
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from collector.folder import Folder, FolderError, folder
from collector.merge import merge
from collector.pack import pack, unpack
from collector.schedule import missing
from collector.store import StoreError, move_damaged

STUDY = fast.study(2, 1)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    fast.collect(STUDY, tmp_path / "study")
    return tmp_path / "study"


def files(place: Path) -> dict[str, bytes]:
    found = [path for path in place.rglob("*") if path.is_file() and not path.is_symlink() and path.name != ".lock"]
    return {str(path.relative_to(place)): path.read_bytes() for path in found}


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


def unreadable(part: Path) -> None:
    """A disk that fails is one of these, and so is what others may not read."""
    part.unlink()
    part.symlink_to("/proc/self/mem")


def dangling(part: Path) -> None:
    part.unlink()
    part.symlink_to("nowhere")


def folder_of_its_name(part: Path) -> None:
    part.unlink()
    part.mkdir()


@pytest.mark.parametrize("damage", [unreadable, dangling, folder_of_its_name])
@pytest.mark.parametrize("verb", [pack, unpack])
def test_a_part_that_cannot_be_read_is_named_before_anything_is_packed(
    study: Path, verb: Callable[[Folder], object], damage: Callable[[Path], None]
) -> None:
    """Also one of the last fact."""
    part = study / "representation" / "m00+d00.parquet"
    damage(part)
    before = files(study)
    with pytest.raises((StoreError, FolderError), match=r"representation/m00\+d00\.parquet (cannot be read|is no)"):
        verb(folder(study))
    assert files(study) == before


@pytest.mark.parametrize("name", ["notes.txt", "more/notes.txt"])
@pytest.mark.parametrize("verb", [pack, unpack])
def test_what_lies_among_packed_parts_and_is_none_is_not_removed(
    study: Path, verb: Callable[[Folder], object], name: str
) -> None:
    pack(folder(study))
    note = study / "proxy" / "1" / name
    note.parent.mkdir(exist_ok=True)
    note.write_text("mine")
    before = files(study)
    with pytest.raises(StoreError, match=rf"proxy/1/{name.split('/')[0]} is no part of a study"):
        verb(folder(study))
    assert files(study) == before


def test_a_link_to_nothing_is_moved_aside_and_its_runs_are_made_anew(study: Path) -> None:
    before = fast.rows(study)
    dangling(study / "finetune" / "m00+d00+0.1+0.parquet")
    (words,) = move_damaged(folder(study))
    assert words.startswith("finetune/m00+d00+0.1+0.parquet: it is a link to nothing. It is now aside/")
    assert len(missing(STUDY, study)) == 1
    fast.collect(STUDY, study)
    assert fast.rows(study) == before


def test_a_footer_of_nonsense_in_a_study_without_checksums_is_moved_aside(study: Path) -> None:
    """pyarrow has another error for it."""
    for path in study.rglob("*.parquet"):
        pq.write_table(pq.ParquetFile(path).read().replace_schema_metadata(None), path)
    part = study / "finetune" / "m00+d00+0.1+0.parquet"
    part.write_bytes(b"PAR1" + b"x" * 40 + (40).to_bytes(4, "little") + b"PAR1")
    (words,) = move_damaged(folder(study))
    assert words.startswith("finetune/m00+d00+0.1+0.parquet: ")
