"""The study of one's own images: made of another, kept beside its results, filled up and merged."""

from dataclasses import replace
from pathlib import Path

import fast
import pytest

from collector.spec.dataset import Dataset
from collector.storage.folder import folder
from collector.storage.merging import merge
from collector.storage.store import StoreError
from collector.studies import STUDIES
from collector.studies.own import keep, kept, own_study
from needle import main

BASE = fast.study(3, 2)
MINE = Dataset("mine", None, 4, "own images", "abc", "", "own_abc:1.0.0", num_test=7)


def test_a_protocol_takes_no_more_images_than_there_are_and_no_more_than_the_bases() -> None:
    few = own_study(BASE, MINE, BASE.models, 60, 15)
    assert (few.protocol.train_examples, few.protocol.validation_examples) == (60, 15)
    many = own_study(BASE, MINE, BASE.models, 5000, 2000)
    assert many.protocol == replace(BASE.protocol, study="mine")


def test_what_is_kept_is_the_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study = own_study(BASE, MINE, BASE.models[:2], 60, 15)
    assert kept(tmp_path / "mine", {}) is None
    keep(study, BASE, tmp_path / "mine", "logme", "ALL")
    assert kept(tmp_path / "mine", {"fast": BASE}) == study


def test_needle_plan_knows_it_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(STUDIES, "fast", BASE)
    monkeypatch.chdir(tmp_path)
    keep(own_study(BASE, MINE, BASE.models[:2], 60, 15), BASE, tmp_path / "results" / "mine", "logme", "ALL")
    assert main(["plan", "--study", "mine"]) == 0
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines() if line}
    assert rows["finetune"][0] == "8", "two models, two learning rates, two repeats"


def test_it_is_merged_into_a_study_of_the_same_protocol_and_into_no_other(tmp_path: Path) -> None:
    fast.collect(BASE, tmp_path / "base")
    enough = own_study(BASE, MINE, BASE.models, 400, 200)
    fast.collect(enough, tmp_path / "mine")
    report = {
        one.relation: one.together for one in merge(folder(tmp_path / "base"), folder(tmp_path / "mine"), tmp_path / "both")
    }
    assert (report["model"], report["dataset"]) == (3, 3)
    few = own_study(BASE, replace(MINE, dataset="few"), BASE.models, 60, 15)
    fast.collect(few, tmp_path / "few")
    with pytest.raises(StoreError, match="train_examples"):
        merge(folder(tmp_path / "base"), folder(tmp_path / "few"), tmp_path / "neither")
