"""Turns result tables, one's own or published, into studies: `import_table(find_recipe(name), files, out)`.

load (files become tables) -> select, run (a recipe's SELECTs yield tidy rows) -> cells, measures, repeats (what each row is) -> doubts,
metadata -> study (Parquet), report. A table of another shape is one more file in recipes/.
"""

from warehouse.importer.command import import_table
from warehouse.importer.errors import ImportFileError
from warehouse.importer.fetch import fetch, published
from warehouse.importer.recipe import Recipe, find_recipe, recipes
from warehouse.importer.report import Note, Report

__all__ = ["ImportFileError", "Note", "Recipe", "Report", "fetch", "find_recipe", "import_table", "published", "recipes"]
