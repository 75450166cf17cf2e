"""Writes what the documents compute: the data model, and every answer that a page prints. python docs/generate.py

A page holds an answer between `<!-- query: SQL -->` or `<!-- table: SQL -->` and `<!-- /query -->` or
`<!-- /table -->`: what the SQL says of the study that ships, as the command prints it or as a table. docs/haystack.md holds the tables
of `bench.says`, and docs/paper.md the SQL of the paper's figures.
"""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import duckdb  # noqa: E402

import bench.says  # noqa: E402
from warehouse import connect  # noqa: E402
from warehouse.output import print_rows  # noqa: E402
from warehouse.paper.figures import FIGURES  # noqa: E402
from warehouse.relation import sections  # noqa: E402

DOCS = ROOT / "docs"
STUDY = ROOT / "results" / "haystack"
BLOCK = re.compile(r"<!-- (query|table): (.*?) -->\n.*?<!-- /\1 -->", re.DOTALL)
SECTIONS = {
    1: "Facts: a study's files",
    2: "Pools",
    3: "Accuracy and scores",
    4: "Ranking",
    5: "Pick",
    6: "Regret",
    7: "Delta",
    8: "Intervals and cost",
    9: "Audit: can the study judge?",
    10: "Checks",
    11: "The paper's printed numbers",
}


def pages() -> dict[Path, str]:
    """Return every page with something computed on it, as it should be."""
    found = {DOCS / "data-model.md": data_model()}
    for path in [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]:
        text = path.read_text()
        if path.name == "haystack.md":
            found[path] = _filled(text, bench.says.tables())
        elif path.name == "paper.md":
            figures = [["paper", "SQL"], ["---", "---"], *([name, f"`{' '.join(sql.split())}`"] for name, sql in FIGURES.items())]
            found[path] = _filled(text, {"figures": [f"| {' | '.join(row)} |" for row in figures]})
        elif BLOCK.search(text):
            found[path] = BLOCK.sub(
                lambda block: f"<!-- {block[1]}: {block[2]} -->\n{_answer(*block.groups())}<!-- /{block[1]} -->", text
            )
    return found


def _filled(text: str, tables: Mapping[str, Sequence[str]]) -> str:
    """Return the text with the lines of each table between its marks."""
    for name, lines in tables.items():
        block = "\n".join([f"<!-- {name} -->", *lines, f"<!-- /{name} -->"])
        text = re.sub(rf"<!-- {name} -->\n.*?<!-- /{name} -->", lambda _, block=block: block, text, flags=re.DOTALL)
    return text


def _answer(kind: str, sql: str) -> str:
    with connect(STUDY, question=sql) as con:
        if kind == "query":
            out = StringIO()
            print_rows(con, sql, "table", out)
            return f"```text\n{out.getvalue()}```\n"
        relation = con.sql(sql)
        return "".join(f"{line}\n" for line in _table(relation.columns, relation.fetchall()))


def _table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> list[str]:
    head = list(head)
    cells = [["" if cell is None else f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row] for row in rows]
    return [f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *cells)]


def data_model() -> str:
    """Return the page about every relation: what one row is, and its columns, by section of schema.sql."""
    lines = [
        "# Data model",
        "",
        "For somebody who asks in SQL. `make docs` generates this page from `schema.sql`, which is read top to bottom in this order.",
        "",
        "Three schemas stand beside these relations. `strategy` has one view (pool, dataset, model, rank) for each strategy.",
        "`resample` has sections 3 to 7 once more, for each resample of the bootstrap. `contract` has the empty tables that a study's",
        "files must fit. A connection says the same: `select view_name, comment from duckdb_views()`.",
        "",
    ]
    with connect(STUDY) as con:
        described = _described(con)
        for number, title in SECTIONS.items():
            names = _names(number, described)
            lines += [f"## {number} {title}", ""]
            for full in names:
                name = full.removeprefix("contract.")
                if "." in name or name not in described:
                    continue
                comment, columns = described[name]
                notes = _notes(sections()[number], full) if full != name else {}  # a fact
                lines += [f"### {name}", "", comment, ""]
                head = ("column", "type", "") if notes else ("column", "type")
                lines += _table(head, ((f"`{c}`", t, notes.get(c, ""))[: len(head)] for c, t in columns))
                lines.append("")
    return "\n".join(lines)


def _names(number: int, described: Iterable[str]) -> list[str]:
    """Return the relations of a section in order: those of schema.sql, and what the warehouse adds to 4 and 11."""
    there = {number: re.findall(r"^create (?:table|view) ([\w.]+)", text, re.MULTILINE) for number, text in sections().items()}
    if number in there and number != 4:
        return there[number]
    listed = {name.removeprefix("contract.") for names in there.values() for name in names}
    added = sorted(name for name in described if name not in listed and name.startswith("paper_") == (number == 11))
    return there.get(number, []) + added


def _described(con: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Return the comment and the columns of each relation. Names that DuckDB keeps as numbers are text to whoever reads them."""
    comments = con.execute(
        "select table_name, comment from duckdb_tables() where schema_name = 'main' union all"
        " select view_name, comment from duckdb_views() where schema_name = 'main' and not internal"
    ).fetchall()
    columns: dict[str, list[tuple[str, str]]] = {}
    for name, column, kind in con.execute(
        "select table_name, column_name, data_type from duckdb_columns() where schema_name = 'main' order by table_name, column_index"
    ).fetchall():
        columns.setdefault(name, []).append((column, "text" if kind.startswith("ENUM") or kind == "VARCHAR" else kind.lower()))
    return {name: (comment, columns[name]) for name, comment in comments if comment}


def _notes(sql: str, relation: str) -> dict[str, str]:
    """Return what schema.sql says beside the columns of a fact; a note may go on in the next lines."""
    (body,) = re.findall(rf"^create table {re.escape(relation)} \((.*?)^\);", sql, re.DOTALL | re.MULTILINE)
    notes: dict[str, str] = {}
    column = ""
    for line in body.splitlines():
        code, _, note = line.partition("--")
        column = code.split()[0].strip('"') if code.strip() else column
        if note.strip():
            notes[column] = f"{notes.get(column, '')} {note.strip()}".strip().replace("|", "/")
    return notes


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
