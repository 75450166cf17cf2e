"""`needle collect` before it measures anything: what it moves aside, and where it refuses to."""

from dataclasses import replace
from pathlib import Path

import fast
import pytest

from collector.planning.work_item import missing
from collector.storage.folder import folder
from collector.storage.packing import pack, unpack
from collector.studies import STUDIES
from needle import main
from needle.collecting import _move_aside
from needle.parser import parser

STUDY = fast.study(3, 2)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A complete study that the command knows by name."""
    monkeypatch.setitem(STUDIES, "fast", STUDY)
    fast.collect(STUDY, tmp_path / "study")
    return tmp_path / "study"


def collect(study: Path, *arguments: str) -> list[str]:
    return ["collect", "--study", "fast", "--out", str(study), *arguments]


def parquet(study: Path) -> dict[str, bytes]:
    return {name: content for name, content in fast.files(study).items() if name.endswith(".parquet")}


def test_a_packed_study_is_to_be_unpacked_before_its_runs_are_measured_again(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack(folder(study))
    before = parquet(study)
    again = collect(study, "--models", "m01", "--datasets", "d00", "--again")
    assert main(again) == 1
    said = capsys.readouterr().err
    assert said == (
        f"9 of the runs to be measured again are in packed files of {study}. Unpack the study first: needle unpack --study {study}\n"
    )
    assert parquet(study) == before
    unpack(folder(study))
    _move_aside(parser().parse_args(again))
    assert "Moved 6 parts aside" in capsys.readouterr().err  # 4 fine-tunes, knn, and linear's four in one
    assert sum(len(item.runs) for item in missing(STUDY, study)) == 9


def test_of_a_study_that_was_packed_half_way_the_parts_that_came_later_are_measured_again(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pack(folder(study))
    more = fast.study(4, 2)
    fast.collect(more, study)
    monkeypatch.setitem(STUDIES, "fast", more)
    _move_aside(parser().parse_args(collect(study, "--models", "m03", "--again")))
    assert "Moved 12 parts aside" in capsys.readouterr().err
    assert main(collect(study, "--again")) == 1
    assert "54 of the runs to be measured again are in packed files" in capsys.readouterr().err


@pytest.mark.parametrize("again", [[], ["--again"]])
def test_a_folder_of_another_protocol_is_left_alone_damaged_parts_and_all(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], again: list[str]
) -> None:
    part = study / "finetune" / "m01+d01+0.3+1.parquet"
    part.write_bytes(part.read_bytes()[:-200])
    before = parquet(study)
    monkeypatch.setitem(STUDIES, "fast", replace(STUDY, protocol=replace(STUDY.protocol, steps=7)))
    assert main(collect(study, *again)) == 1
    assert capsys.readouterr().err.startswith(f"{study} was collected under another protocol: steps is ")
    assert parquet(study) == before


def test_a_damaged_protocol_is_moved_aside(study: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = study / "protocol.parquet"
    content = bytearray(path.read_bytes())
    content[20] ^= 4
    path.write_bytes(bytes(content))
    _move_aside(parser().parse_args(collect(study)))
    assert "Moved aside: protocol.parquet: its checksum is not that of its content" in capsys.readouterr().err
    fast.collect(STUDY, study)
    assert missing(STUDY, study) == []
