"""The paper's own numbers as relations of an open study; README.md says where they come from and how far to trust them."""

import glob
from pathlib import Path

import duckdb

PAPER = Path(__file__).parent


def add_reference(con: duckdb.DuckDBPyConnection) -> None:
    """Create the relations of reference.sql (paper_regret and its like) on a connection that has every view of schema.sql."""
    con.execute(script("reference.sql"))


def script(name: str) -> str:
    """The SQL of a file of this folder, with the folder's path where it says $PAPER."""
    folder = glob.escape(str(PAPER)).replace("'", "''")  # DuckDB reads the path as a glob, in quotes
    return (PAPER / name).read_text().replace("$PAPER", folder)
