"""A study keeps running the networks that it began with, and nothing in a study's folder is ever executed."""

import os
import pickle
import sys
from pathlib import Path

import fast
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from paths import ROOT

from collector.planning.work_item import missing
from collector.storage.fingerprint import FingerprintError, check_unchanged, fingerprint
from collector.storage.folder import folder
from collector.storage.tables import model_table
from needle import main
from warehouse import connect


@pytest.fixture
def saved_model(tmp_path: Path) -> Path:
    """Files as of a SavedModel."""
    place = tmp_path / "module"
    (place / "variables").mkdir(parents=True)
    (place / "saved_model.pb").write_bytes(b"graph")
    (place / "variables" / "variables.index").write_bytes(b"weights")
    return place


def test_a_saved_model_is_written_down_at_its_first_use_and_compared_later(tmp_path: Path, saved_model: Path) -> None:
    study = folder(tmp_path / "study")
    check_unchanged(study, "bit/r50", saved_model)
    check_unchanged(study, "bit/r50", saved_model)
    (path,) = (tmp_path / "study" / "saved_model").iterdir()
    assert path.name == "bit%2Fr50.sha256"
    assert path.read_text() == f"{fingerprint(saved_model)}  module\n"
    (saved_model / "variables" / "variables.index").write_bytes(b"Weights")
    with pytest.raises(FingerprintError, match=r"the SavedModel of bit/r50 .* is not the one that this study began with"):
        check_unchanged(study, "bit/r50", saved_model)
    check_unchanged(study, "another", saved_model)


def test_a_file_that_moves_or_is_added_changes_the_fingerprint(saved_model: Path) -> None:
    before = fingerprint(saved_model)
    os.rename(saved_model / "variables" / "variables.index", saved_model / "variables.index")
    moved = fingerprint(saved_model)
    (saved_model / "assets").write_bytes(b"")
    assert len({before, moved, fingerprint(saved_model)}) == 3


def test_nothing_in_a_study_folder_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules, pickles, SQL and start-up files that would leave a trace if anything loaded them."""
    study = fast.study(1, 1)
    fast.collect(study, tmp_path)
    trace = tmp_path.parent / "trace"
    code = f"open({str(trace)!r}, 'w')"
    names = ("collector.py", "checksum.py", "sitecustomize.py", "conftest.py", "finetune/__init__.py", "evil.pth")
    for name in names:
        (tmp_path / name).write_text(f"import os; {code}")

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return exec, (code,)

    for name in ("model.pkl", "finetune/evil.pickle", ".collector/evil"):
        (tmp_path / name).write_bytes(pickle.dumps(Evil()))
    (tmp_path / "init.sql").write_text("copy (select 1) to '/tmp/never'")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "proxy" / "knn+m00+d00.parquet").unlink()
    (tmp_path / ".collector" / "evil").unlink()
    assert len(missing(study, tmp_path)) == 1
    fast.collect(study, tmp_path)
    with connect(tmp_path) as con:
        assert con.execute("from violation").fetchall() == []
    assert not trace.exists()
    assert str(tmp_path) not in sys.path


def test_no_pickle_is_loaded_but_by_the_restricted_reader() -> None:
    """No other source file mentions a loader of pickles or of code."""
    loaders = ("pickle.load", "Unpickler", "allow_pickle=True", "joblib", "marshal", "torch.load", "exec(", " eval(", "yaml.load")
    found = {
        (str(path.relative_to(ROOT)), loader)
        for package in ("collector", "warehouse", "dashboard", "needle")
        for path in (ROOT / package).rglob("*.py")
        for loader in loaders
        if loader in path.read_text()
    }
    assert {path for path, _ in found} == {"collector/networks/zoo/torch_pickle.py", "warehouse/sandbox/client.py"}, (
        "both take values alone"
    )


def test_only_registered_networks_are_loaded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a path given as a name nor a handle written into a study loads another one."""
    assert main(["collect", "--study", "quick", "--models", f"{tmp_path}/evil", "--out", str(tmp_path / "none")]) == 2
    assert f"Unknown model '{tmp_path}/evil'" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()

    study, place = fast.study(1, 1), tmp_path / "study"
    fast.collect(study, place)
    (model,) = pq.read_table(place / "model.parquet").to_pylist()
    pq.write_table(
        pa.Table.from_pylist([{**model, "handle": "/evil"}], model_table(study.models).schema), place / "model.parquet"
    )
    (place / "proxy" / "knn+m00+d00.parquet").unlink()
    assert {item.model.handle for item in missing(study, place)} == {""}
    fast.collect(study, place)
    assert pq.read_table(place / "model.parquet").to_pylist() == [model]
