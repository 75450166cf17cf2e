"""Holds the paper's numbers as CSV files and as relations of an open study; README.md says where they come from."""

import glob
from pathlib import Path

PAPER = Path(__file__).parent
REFERENCE = PAPER / "reference.sql"


def with_folder(sql: str) -> str:
    """Replace $PAPER in SQL with the path of this folder."""
    folder = glob.escape(str(PAPER)).replace("'", "''")  # DuckDB reads the path as a glob, in quotes
    return sql.replace("$PAPER", folder)
