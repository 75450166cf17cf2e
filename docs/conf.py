"""Sphinx builds the site from these pages: make docs. Warnings are errors."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

project = "needle"
author = "The needle authors"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = "needle"
exclude_patterns = ["conf.py", "generate.py"]
myst_heading_anchors = 3
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
suppress_warnings = ["myst.header"]  # a page's first heading stands above its tables of contents
