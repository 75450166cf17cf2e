"""What `pip install` gives: the command answers from the study that ships, in a folder with nothing in it and without the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from paths import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--disable-pip-version-check", "--no-deps", "-w", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_an_installed_needle_answers_from_haystack(tmp_path: Path, wheel: Path) -> None:
    site, here = tmp_path / "site", tmp_path / "here"
    here.mkdir()
    zipfile.ZipFile(wheel).extractall(site)
    words = "select count(*) as n, count(distinct model) as models from finetune"
    code = f"import sys, needle, warehouse; print(warehouse.__file__); sys.exit(needle.main(['query', {words!r}, '--format', 'csv']))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [str(site / "warehouse" / "__init__.py"), "n,models", "2508,22"]


def test_the_wheel_holds_the_data_card_and_only_packages(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "warehouse/results/haystack/README.md" in names
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == {"collector", "dashboard", "needle", "study_format", "warehouse"}, "nothing loose in site-packages"
    assert "warehouse/schema.sql" in names
    assert wheel.stat().st_size < 2_000_000
