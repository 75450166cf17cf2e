"""Turns result tables that others published into studies: `import_table(kind, files, out)` writes the Parquet of the contract.

read (CSV) -> shift | vtab | tidy | wide (the shape of one table) -> value, cells (numbers and units) -> study (Parquet), report
"""

from warehouse.importer.command import KINDS, UNITS, import_table
from warehouse.importer.read import ImportFileError
from warehouse.importer.report import Note, Report

__all__ = ["KINDS", "UNITS", "ImportFileError", "Note", "Report", "import_table"]
