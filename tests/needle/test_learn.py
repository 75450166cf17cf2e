"""`needle learn`: scores fitted on the datasets of other sources, stored as a proxy with what they were fitted on."""

from dataclasses import replace
from pathlib import Path

import fast
import pyarrow.parquet as pq
import pytest
import world
from fast import finished
from paths import ROOT

from collector.planning.work_item import everything
from collector.proxies.registry import LEARNED
from collector.storage.folder import folder
from collector.storage.packing import pack, unpack
from collector.storage.part import part_name
from collector.storage.store import open_store, read_facts, read_metadata, write_metadata
from collector.storage.tables import dataset_table, model_table, protocol_table
from needle import main
from warehouse import connect


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Four models on six datasets, of which the first two share their pictures; numbers that follow from their keys."""
    fast_study = fast.study(4, 6, repeats=1)
    datasets = [replace(one, source=one.dataset.replace("d01", "d00")) for one in fast_study.datasets]
    where = folder(tmp_path / "study")
    protocol = protocol_table(fast_study.protocol)
    write_metadata(where, model_table(fast_study.models), dataset_table(datasets, [100] * 6), protocol)
    store = open_store(where, protocol)
    for number, item in enumerate(everything(fast_study)):
        key = {"model": item.model.model, "dataset": item.dataset.dataset}
        for rate, repeat in item.runs:
            row = {**key, "learning_rate": rate, "repeat": repeat, **finished()}
            value = (7919 * number % 97) / 100
            if item.procedure == "finetune":
                row |= {"validation_accuracy": value, "test_accuracy": value, "validation_curve": [value, value]}
            else:
                row |= {"proxy": item.procedure, "score": value}
            store.add(item.fact, part_name(item.cell, (rate, repeat)), [row])
    return tmp_path / "study"


def learned(study: Path) -> dict[tuple[str, str, str], tuple[float, str]]:
    rows = read_facts(folder(study), "proxy").to_pylist()
    return {(r["proxy"], r["dataset"], r["model"]): (r["score"], r["fold"]) for r in rows if r["proxy"] in LEARNED}


def change_accuracies(study: Path, dataset: str) -> None:
    """Give the runs of a dataset other test accuracies, in parts with new checksums."""
    store = open_store(folder(study), read_metadata(folder(study), "protocol"))
    for number, file in enumerate(sorted((study / store.parts["finetune"]).glob(f"*+{dataset}+*.parquet"))):
        rows = pq.read_table(file).to_pylist()
        file.unlink()
        store.add("finetune", file.stem, [{**row, "test_accuracy": number / 10} for row in rows])


@pytest.mark.slow
def test_a_fold_is_fitted_again_when_the_others_change_and_never_looks_at_its_own(
    study: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["learn", "--study", str(study)]) == 0
    assert "12 of 12" in capsys.readouterr().err
    first = learned(study)
    assert len(first) == 2 * 6 * 4
    assert main(["check", "--study", str(study)]) == 0
    assert main(["learn", "--study", str(study)]) == 0
    assert "fitted 0 of 12" in capsys.readouterr().err

    change_accuracies(study, "d00")
    assert main(["check", "--study", str(study)]) == 1
    assert "needle learn" in capsys.readouterr().out
    pack(folder(study))
    assert main(["learn", "--study", str(study)]) == 1
    assert "needle unpack" in capsys.readouterr().err
    assert learned(study) == first
    unpack(folder(study))
    assert main(["learn", "--study", str(study)]) == 0
    assert "fitted 8 of 12" in capsys.readouterr().err
    second = learned(study)
    same = {dataset for _, dataset, _ in first if all(first[key] == second[key] for key in first if key[1] == dataset)}
    assert same == {"d00", "d01"}, "the dataset itself, and the other one of the same pictures"
    assert main(["check", "--study", str(study)]) == 0


def test_a_score_is_stored_with_the_digest_of_its_fold() -> None:
    """Of the shipped study: each learned score has the digest that its other datasets give now."""
    con = connect(ROOT / "results" / "haystack", question="proxy fold_digest")
    rows = con.execute("select distinct dataset::varchar, fold from proxy where fold is not null order by all").fetchall()
    assert len(rows) == 19
    assert rows == con.execute("select fold::varchar, digest from fold_digest order by all").fetchall()


def test_a_study_with_too_few_datasets_stays_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    world.write_study(tmp_path / "small")
    before = {file: file.read_bytes() for file in (tmp_path / "small").rglob("*.parquet")}
    assert main(["learn", "--study", str(tmp_path / "small")]) == 1
    assert "three datasets" in capsys.readouterr().err
    assert {file: file.read_bytes() for file in (tmp_path / "small").rglob("*.parquet")} == before
