"""Reads HTML pages as a reader does: their tables, their links, and a study whose names are what pages must show as text."""

from html.parser import HTMLParser
from pathlib import Path

import world

TAG = "</script><img src=x onerror=document.title='owned'>"
MODEL = f"{TAG} *b* | `c` _d_"
DATASET = f"'; drop table model; -- {TAG}"


def write_hostile(folder: Path) -> Path:
    """The small world with a model and a dataset that are named like code."""
    models = {"a": MODEL}
    datasets = {"pets": DATASET}

    def renamed(row: world.Row) -> world.Row:
        return {
            **row,
            **{key: names[row[key]] for key, names in (("model", models), ("dataset", datasets)) if row.get(key) in names},
        }

    return world.write_study(
        folder,
        [renamed(row) for row in world.MODELS],
        [renamed(row) for row in world.DATASETS],
        {**world.PROTOCOL, "study": TAG},
        [renamed(row) for row in world.finetunes()],
        [renamed(row) for row in world.proxies()],
    )


class Page(HTMLParser):
    """The tables of a page by caption, each a list of rows: a cell is a number where it has one, else its text. Also links, and ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[str | float]]] = {}
        self.links: list[str] = []
        self.loads: list[str] = []
        self._text: list[str] = []
        self._rows: list[list[str | float]] = []
        self._number: float | None = None
        self._caption = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "a":
            self.links.append(found["href"] or "")
        if tag in ("script", "img", "iframe") and found.get("src"):
            self.loads.append(found["src"] or "")
        if tag == "table":
            self._rows = []
        if tag == "tr":
            self._rows.append([])
        if tag == "data":
            self._number = float(found["value"] or "nan")
        if tag in ("caption", "th", "td"):
            self._text, self._number = [], None

    def handle_data(self, data: str) -> None:
        self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "caption":
            self._caption = "".join(self._text)
        if tag in ("th", "td"):
            self._rows[-1].append("".join(self._text) if self._number is None else self._number)
        if tag == "table":
            self.tables[self._caption] = self._rows
