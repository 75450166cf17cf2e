"""Studies that cannot be planned, packed or merged: the error names the file, and every file is left as it was."""

import errno
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import fast
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command import needle
from fast import files

from collector.planning.work_item import missing
from collector.storage.folder import Folder, FolderError, folder
from collector.storage.merging import merge
from collector.storage.packing import pack, unpack
from collector.storage.store import StoreError, move_damaged
from warehouse.studies import SHIPPED

STUDY = fast.study(2, 1)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    fast.collect(STUDY, tmp_path / "study")
    return tmp_path / "study"


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
    """As on a failing disk, or without permission to read."""
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
    with pytest.raises(StoreError, match=rf"proxy/1/{name.split('/')[0]} is not part of a study"):
        verb(folder(study))
    assert files(study) == before


def test_a_broken_link_is_moved_aside_and_its_runs_are_measured_again(study: Path) -> None:
    before = fast.rows(study)
    dangling(study / "finetune" / "m00+d00+0.1+0.parquet")
    (words,) = move_damaged(folder(study))
    assert words.startswith("finetune/m00+d00+0.1+0.parquet: it is a broken link. It is now aside/")
    assert len(missing(STUDY, study)) == 1
    fast.collect(STUDY, study)
    assert fast.rows(study) == before


@pytest.mark.parametrize("name", ["finetune/m00+d00+0.1+0.parquet", "model.parquet"])
def test_a_footer_of_nonsense_in_a_study_without_checksums_is_moved_aside(study: Path, name: str) -> None:
    """For which pyarrow raises another error."""
    for path in study.rglob("*.parquet"):
        pq.write_table(pq.ParquetFile(path).read().replace_schema_metadata(None), path)
    (study / name).write_bytes(b"PAR1" + b"x" * 40 + (40).to_bytes(4, "little") + b"PAR1")
    (words,) = move_damaged(folder(study))
    assert words.startswith(f"{name}: ")


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("verb", ["pack", "unpack"])
def test_a_study_that_ships_is_not_packed_but_its_copy_is(tmp_path: Path, verb: str, name: str) -> None:
    before = files(SHIPPED[name])
    done = needle(tmp_path, verb, "--study", name)
    assert done.returncode == 1
    assert f"{name} ships with this program and is not changed." in done.stderr
    assert files(SHIPPED[name]) == before
    if (verb, name) == ("unpack", "haystack"):
        return  # into 6,000 files: the smaller study's will do
    subprocess.run(done.stderr.split(": ", 1)[1], shell=True, cwd=tmp_path, check=True)
    assert needle(tmp_path, verb, "--study", f"results/{SHIPPED[name].name}").returncode == 0


def test_a_study_that_cannot_be_packed_where_it_is_says_what_can_be_done(study: Path) -> None:
    (study / ".lock").unlink()
    (study / ".lock").mkdir()  # as good as a folder that cannot be written
    with pytest.raises(FolderError, match=r"study cannot be written to: .*\. Copy the study to a folder that can be"):
        pack(folder(study))


def test_a_disk_that_fails_while_packing_is_said(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = fast.rows(study)
    monkeypatch.setattr("collector.storage.packing.os.rename", fail)
    with pytest.raises(FolderError, match="study cannot be read or written: No space left on device"):
        pack(folder(study))
    monkeypatch.undo()
    assert fast.rows(study) == before


@pytest.mark.parametrize(
    ("out", "status", "words"),
    [
        ("file/new", 1, "file/new cannot be written: Not a directory. Name another folder with --out."),
        ("x" * 300, 1, "cannot be written: File name too long. Name another folder with --out."),
        ("link", 1, "link already exists. Name another folder with --out"),
        ("s3://bucket/new", 2, "--out of merge is a folder on this machine, not in s3:"),
    ],
)
def test_where_no_study_can_be_nothing_is_merged(study: Path, out: str, status: int, words: str) -> None:
    (study.parent / "file").touch()
    (study.parent / "link").symlink_to("nowhere")
    before = sorted(study.parent.iterdir())
    done = needle(study.parent, "merge", str(study), str(study), "--out", out)
    assert (done.returncode, done.stdout) == (status, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(study.parent.iterdir()) == before
