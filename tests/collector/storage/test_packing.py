"""Packing and its inverse keep every row, refuse contradictions, survive being killed, and leave a study that opens."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import fast
import pyarrow.parquet as pq
import pytest
import world

from collector.planning.work_item import missing
from collector.storage import packing
from collector.storage.folder import Folder, folder
from collector.storage.packing import pack, unpack
from collector.storage.part import part_name
from collector.storage.store import StoreError, move_damaged, move_replaced, open_store, parts_of, read_facts
from collector.storage.tables import protocol_table
from study_format.layout import FACTS
from warehouse import StudyError, connect

STUDY = fast.study(3, 2)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """As a collector leaves it: 24 fine-tunes, 6 × 5 scores, 6 forward passes."""
    fast.collect(STUDY, tmp_path / "study")
    return tmp_path / "study"


def files(path: Path) -> dict[str, bytes]:
    """The content of its parts, by name."""
    return {name: content for name, content in fast.files(path).items() if "/" in name and name.endswith(".parquet")}


def mean(path: Path) -> list[tuple[object, ...]]:
    """The accuracy of every cell, and how many runs are missing; asserts that no rule is broken."""
    with connect(path, question="accuracy score violation missing_run") as con:
        assert con.execute("from violation").fetchall() == []
        return con.execute(
            "select model, dataset, accuracy, (select count(*) from missing_run) from accuracy order by all"
        ).fetchall()


def test_packed_and_taken_apart_again_every_row_and_part_is_as_it_was(study: Path) -> None:
    before, parts, answer = fast.rows(study), files(study), mean(study)
    assert pack(folder(study)) == {"finetune": 24, "proxy": 30, "representation": 6, "embedding": 0}
    assert sorted(files(study)) == ["finetune/1/packed.parquet", "proxy/1/packed.parquet", "representation/1/packed.parquet"]
    assert fast.rows(study) == before
    assert mean(study) == answer
    assert missing(STUDY, study) == []
    packed = files(study)
    pack(folder(study))
    assert files(study) == packed, "packing again changes nothing"
    assert unpack(folder(study)) == {"finetune": 24, "proxy": 30, "representation": 6, "embedding": 0}
    again = {name.replace("/2/", "/"): content for name, content in files(study).items()}
    assert set(again) == set(parts)
    assert all(again[name] == content for name, content in parts.items() if not name.startswith("proxy/linear")), "to the byte"
    assert fast.rows(study) == before
    assert mean(study) == answer


def test_a_packed_study_goes_on_with_what_is_missing(study: Path) -> None:
    before = fast.rows(study)
    pack(folder(study))
    more = fast.study(4, 2)
    assert len(missing(more, study)) == 2 * 4
    fast.collect(more, study)
    after = fast.rows(study)
    assert {fact: [row for row in rows if row in before[fact]] for fact, rows in after.items()} == before, "what was there stays"
    assert pack(folder(study)) == {"finetune": 32, "proxy": 40, "representation": 8, "embedding": 0}
    assert sorted(files(study)) == ["finetune/2/packed.parquet", "proxy/2/packed.parquet", "representation/2/packed.parquet"]


def test_a_study_that_others_made_is_packed_with_checksums(tmp_path: Path) -> None:
    """The world of world.py has none; afterwards a part without one is refused."""
    path = world.write_study(tmp_path / "study")
    with connect(path, question="accuracy") as con:
        before = con.execute("from accuracy order by all").fetchall()
    assert pack(folder(path)) == {"finetune": 36, "proxy": 42, "representation": 0, "embedding": 0}
    with connect(path, question="accuracy") as con:
        assert con.execute("from accuracy order by all").fetchall() == before
    part = path / "finetune" / "1" / "packed.parquet"
    pq.write_table(pq.ParquetFile(part).read().replace_schema_metadata(None), part)
    with pytest.raises(StudyError, match=r"packed\.parquet is not a part of this study: it has no checksum"):
        connect(path)


def test_two_values_of_one_key_are_refused_and_nothing_is_removed(study: Path) -> None:
    row = next(row for row in read_facts(folder(study), "finetune").to_pylist() if row["model"] == "m00")
    store = open_store(folder(study), protocol_table(STUDY.protocol))
    store.add("finetune", "another", [{**row, "test_accuracy": 0.123}])
    before = files(study)
    with pytest.raises(StoreError, match=r"two different finetune rows of m00, d0., (0.1|1.0), "):
        pack(folder(study))
    assert files(study) == before


def test_rows_that_are_there_twice_alike_are_kept_once(study: Path) -> None:
    before = fast.rows(study)
    row = read_facts(folder(study), "finetune").to_pylist()[0]
    open_store(folder(study), protocol_table(STUDY.protocol)).add("finetune", "another", [row])
    pack(folder(study))
    assert fast.rows(study) == before


def test_what_does_not_hold_the_rows_replaces_nothing(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = files(study)
    encode = packing.encode
    monkeypatch.setattr(packing, "encode", lambda table, mark, small: encode(table.slice(1), mark, small))
    with pytest.raises(StoreError, match="does not hold what was written"):
        pack(folder(study))
    monkeypatch.undo()
    assert {name: content for name, content in files(study).items() if not name.startswith(".packing")} == before
    pack(folder(study))
    assert mean(study)


@pytest.mark.parametrize("name", ["2024", "sub", "1", "0", "01"])
@pytest.mark.parametrize("rewrite", [pack, unpack])
def test_a_folder_that_packing_did_not_make_is_refused_and_nothing_is_removed(
    study: Path, rewrite: Callable[[Folder], dict[str, int]], name: str
) -> None:
    """Somebody's copy of a part, in a folder that may look like one of ours."""
    copy = study / "finetune" / name
    copy.mkdir()
    before = files(study)
    for kept in (False, True):
        if kept:
            shutil.copy(study / "finetune" / "m00+d00+0.1+0.parquet", copy)
            before = files(study)
        with pytest.raises(
            StoreError, match=rf"finetune(/{name}|/m\d+).*(is not? part of a study|has rows that .*finetune/1 lacks)"
        ):
            rewrite(folder(study))
        assert files(study) == before
    if name != "1":  # which may be half of what packing does
        for question in (lambda: missing(STUDY, study), lambda: connect(study)):
            with pytest.raises((StoreError, StudyError), match=rf"finetune/{name} is not? part of a study"):
                question()


def test_without_all_metadata_nothing_is_packed(study: Path) -> None:
    (study / "dataset.parquet").unlink()
    before = files(study)
    with pytest.raises(StoreError, match=r"has no dataset\.parquet"):
        pack(folder(study))
    assert files(study) == before


def test_a_damaged_part_is_named_before_anything_is_packed(study: Path) -> None:
    part = study / "finetune" / "m00+d00+0.1+0.parquet"
    part.write_bytes(part.read_bytes()[:-9])
    before = files(study)
    with pytest.raises(StoreError, match=r"m00\+d00\+0\.1\+0\.parquet is not a part of this study"):
        pack(folder(study))
    assert files(study) == before


def test_what_is_no_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"is not a study: it has no protocol\.parquet"):
        pack(folder(tmp_path))


PACKER = """
import sys
from collector.storage.folder import Folder, folder
from collector.storage.packing import pack, unpack
while True:
    print("in parts", flush=True)
    pack(folder(sys.argv[1]))
    unpack(folder(sys.argv[1]))
"""


def packer(study: Path) -> subprocess.Popen[str]:
    """Packs and unpacks without end; it is about to begin."""
    process = subprocess.Popen([sys.executable, "-c", PACKER, str(study)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def state(study: Path) -> str:
    """What a kill left: whether the facts are packed, and whether new files lie beside them."""
    where = folder(study)
    packed = {parts_of(where, fact)[1] == [packing.PACKED] for fact in FACTS}
    found = "some facts packed" if len(packed) == 2 else "packed" if packed == {True} else "in parts"
    return f"{found}, half of the next beside" if (study / packing.PACKING).exists() else found


@pytest.mark.slow
def test_killed_at_any_moment_of_packing_and_unpacking_it_is_one_or_the_other(study: Path) -> None:
    random.seed(11)
    before, answer = fast.rows(study), mean(study)
    kills = int(os.environ.get("NEEDLE_KILLS", "5"))
    found: Counter[str] = Counter()
    begin = time.monotonic()
    lasts = 0.0
    for number in range(kills):
        process = packer(study)
        if number == 0:  # the moments are drawn from the time that packing and unpacking take
            since = time.monotonic()
            process.stdout.readline()
            lasts = time.monotonic() - since
        time.sleep(random.uniform(0, lasts))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        found[state(study)] += 1
        assert fast.rows(study) == before
        assert mean(study) == answer
        assert missing(STUDY, study) == []
    print(f"{kills} kills in {time.monotonic() - begin:.0f} s; found when killed: {dict(found)}")
    pack(folder(study))
    assert (
        sorted(path.suffix for path in study.rglob("*") if path.is_file() and not path.name.endswith(".lock")) == [".parquet"] * 6
    )
    assert fast.rows(study) == before


def test_what_is_measured_again_leaves_its_provenance_in_the_log(study: Path) -> None:
    before = fast.rows(study)
    old = next(row for row in before["finetune"] if (row["model"], row["dataset"], row["learning_rate"]) == ("m01", "d00", 0.1))
    name = part_name(("m01", "d00"), (0.1, old["repeat"]))
    assert move_replaced(folder(study), "finetune", [name, "is-not-there"]) == 1
    assert len(missing(STUDY, study)) == 1
    (entry,) = [json.loads(path.read_text()) for path in (study / "history").iterdir()]
    assert entry["reason"] == "measured again"
    assert entry["part"] == f"finetune/{name}.parquet"
    (logged,) = entry["rows"]
    assert logged == {**old, "finished_at": str(old["finished_at"])}
    assert (study / entry["moved_to"]).is_file()
    assert move_damaged(folder(study)) == []
    fast.collect(STUDY, study)
    assert fast.rows(study) == before
