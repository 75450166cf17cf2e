"""The paper's own study as it is registered: its models, datasets, protocol, and what its pools hold."""

import csv
import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

from collector.networks.paper import IN21K, JFT
from collector.planning.work_item import missing, select
from collector.spec.study import Study
from collector.storage.folder import folder
from collector.storage.store import write_metadata
from collector.storage.tables import dataset_table, model_table, protocol_table
from collector.studies import PAPER, PAPER_PUBLIC
from warehouse import connect
from warehouse.paper import PAPER as READINGS

# PAPER.md's table: builder and major version, classes, validation, test.
VTAB = {
    "Caltech101": ("natural", "caltech101:3", 102, "train[90%:]", "test"),
    "CIFAR-100": ("natural", "cifar100:3", 100, "train[90%:]", "test"),
    "DTD": ("natural", "dtd:3", 47, "validation", "test"),
    "Flowers102": ("natural", "oxford_flowers102:2", 102, "validation", "test"),
    "Pets": ("natural", "oxford_iiit_pet:4", 37, "train[80%:]", "test"),  # 3 is gone
    "Sun397": ("natural", "sun397/tfds:4", 397, "validation", "test"),
    "SVHN": ("natural", "svhn_cropped:3", 10, "train[90%:]", "test"),
    "Camelyon": ("specialized", "patch_camelyon:2", 2, "validation", "test"),
    "EuroSAT": ("specialized", "eurosat/rgb:2", 10, "train[60%:]", "train[80%:]"),
    "Resisc45": ("specialized", "resisc45:3", 45, "train[60%:]", "train[80%:]"),
    "Retinopathy": ("specialized", "diabetic_retinopathy_detection/btgraham-300:3", 5, "validation", "test"),
    "Clevr-Count": ("structured", "clevr:3", 8, "train[90%:]", "validation"),
    "Clevr-Dist": ("structured", "clevr:3", 6, "train[90%:]", "validation"),
    "DMLab": ("structured", "dmlab:2", 6, "validation", "test"),
    "KITTI-Dist": ("structured", "kitti:3", 4, "validation", "test"),
    "dSpr-Loc": ("structured", "dsprites:2", 16, "train[80%:]", "train[90%:]"),
    "dSpr-Orient": ("structured", "dsprites:2", 16, "train[80%:]", "train[90%:]"),
    "sNORB-Azim": ("structured", "smallnorb:2", 18, "test", "test[50%:]"),
    "sNORB-Elev": ("structured", "smallnorb:2", 9, "test", "test[50%:]"),
}


def test_the_models_are_those_of_the_papers_tables() -> None:
    with open(READINGS / "model.csv") as file:
        printed = list(csv.DictReader(file))
    assert [
        (
            row["family"],
            row["handle"] or f"unpublished:{row['model']}",
            row["model"],
            int(row["feature_dim"]),
            int(row["num_params"]),
            float(row["imagenet_accuracy"]) if row["imagenet_accuracy"] else None,
            row["upstream"],
        )
        for row in printed
    ] == [
        (model.family, model.handle, model.model, model.feature_dim, model.num_params, model.imagenet_accuracy, model.upstream)
        for model in PAPER.models
    ]
    assert sum(model.published for model in PAPER.models) == 30
    assert all(model.input_range == (0.0, 1.0) for model in PAPER.models)


def test_public_experts_stand_where_unpublished_ones_did() -> None:
    with open(READINGS / "public_expert.csv") as file:
        assert [model.handle for model in IN21K] == [row["handle"] for row in csv.DictReader(file)]
    assert all(model.published for model in PAPER_PUBLIC.models)
    others = [model for model in PAPER.models if model not in JFT]
    assert [model for model in PAPER_PUBLIC.models if model not in IN21K] == others


@pytest.mark.parametrize(
    ("study", "sizes"),
    [
        (PAPER, {"ALL": 46, "RESNET-50": 37, "DIM2048": 44, "EXPERT": 16, "IMNETACCURACIES": 15}),
        (PAPER_PUBLIC, {"ALL": 78, "RESNET-50": 69, "DIM2048": 76, "EXPERT": 48, "IMNETACCURACIES": 15}),
    ],
)
def test_the_warehouse_makes_the_papers_pools_of_them(study: Study, sizes: dict[str, int], tmp_path: Path) -> None:
    tables = model_table(study.models), dataset_table(study.datasets, [dataset.num_test or 0 for dataset in study.datasets])
    write_metadata(folder(tmp_path), *tables, protocol_table(study.protocol))
    with connect(tmp_path, question="pool") as con:
        assert dict(con.sql("select pool::varchar, count(*) from pool group by pool").fetchall()) == sizes
        nested = con.sql(
            "select count(*) from pool anti join (from pool where pool = 'RESNET-50') using (model) where pool = 'EXPERT'"
        )
        assert nested.fetchall() == [(0,)]


def test_the_datasets_are_those_of_the_papers_table() -> None:
    assert {
        dataset.dataset: (
            dataset.vtab_group,
            dataset.builder.rsplit(".", 2)[0],
            dataset.num_classes,
            dataset.validation,
            dataset.test,
        )
        for dataset in PAPER.datasets
    } == VTAB
    assert all(dataset.train == "train" for dataset in PAPER.datasets)
    assert [dataset.vtab_group for dataset in PAPER.datasets] == ["natural"] * 7 + ["specialized"] * 4 + ["structured"] * 8
    assert all(dataset.builder.endswith(f":{dataset.version}") for dataset in PAPER.datasets)


def test_the_papers_accuracies_are_counts_of_that_many_test_images() -> None:
    """Each is the median of five runs, so a count of test images, but for a few that lie between two runs or end a whisker. No other
    size near makes counts of them. KITTI-Dist's are counts of 20,288 = 634 x 32 and of neither 711 nor 634: they seem to have been
    taken from as many batches as VTAB's code says that there are images, going round the 711 again and again."""
    sizes = {dataset.dataset: dataset.num_test or 0 for dataset in PAPER.datasets} | {"KITTI-Dist": 634 * 32}
    values: dict[str, set[float]] = {name: set() for name in sizes}
    with open(READINGS / "top_pick.csv") as file:
        for row in csv.DictReader(file):
            values[row["dataset"]].add(float(row["accuracy"]))
    with open(READINGS / "accuracy_range.csv") as file:
        for row in csv.DictReader(file):
            values[row["dataset"]].update(json.loads(row["outliers"]))

    def share(name: str, size: int) -> float:
        counts = [value * size for value in values[name]]
        return sum(abs(count - round(count)) < 0.003 for count in counts) / len(counts)

    for name, size in sizes.items():
        assert share(name, size) > 0.5, name
        assert max(share(name, other) for other in (*range(size - 20, size), *range(size + 1, size + 20))) < 0.3, name
    assert share("KITTI-Dist", 711) == 0


def test_the_protocol_is_the_papers() -> None:
    protocol = PAPER.protocol
    assert (protocol.image_size, protocol.antialias, protocol.batch_size, protocol.steps) == (224, False, 512, 2500)
    assert (protocol.train_examples, protocol.validation_examples, protocol.test_examples) == (800, 200, None)
    assert (protocol.warmup_steps, protocol.decay_at, protocol.decay_factor) == (200, (1 / 3, 2 / 3, 9 / 10), 0.1)
    assert (protocol.momentum, protocol.weight_decay) == (0.9, 0.0)
    assert protocol.learning_rates == protocol.linear_learning_rates == (0.1, 0.01)
    assert (protocol.repeats, protocol.linear_repeats, protocol.linear_steps) == (5, 5, 2500)
    assert dataclasses.replace(PAPER_PUBLIC.protocol, study="paper") == protocol


def test_the_study_has_as_many_runs_as_the_paper(tmp_path: Path) -> None:
    items = missing(PAPER, tmp_path)
    assert {name: sum(len(item.runs) for item in items if item.procedure == name) for name in PAPER.procedures} == {
        "finetune": 8740,
        "linear": 8740,
        "knn": 874,
    }
    part = select(items, ["vtab/vae", "jft/Home & garden"], ["dSpr-Loc"], ["finetune"])
    assert sum(len(item.runs) for item in part) == 20


def test_networks_that_take_one_size_get_it() -> None:
    sizes = {model.model: model.input_size(224) for model in PAPER.models}
    generative = ("cond-biggan", "uncond-biggan", "wae-mmd", "wae-gan", "wae-ukl", "vae")
    other = {"nasnet_large": 331, "pnasnet_large": 331, **{f"vtab/{name}": 128 for name in generative}}
    assert {name: size for name, size in sizes.items() if size != 224} == other
    assert next(model for model in PAPER.models if model.model == "inception_v3").input_size(128) == 128


def test_the_registry_loads_no_tensorflow() -> None:
    code = "import sys, collector.studies; sys.exit(any(name.startswith('tensorflow') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
