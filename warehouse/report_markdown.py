"""Writes the tables of a report in Markdown, for a paper or a pull request."""

from collections.abc import Iterator, Sequence

import duckdb

from warehouse import tables
from warehouse.origin import Origin, citation
from warehouse.output import markdown_table, markdown_text
from warehouse.report import coverage
from warehouse.tables import Kind, Table

BUDGETS = (1, 2, 3)


def report_markdown(
    con: duckdb.DuckDBPyConnection, origin: Origin, pool: str, budget: int, chosen: Sequence[str] = (), *, intervals: bool = False
) -> Iterator[str]:
    """Yield the lines: regret at small budgets, the league at one, picks, protocol, and what to cite.

    con: opened with tables.QUESTION, and tables.INTERVAL for intervals. chosen: the strategies to show; empty means the usual ones,
    with all of them in the league.
    """
    shown = chosen or tables.usual(con, pool, budget)
    yield f"# {markdown_text(f'{origin.study}, pool {pool}')}"
    yield ""
    yield f"Means are over {coverage(con, pool)}. Accuracies and regrets are fractions."
    for table in (
        tables.means(con, pool, shown, BUDGETS),
        tables.league(con, pool, budget, chosen, intervals=intervals),
        tables.picks(con, pool, budget, shown),
        tables.protocol(con),
    ):
        yield ""
        yield from table_markdown(table)
    yield ""
    yield markdown_text(str(origin))
    yield "Cite the program and the paper:"
    yield ""
    yield "```yaml"
    yield from citation().splitlines()
    yield "```"


def table_markdown(table: Table) -> Iterator[str]:
    """Yield a heading, the table, and how to read it."""
    yield f"## {markdown_text(table.caption)}"
    yield ""
    head, rows = as_text(table)
    yield from markdown_table(head, rows, [column.kind != "text" for column in table.columns])
    if table.note:
        yield ""
        yield table.note


def as_text(table: Table) -> tuple[list[str], list[list[str]]]:
    """Return the head and the cells of a table as text, rounded."""
    kinds = [column.kind for column in table.columns]
    head = [f"{column.label}, s" if column.kind == "seconds" else column.label for column in table.columns]
    return head, [[_text(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in table.rows]


def _text(value: object, kind: Kind) -> str:
    if value is None:
        return ""
    forms = {"share": ".3f", "signed": "+.3f", "number": ".1f", "seconds": ".1f"}
    return format(value, forms[kind]) if kind in forms else str(value)
