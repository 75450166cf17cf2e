"""What a row says about its origin."""

import subprocess
from pathlib import Path

import pytest

from collector.execution import provenance


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    for arguments in (
        ["init", "-q"],
        ["-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "-q", "--allow-empty", "-m", "one"],
    ):
        subprocess.run(["git", "-C", tmp_path, *arguments], check=True)
    return tmp_path


@pytest.fixture(autouse=True)
def software_is_not_cached() -> None:
    provenance.software.cache_clear()


def commit(repository: Path) -> str:
    done = subprocess.run(["git", "-C", repository, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_commit_is_that_of_needles_own_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "__file__", str(repository / "collector" / "execution" / "provenance.py"))
    (repository / "collector").mkdir()
    assert f"({commit(repository)})" in provenance.software()


def test_the_commit_of_a_repository_that_the_environment_happens_to_lie_in_is_none_of_ours(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = repository / ".venv" / "lib" / "site-packages" / "collector"
    installed.mkdir(parents=True)
    monkeypatch.setattr(provenance, "__file__", str(installed / "collector" / "execution" / "provenance.py"))
    assert commit(repository) not in provenance.software()
    assert provenance.software().startswith("needle ")


def test_changed_code_is_said_and_a_growing_study_is_not(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("collector/a.py", "results/haystack/part"):
        (repository / path).parent.mkdir(parents=True, exist_ok=True)
        (repository / path).write_text("1")
    subprocess.run(["git", "-C", repository, "add", "."], check=True)
    subprocess.run(
        ["git", "-C", repository, "-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit", "-q", "-m", "two"], check=True
    )
    monkeypatch.setattr(provenance, "__file__", str(repository / "collector" / "execution" / "provenance.py"))
    (repository / "collector" / "execution").mkdir()
    (repository / "results" / "haystack" / "part").write_text("2")
    assert f"({commit(repository)})" in provenance.software()
    provenance.software.cache_clear()
    (repository / "collector" / "a.py").write_text("2")
    assert f"({commit(repository)}-dirty)" in provenance.software()
