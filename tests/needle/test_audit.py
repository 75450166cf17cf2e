"""The verbs audit and league: tables that end in a verdict, findings for programs, and what cannot be audited."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
import world
from command import needle
from pond import write_pond


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    write_pond(folder / "results" / "pond")
    world.write_study(folder / "results" / "small")
    runs = [run for run in world.finetunes() if (run["model"], run["dataset"]) != ("a", "pets")]
    world.write_study(folder / "results" / "half", finetune=runs)
    return folder


def test_the_audit_ends_in_its_verdict(home: Path) -> None:
    """Twelve models of three families on nine datasets, each family good on groups of its own."""
    done = needle(home, "audit", "--study", "pond", "--budget", "2")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "Study pond, pool ALL, B = 2: 12 models, 9 datasets of 9 sources"
    assert lines[-1].startswith("Verdict at B = 2: ")
    assert sum(line.lstrip().startswith("without family ") for line in lines) == 3
    for strategy in ("hybrid_linear", "linear", "random"):
        assert any(strategy in line for line in lines), strategy
    assert any(line.split()[:2] == ["sources", "yes"] for line in lines)


def test_two_datasets_are_too_few(home: Path) -> None:
    done = needle(home, "audit", "--study", "small")
    assert done.stdout.splitlines()[-1] == "Verdict at B = 1: unfit. Too few sources of datasets: it cannot judge."


@pytest.mark.slow
def test_findings_for_programs(home: Path) -> None:
    done = needle(home, "audit", "--study", "small", "--format", "json")
    found = {row["rule"]: row for row in json.loads(done.stdout)}
    assert found["sources"]["value"] == 2
    assert (found["sources"]["at_least"], found["sources"]["holds"], found["sources"]["verdict"]) == (6, False, "unfit")
    assert found["agreement"]["value"] == -1
    rows = list(csv.DictReader(StringIO(needle(home, "audit", "--study", "small", "--format", "csv").stdout)))
    assert [row["rule"] for row in rows] == sorted(found)


def test_what_cannot_be_audited(home: Path) -> None:
    done = needle(home, "audit", "--study", "half")
    assert (done.returncode, done.stdout) == (1, "")
    assert "The pool ALL has all its runs on 1 of 2 datasets, and so no mean regret. --datasets whole" in done.stderr
    done = needle(home, "audit", "--study", "half", "--datasets", "whole")
    assert (done.returncode, done.stdout) == (1, "")
    assert "has its runs on 1 datasets: an audit compares at least two" in done.stderr
    done = needle(home, "audit", "--study", "small", "--budget", "4")
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "The pool ALL has 3 models, so that --budget is at most 3.\n")
    assert needle(home, "audit", "--study", "small", "--pool", "EXPERT").stderr.startswith("The pool EXPERT has 1 models")
    assert "Unknown pool 'EXPRT'. Did you mean 'EXPERT'?" in needle(home, "audit", "--study", "small", "--pool", "EXPRT").stderr


@pytest.mark.slow
def test_the_league_for_programs(home: Path) -> None:
    """On pets and depth linear picks a: 0.1 of 0.2 and 0.2 of 0.5 are left to gain."""
    rows = list(csv.DictReader(StringIO(needle(home, "league", "--study", "small", "--budget", "1", "--format", "csv").stdout)))
    found = {row["strategy"]: float(row["relative_regret"]) for row in rows}
    assert found["linear"] == pytest.approx(0.45)
    assert list(found.values()) == sorted(found.values())
    assert {row["budget"] for row in rows} == {"1"}
