"""A cache of its own, and a folder of pictures, for every test of own images."""

from pathlib import Path

import pytest
from own_pictures import CLASSES, write


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEEDLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)
    return tmp_path / "cache/datasets"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two classes of 15 pictures."""
    for label in CLASSES:
        write(tmp_path / "pictures", label, range(15))
    return tmp_path / "pictures"
