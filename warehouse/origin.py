"""Says where the numbers of a page come from, for those who check or cite them: study, digest of its files, day, version."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from warehouse.relation import HERE

# In an installed package beside the code; in a checkout at the top.
CITATION = HERE / "CITATION.cff" if (HERE / "CITATION.cff").is_file() else HERE.parent / "CITATION.cff"


@dataclass(frozen=True)
class Origin:
    """A study as it was on a day.

    digest: see study_digest. day: in UTC, as 2026-01-31. program: needle with its version.
    """

    study: str
    digest: str
    day: str
    program: str

    def __str__(self) -> str:
        return f"Study {self.study}, SHA-256 {self.digest}, read on {self.day} by {self.program}."


def origin(study: str, folder: Path) -> Origin:
    """Return where numbers come from that are read now. study: the name of the study in this folder."""
    return Origin(study, study_digest(folder), f"{datetime.now(UTC):%Y-%m-%d}", f"needle {version('needle-transfer')}")


def citation() -> str:
    """Return how to cite the program and the paper, in the Citation File Format."""
    return CITATION.read_text()


def study_digest(folder: Path) -> str:
    """Return the SHA-256 of a study's Parquet files, in hexadecimal.

    It is that of the lines `SHA-256  ./path` of its files in the order of their paths, which this prints, too, in the study's folder:
    find . -name '*.parquet' | LC_ALL=C sort | xargs sha256sum | sha256sum
    """
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet"))
    lines = [f"{_file_digest(folder / path)}  ./{path}\n" for path in sorted(paths, key=str.encode)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
