import gc
from collections.abc import Generator, Iterator
from pathlib import Path

import duckdb
import pytest
import world
from studies import write_studies

from collector.artifacts.cache import cache_dir
from warehouse import connect

# Files that take minutes, longest first: no process is left with one of them when the other has nothing more to do.
LONG = (
    "test_collect",
    "test_builders",
    "test_browser",
    "test_zoo",
    "test_end_to_end",
    "test_ray",
    "test_page",
    "test_simulate",
    "test_faults",
    "test_compiled",
    "test_export",
    "test_bad_studies",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Load the tests, and TensorFlow with them, without looking for garbage among the hundred thousands of objects that stay."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The small world of world.py, opened."""
    with connect(world.write_study(tmp_path_factory.mktemp("small"))) as con:
        yield con


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache without datasets and networks that takes its packages from the ordinary one, which may have to download them."""
    packages = cache_dir() / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    folder = tmp_path_factory.mktemp("cache")
    (folder / "packages").symlink_to(packages)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEEDLE_CACHE", str(folder))
        patch.delenv("TFDS_DATA_DIR", raising=False)
        yield folder


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with studies of every kind under results/."""
    return write_studies(tmp_path_factory.mktemp("home"))


@pytest.fixture
def in_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in that folder."""
    monkeypatch.chdir(home)
