"""Makes the study paper-eurosat from the CSV files of `warehouse.paper`: python -m warehouse.importer.paper [FOLDER].

FOLDER is where the study goes; without one it replaces the study that ships. The same files give the same rows in the same order.
"""

import sys
from pathlib import Path

import duckdb

from warehouse.paper import PAPER, with_folder
from warehouse.relation import sections

FILES = {
    "model": "model.parquet",
    "dataset": "dataset.parquet",
    "protocol": "protocol.parquet",
    "finetune": "finetune/figure-8.parquet",
    "proxy": "proxy/figure-8.parquet",
}


def write_eurosat(folder: Path) -> None:
    """Write the study: one file a fact, with the columns and types of the contract."""
    with duckdb.connect() as con:
        con.execute(sections()[1])
        con.execute(with_folder((PAPER / "eurosat.sql").read_text()))
        for fact, name in FILES.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            con.table(f"contract.{fact}").write_parquet(str(path))


if __name__ == "__main__":
    write_eurosat(Path(sys.argv[1]) if sys.argv[1:] else PAPER / "eurosat")
