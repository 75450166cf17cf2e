"""Sphinx builds the site from these pages: make docs. Warnings are errors."""

import inspect
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

project = "needle"
author = "The needle authors"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
html_theme = "furo"
html_title = "needle"
html_show_copyright = False
default_role = "code"  # `name` in a docstring
exclude_patterns = ["conf.py", "generate.py"]
myst_heading_anchors = 3
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
suppress_warnings = ["myst.header"]  # a page's first heading stands above its tables of contents


def setup(app: Any) -> None:
    """Let a docstring's `name: ...` be read as an argument, and each sentence of its own line as a paragraph."""
    app.connect("autodoc-process-docstring", _arguments)


def _arguments(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    if what == "function":
        lines[:] = _fields(lines, list(inspect.signature(obj).parameters))


def _fields(lines: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    begins = re.compile(rf"(?:^|(?<=[.;] ))(?=(?:{'|'.join(names)}): )")
    before, inside = "", False
    for line in lines:
        if before.endswith(".") and re.match("[A-Z]", line):
            inside = False
            yield ""
        for piece in begins.split(line):
            argument, colon, rest = piece.partition(": ")
            if colon and argument in names:
                inside = True
                yield from ("", f":param {argument}: {rest}")
            elif piece or not line:
                yield f"    {piece}" if inside and piece else piece
        before = line.rstrip()
