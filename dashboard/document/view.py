"""What a page of the dashboard shows as one page that leaves: its words, charts and tables, what was chosen, typed strategies, sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import duckdb

from dashboard.chart.specification import specification
from dashboard.document import html
from dashboard.document.report import sources
from warehouse.origin import Origin
from warehouse.tables import Table


@dataclass(frozen=True)
class Part:
    """A chart or a table that a page drew. chart: None for a table. caption: how to read the chart, in Markdown."""

    heading: str
    caption: str
    chart: alt.LayerChart | None
    table: Table


@dataclass(frozen=True)
class Prose:
    """What a page says, in Markdown: a paragraph a line."""

    text: str


def view_page(
    con: duckdb.DuckDBPyConnection,
    origin: Origin,
    title: str,
    choices: Mapping[str, str],
    parts: Sequence[Part | Prose],
    typed: Mapping[str, str],
) -> str:
    """Return the page. con: with the relation protocol. choices: what the reader must know, such as the pool. typed: SQL by strategy."""
    body = [html.items([f"{name}: {value}" for name, value in choices.items()])]
    for part in parts:
        if isinstance(part, Prose):
            body += [html.paragraph(line.lstrip("# "), "lead") for line in part.text.splitlines() if line]
            continue
        body.append(html.heading(part.heading))
        if part.chart is None:
            body.append(html.table(part.table))
        else:
            body.append(html.chart(specification(part.chart), part.caption, part.table))
    for name, sql in typed.items():
        body += [html.heading(f"The strategy {name}"), html.code(sql)]
    return html.page(
        f"{title}: {origin.study}",
        [*body, *sources(con, origin)],
        draws=any(isinstance(part, Part) and part.chart for part in parts),
    )
