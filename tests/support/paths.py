"""Paths that tests in any folder share."""

import sys
from pathlib import Path

SUPPORT = Path(__file__).parent
ROOT = SUPPORT.parents[1]
SHARED = ROOT.parent / "shared" / "data"  # tables that others published, which do not ship
NEEDLE = str(Path(sys.executable).parent / "needle")
