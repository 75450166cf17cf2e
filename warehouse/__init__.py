"""Opens a study for queries in SQL: `connect(study)` returns a DuckDB connection with the views of schema.sql.

May import `study_format`, never `collector`. A new strategy is a file in `strategies/`; a new view belongs in schema.sql, a new table
format in `importer/`.
"""

from warehouse.connection import connect
from warehouse.pool import PoolError
from warehouse.simulate import simulate
from warehouse.strategy import StrategyError
from warehouse.study_files import StudyError

__all__ = ["PoolError", "StrategyError", "StudyError", "connect", "simulate"]
