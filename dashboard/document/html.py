"""The parts of a page as HTML: text, tables, charts, SQL, and the frame around them. Every value is shown as text, whatever it says."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

import vl_convert

from dashboard.chart.specification import VEGA_LITE
from dashboard.format import MISSING_VALUE, duration, percent
from warehouse.tables import Kind, Table

HERE = Path(__file__).parent
# What begins every page of ours: only such a file is replaced.
MARK = '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="generator" content="needle '
MOST = 2_000  # rows of a table; a browser takes seconds to lay out many more

MARKED = re.compile(r"(?P<fence>`+) ?(?P<code>.+?) ?(?P=fence)(?!`)|\*\*(?P<strong>[^*]+)\*\*|\*(?P<em>[^*]+)\*")

Links = Mapping[str, Mapping[str, str]]  # the label of a column, and for its values where they lead


def page(title: str, body: Sequence[str], *, library: str | None = None, draws: bool = True) -> str:
    """Return a whole page, which may ask no other machine for anything: the browser is told to refuse that.

    library: the address of `script` in a file; None puts it into the page. draws: whether the page has charts.
    """
    origin = "" if library is None else " 'self' file:"
    policy = f"default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'unsafe-inline'{origin}"
    scripts = [f'<script src="{escape(library)}"></script>' if library else f"<script>{script()}</script>"] if draws else []
    return "\n".join(
        [
            f'{MARK}{version("needle-transfer")}">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<link rel="icon" href="data:,">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{_file('page.css')}</style>",
            "<main>",
            f"<h1>{escape(title)}</h1>",
            *body,
            "</main>",
            *scripts,
            f"<script>\n{_file('page.js')}</script>",
            "",
        ]
    )


@cache
def script() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script with their licence. Takes seconds, once."""
    bundle = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    return f"/*\n{_file('vega-licence.txt')}*/\n{bundle}"


@cache
def _file(name: str) -> str:
    return (HERE / name).read_text()


def heading(text: str, level: int = 2) -> str:
    """Return a heading."""
    return f"<h{level}>{escape(text)}</h{level}>"


def paragraph(text: str, kind: str = "") -> str:
    """Return a paragraph; text is Markdown of code, **strong** and *emphasised* words. kind: lead, note, or nothing."""
    return f"<p{_class(kind)}>{_prose(text)}</p>"


def items(texts: Sequence[str]) -> str:
    """Return a list; texts as in `paragraph`."""
    return "\n".join(["<ul>", *(f"<li>{_prose(text)}</li>" for text in texts), "</ul>"])


def _prose(text: str) -> str:
    return MARKED.sub(_marked, escape(text))


def _marked(found: re.Match[str]) -> str:
    """Return what stands between marks as an element; marks within code are text."""
    kind = found.lastgroup
    assert kind is not None
    return f"<{kind}>{found[kind]}</{kind}>"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def link(text: str, address: str) -> str:
    """Return a link. address: a relative one of ours."""
    return f'<a href="{escape(address)}">{escape(text)}</a>'


def code_word(text: str) -> str:
    """Return a word in a fixed-width font."""
    return f"<code>{escape(text)}</code>"


def code(text: str) -> str:
    """Return text in a fixed-width font."""
    return f"<pre><code>{escape(text)}</code></pre>"


def details(summary: str, *body: str) -> str:
    """Return what is shown on a click."""
    return "\n".join([f"<details><summary>{escape(summary)}</summary>", *body, "</details>"])


def table(shown: Table, links: Links | None = None) -> str:
    """Return a table with its SQL; numbers keep all their digits in the page. links: from values of its columns."""
    return "\n".join(
        [rows(shown, links), *([paragraph(shown.note, "note")] if shown.note else []), details("SQL", code(shown.sql))]
    )


def rows(shown: Table, links: Links | None = None) -> str:
    """Return a table without its SQL. Beyond MOST rows it says how many are left out."""
    right = [_is_right(shown, i) for i in range(len(shown.columns))]
    head = "".join(
        f'<th scope="col"{_class("n" if one else "")}>{escape(c.label)}</th>' for c, one in zip(shown.columns, right, strict=True)
    )
    body = ["".join(_cell(shown, row, i, right[i], links or {}) for i in range(len(row))) for row in shown.rows[:MOST]]
    label = escape(shown.caption)
    lines = [
        f'<div class="scroll" role="region" tabindex="0" aria-label="{label}"><table data-name="{escape(shown.name)}">',
        f"<caption>{label}</caption>",
        f"<thead><tr>{head}</tr></thead>",
        "<tbody>",
        *(f"<tr>{row}</tr>" for row in body),
        "</tbody></table></div>",
    ]
    if len(shown.rows) > MOST:
        lines.append(paragraph(f"The first {MOST:,} of {len(shown.rows):,} rows; the SQL gives all.", "note"))
    return "\n".join(lines)


def _is_right(shown: Table, i: int) -> bool:
    return shown.columns[i].kind != "text" or any(_is_number(row[i]) for row in shown.rows[:MOST])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _cell(shown: Table, row: Sequence[object], i: int, right: bool, links: Links) -> str:
    value, column = row[i], shown.columns[i]
    text = escape(as_text(value, column.kind))
    if _is_number(value):
        text = f'<data value="{value:.12g}">{text}</data>'
    address = links.get(column.label, {}).get(str(value))
    if address:
        text = f'<a href="{escape(address)}">{text}</a>'
    attributes = _class("n" if right else "") + (" data-missing" if value is None or value == "" else "")
    return f'<th scope="row"{attributes}>{text}</th>' if i == 0 else f"<td{attributes}>{text}</td>"


def as_text(value: object, kind: Kind) -> str:
    """Return a value as people read it."""
    if value is None:
        return MISSING_VALUE
    if isinstance(value, int | float):
        match kind:
            case "share":
                return percent(value)
            case "signed":
                return percent(value, signed=True)
            case "seconds":
                return duration(value)
            case "number":
                return f"{value:.1f}"
            case "count":
                return f"{value:,}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        return ", ".join(as_text(one, "text") for one in value)
    return value.isoformat() if isinstance(value, date) else str(value)


def chart(spec: Mapping[str, Any], caption: str, shown: Table | None = None) -> str:
    """Return a chart, how to read it, its SQL and its rows. spec: Vega-Lite with its rows inside. shown: None where a table follows."""
    return "\n".join(
        [
            "<figure data-chart>",
            f'<div class="chart" role="img" aria-label="{escape(caption)}"></div>',
            f'<script type="application/json">{as_json(spec)}</script>',
            f"<figcaption>{_prose(caption)}</figcaption>",
            "</figure>",
            *([details("SQL and rows", code(shown.sql), rows(shown))] if shown else []),
        ]
    )


def as_json(value: object) -> str:
    """Return JSON that may stand in a script element: it holds no `<`, so that nothing in it ends the element."""
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


def _plain(value: object) -> object:
    """Return a value as JSON has it: numbers that are none as null, days as text."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, date) else value
