"""Packing keeps every row, refuses contradictions, and leaves a study that resumes and opens."""

from pathlib import Path

import pyarrow.parquet as pq
import pytest
import world

from collector import pack
from collector.contract import FACTS
from collector.store import StoreError, add_rows, read_rows
from warehouse import connect


def _rows(folder: Path, fact: str) -> list[tuple[object, ...]]:
    return sorted((tuple(map(str, row.values())) for row in read_rows(folder, fact)), key=str)


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for fact in ("finetune", "proxy") for path in (folder / fact).rglob("*.parquet"))


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """The small world as a collector leaves it: a file a cell."""
    folder = world.write_study(tmp_path / "study", finetune=[], proxy=[])
    for fact, rows in (("finetune", world.finetunes()), ("proxy", world.proxies())):
        for name in {(row.get("proxy", ""), row["model"], row["dataset"]) for row in rows}:
            part = [row for row in rows if (row.get("proxy", ""), row["model"], row["dataset"]) == name]
            add_rows(folder, fact, name, [dict.fromkeys(FACTS[fact].names) | row for row in part])
    return folder


def test_every_row_is_kept_in_one_file_a_fact(study: Path) -> None:
    before = {fact: _rows(study, fact) for fact in ("finetune", "proxy")}
    with connect(study, question="accuracy") as con:
        accuracies = con.execute("from accuracy order by all").fetchall()
    assert len(_files(study)) == 18

    assert pack.pack(study) == {"finetune": 36, "proxy": 42, "representation": 0}

    assert _files(study) == ["finetune/packed.parquet", "proxy/packed.parquet"]
    assert {fact: _rows(study, fact) for fact in before} == before
    with connect(study, question="accuracy") as con:
        assert con.execute("from accuracy order by all").fetchall() == accuracies
    content = [(study / name).read_bytes() for name in _files(study)]
    pack.pack(study)
    assert [(study / name).read_bytes() for name in _files(study)] == content, "packing again changes nothing"


def test_what_was_killed_before_its_parts_were_gone_is_put_right(study: Path) -> None:
    before = _rows(study, "finetune")
    part = next((study / "finetune").glob("*.parquet"))
    kept = part.read_bytes()
    pack.pack(study)
    part.write_bytes(kept)
    assert len(_rows(study, "finetune")) > len(before)
    pack.pack(study)
    assert _rows(study, "finetune") == before


def test_two_values_of_one_key_are_refused_and_nothing_is_removed(study: Path) -> None:
    row = dict.fromkeys(FACTS["finetune"].names) | world.finetunes()[0] | {"test_accuracy": 0.123}
    add_rows(study, "finetune", ("another", "name"), [row])
    before = _files(study)
    with pytest.raises(StoreError, match=r"two different finetune rows of a, pets, 0.01, 0"):
        pack.pack(study)
    assert _files(study) == before


def test_a_packed_file_that_does_not_hold_the_rows_costs_no_part(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _files(study)
    monkeypatch.setattr(pack, "write", lambda path, table: pq.write_table(table.slice(1), path))
    with pytest.raises(StoreError, match="does not hold what was written"):
        pack.pack(study)
    assert set(before) < set(_files(study))


def test_a_packed_study_goes_on_with_what_is_missing(study: Path) -> None:
    pack.pack(study)
    row = dict.fromkeys(FACTS["proxy"].names) | world.proxies()[0] | {"model": "d"}
    add_rows(study, "proxy", ("knn", "d", "pets"), [row])
    assert len(_rows(study, "proxy")) == 43
    assert pack.pack(study)["proxy"] == 43


def test_what_is_no_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"is no study: it has no protocol\.parquet"):
        pack.pack(tmp_path)
