"""The paper's own numbers as relations of an open study; README.md says where they come from and how far to trust them."""

import glob
from pathlib import Path

PAPER = Path(__file__).parent
REFERENCE = PAPER / "reference.sql"


def located(sql: str) -> str:
    """The SQL with the path of this folder where it says $PAPER."""
    folder = glob.escape(str(PAPER)).replace("'", "''")  # DuckDB reads the path as a glob, in quotes
    return sql.replace("$PAPER", folder)
