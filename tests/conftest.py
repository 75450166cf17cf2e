from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import world

from warehouse import connect

SHARED = Path(__file__).parent.parent.parent / "shared" / "data"


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The small world of world.py, opened."""
    with connect(world.write_study(tmp_path_factory.mktemp("small"))) as con:
        yield con


@pytest.fixture(scope="session")
def paper() -> Path:
    """The numbers read off the paper's figures."""
    folder = SHARED / "paper"
    if not folder.is_dir():
        pytest.skip(f"the paper's numbers are not there ({folder})")
    return folder
