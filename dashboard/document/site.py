"""A static site of studies: for each its league, a page for every dataset and model, and downloads. Links are relative."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb

from dashboard.chart import models as models_chart
from dashboard.chart.specification import specification
from dashboard.document import html, report
from dashboard.document.html import Links
from warehouse import tables
from warehouse.compare import protocols
from warehouse.origin import Origin
from warehouse.relation import quoted
from warehouse.tables import Column, Table

LIBRARY = "assets/needle.js"
LEAGUE_BUDGETS = (1, 2, 3)
# What may be downloaded: relations of one pool, as CSV and Parquet.
DOWNLOADS = {
    "model": "from model order by model",
    "dataset": "from dataset order by dataset",
    "protocol": "from protocol",
    "accuracy": "from accuracy order by model, dataset",
    "score": "from score order by proxy, model, dataset",
    "regret": "from regret where pool = {pool} and budget <= 10 order by strategy, budget, dataset",
    "standing": "from standing where pool = {pool} and budget <= 10 order by budget, strategy",
}
QUESTION = f"{tables.QUESTION} score dataset_source"


@dataclass(frozen=True)
class Shown:
    """A study on a site. con: opened with QUESTION, and tables.INTERVAL for intervals. folder: of the study's files."""

    con: duckdb.DuckDBPyConnection
    origin: Origin
    folder: Path
    pool: str
    budget: int
    intervals: bool


def build(target: Path, studies: Sequence[Shown]) -> None:
    """Write a site into an empty folder. Raises OSError, and duckdb.IOException of downloads."""
    _write(target / LIBRARY, html.script())
    _write(target / "index.html", _index(studies))
    for study in studies:
        home = target / slug(study.origin.study)
        for path, text in _pages(study):
            _write(home / path, text)
        _write_downloads(study, home / "download")
        card = study.folder / "README.md"
        if card.is_file():
            _write(home / "data-card.txt", card.read_text())


def slug(name: str) -> str:
    """Return a file name for a name, the same everywhere; two names never share one, also where case does not count."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("._-")[:80]
    return plain if plain and plain == name else f"{plain}-{sha256(name.encode()).hexdigest()[:8]}".strip("-")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _write_downloads(study: Shown, folder: Path) -> None:
    folder.mkdir(parents=True)
    for name, sql in DOWNLOADS.items():
        asked = sql.format(pool=quoted(study.pool))
        for form in ("parquet", "csv"):
            study.con.execute(f"copy ({asked}) to {quoted(str(folder / f'{name}.{form}'))} (format {form})")


def _index(studies: Sequence[Shown]) -> str:
    body = []
    for study in studies:
        name, con = study.origin.study, study.con
        usual = tables.usual(con, study.pool, study.budget)
        body += [
            f"<h2>{html.link(name, f'{slug(name)}/index.html')}</h2>",
            *report.summary(con, study.origin, study.pool, study.budget),
            html.rows(tables.means(con, study.pool, usual, LEAGUE_BUDGETS)),
        ]
    if len(studies) > 1:
        sizes = protocols({study.origin.study: study.con for study in studies}, studies[0].pool)
        body += [html.heading("Their protocols"), html.rows(sizes), html.paragraph(sizes.note, "note")]
        body.append(html.paragraph("Numbers of studies stand side by side, and are never averaged.", "note"))
    return html.page("Which pretrained models to fine-tune", body, draws=False)


def _pages(study: Shown) -> Iterator[tuple[str, str]]:
    con, pool = study.con, study.pool
    shown = tables.usual(con, pool, study.budget)
    yield "index.html", _home(study, shown)
    for (name,) in con.execute("select dataset::varchar from dataset order by dataset").fetchall():
        yield f"dataset/{slug(name)}.html", _dataset(study, name, shown)
    for (name,) in con.execute("select model::varchar from pool where pool = ? order by model", [pool]).fetchall():
        yield f"model/{slug(name)}.html", _model(study, name)


def _home(study: Shown, shown: Sequence[str]) -> str:
    con, pool, budget = study.con, study.pool, study.budget
    links = _links(study, "")
    body = [
        _way([("All studies", "../index.html")]),
        *report.summary(con, study.origin, pool, budget),
        *report.by_budget(con, pool, budget, shown, intervals=study.intervals),
        *report.meanings(con, shown),
        html.heading("League"),
        html.table(tables.league(con, pool, budget, intervals=study.intervals), links),
        *report.by_dataset(con, pool, budget, shown),
        html.heading("Datasets"),
        html.table(tables.datasets(con, pool), links),
        *report.by_model(con, pool),
        html.table(tables.models(con, pool), links),
        html.heading("Download"),
        _download_list(study),
        *report.sources(con, study.origin),
    ]
    return html.page(study.origin.study, body, library=f"../{LIBRARY}")


def _download_list(study: Shown) -> str:
    lines = [
        f"<li>{html.code_word(name)}: {html.link('CSV', f'download/{name}.csv')}, {html.link('Parquet', f'download/{name}.parquet')}</li>"
        for name in DOWNLOADS
    ]
    if (study.folder / "README.md").is_file():
        lines.append(f"<li>{html.link('The data card', 'data-card.txt')}: how it was measured, and under which licence</li>")
    return "\n".join(["<ul>", *lines, "</ul>"])


def _dataset(study: Shown, name: str, shown: Sequence[str]) -> str:
    con, pool = study.con, study.pool
    links = _links(study, "../")
    body = [
        _way([("All studies", "../../index.html"), (study.origin.study, "../index.html")]),
        html.rows(_only(tables.datasets(con, pool), name)),
        html.heading("What every model reaches"),
        html.table(tables.on_dataset(con, pool, name), links),
        html.heading("What strategies pick"),
        html.table(tables.picks(con, pool, study.budget, shown, name), links),
        html.paragraph(str(study.origin), "note"),
    ]
    return html.page(f"{name}: {study.origin.study}", body, draws=False)


def _model(study: Shown, name: str) -> str:
    con, pool = study.con, study.pool
    found = tables.of_model(con, pool, name)
    fields = ("dataset", "vtab_group", "accuracy", "oracle_accuracy", "relative_regret")
    drawn = [dict(zip(fields, row, strict=True)) for row in found.rows if row[4] is not None]
    best = "select dataset::varchar from model_regret where pool = ? and model = ? and best"
    best_on = {dataset for (dataset,) in con.execute(best, [pool, name]).fetchall()}
    drawn = [{**row, "best": row["dataset"] in best_on} for row in drawn]
    body = [
        _way([("All studies", "../../index.html"), (study.origin.study, "../index.html")]),
        html.rows(_only(tables.models(con, pool), name)),
        html.heading("On every dataset"),
    ]
    if drawn:
        caption = (
            "The dot is the accuracy of this model, the tick that of the best of the pool; the line between them is the loss if only this "
            "model is fine-tuned."
        )
        body.append(html.chart(specification(models_chart.one_model(drawn)), caption))
    body += [html.table(found, _links(study, "../")), html.paragraph(str(study.origin), "note")]
    return html.page(f"{name}: {study.origin.study}", body, library=f"../../{LIBRARY}", draws=bool(drawn))


def _only(table: Table, name: str) -> Table:
    """The row of a table about one thing, a line for each of its columns that says something."""
    (row,) = [row for row in table.rows if row[0] == name]
    lines: list[tuple[object, ...]] = [
        (column.label, html.as_text(value, column.kind))
        for column, value in zip(table.columns, row, strict=True)
        if value is not None
    ]
    return Table(table.name, name, table.sql, (Column("what is known"), Column("")), lines)


def _way(steps: Sequence[tuple[str, str]]) -> str:
    return f"<nav>{' › '.join(html.link(*step) for step in steps)}</nav>"


def _links(study: Shown, up: str) -> Links:
    """Where names in tables lead. up: from the page to the study's folder."""
    con = study.con
    models = con.execute("select model::varchar from pool where pool = ?", [study.pool]).fetchall()
    datasets = con.execute("select dataset::varchar from dataset").fetchall()
    to_models = {name: f"{up}model/{slug(name)}.html" for (name,) in models}
    to_datasets = {name: f"{up}dataset/{slug(name)}.html" for (name,) in datasets}
    return {"model": to_models, "best of the pool": to_models, "dataset": to_datasets, "worst dataset": to_datasets}
