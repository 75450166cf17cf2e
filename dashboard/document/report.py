"""The report of a study as one page: what to conclude, charts, tables, and where the numbers come from."""

from collections.abc import Sequence
from typing import Any

import duckdb

from dashboard.chart import budget as budget_chart
from dashboard.chart import models as models_chart
from dashboard.chart import regret as regret_chart
from dashboard.chart.specification import specification
from dashboard.document import html
from dashboard.format import count, percent
from warehouse import tables
from warehouse.description import descriptions
from warehouse.origin import Origin, citation
from warehouse.relation import quoted, quoted_list
from warehouse.report import coverage
from warehouse.tables import Column, Table

LAST = 10  # the largest budget of the chart, as in the paper's figures
MOST = 100  # models in the heatmap


def report(
    con: duckdb.DuckDBPyConnection, origin: Origin, pool: str, budget: int, chosen: Sequence[str] = (), *, intervals: bool = False
) -> str:
    """Return the page. con: opened with tables.QUESTION, and tables.INTERVAL for intervals.

    chosen: the strategies to show; empty means the usual ones in charts, and all in the league.
    """
    shown = list(chosen) or tables.usual(con, pool, budget)
    league = tables.league(con, pool, budget, chosen, intervals=intervals)
    return html.page(
        f"Which pretrained models to fine-tune: {origin.study}",
        [
            *summary(con, origin, pool, budget),
            *by_budget(con, pool, budget, shown, intervals=intervals),
            *meanings(con, shown),
            html.heading("All strategies" if not chosen else "Strategies"),
            html.table(league),
            *by_dataset(con, pool, budget, shown),
            html.table(tables.picks(con, pool, budget, shown)),
            *by_model(con, pool),
            html.table(tables.models(con, pool)),
            html.heading("Datasets"),
            html.table(tables.datasets(con, pool)),
            *sources(con, origin),
        ],
    )


def summary(con: duckdb.DuckDBPyConnection, origin: Origin, pool: str, budget: int) -> list[str]:
    """Say what the study holds and which strategy loses least."""
    models, datasets, runs, missing = con.execute(_SIZE, [pool]).fetchone() or (0, 0, 0, 0)
    found = [html.paragraph(f"Study {origin.study}, pool {pool}: {count(models, 'model')}, {count(datasets, 'dataset')}, "
                            f"{count(runs, 'fine-tune')}. Means are over {coverage(con, pool)}.")]  # fmt: skip
    if missing:
        found.append(
            html.paragraph(f"{count(missing, 'run')} of its protocol are missing. A regret is there only where all runs are.")
        )
    for leader in tables.leaders(con, pool, budget)[:1]:
        (best,) = con.execute(_BEST, [pool, budget, leader]).fetchone() or (None,)
        found.insert(0, html.paragraph(
            f"With {count(budget, 'fine-tune')} of {count(models, 'model')}, `{leader}` loses least: {percent(best)} of the remaining "
            "errors would be avoided by the best model of the pool.", "lead"))  # fmt: skip
    return found


def by_budget(con: duckdb.DuckDBPyConnection, pool: str, budget: int, strategies: Sequence[str], *, intervals: bool) -> list[str]:
    """Draw mean regret against the budget."""
    relation = "mean_regret_dataset_interval" if intervals else "mean_regret"
    sql = f"""select strategy, budget, relative_regret, {"low, high" if intervals else "null as low, null as high"}
from {relation} where pool = {quoted(pool)} and budget <= {max(LAST, budget)} and strategy in ({quoted_list(strategies)})
order by strategy, budget"""
    columns = (
        Column("strategy"),
        Column("B", "count"),
        Column("mean regret", "share"),
        Column("low", "share"),
        Column("high", "share"),
    )
    found = Table("by-budget", "Mean relative regret", sql, columns, con.execute(sql).fetchall())
    if not found.rows:
        return [html.paragraph("No strategy has a mean regret yet, because runs are missing.")]
    drawn = sorted(
        _dicts(found, "strategy", "budget", "relative_regret", "low", "high"), key=lambda row: strategies.index(row["strategy"])
    )
    chart = budget_chart.by_budget(drawn, "relative_regret", "mean relative regret", budget)
    caption = (
        "Lower is better. After B fine-tunes, the share of the remaining errors that the best model of the pool would avoid, averaged over "
        f"the datasets; 0 means the best was found. The dashed line is B = {budget}."
    )
    band = " A band is the 95 % interval over datasets." if intervals else ""
    return [html.heading("What each way of choosing loses"), html.chart(specification(chart), caption + band, found)]


def meanings(con: duckdb.DuckDBPyConnection, strategies: Sequence[str]) -> list[str]:
    """Say what strategies do; of one that somebody added there is no description."""
    known = descriptions(proxy for (proxy,) in con.execute("select proxy from study_proxy order by proxy").fetchall())
    return [html.items([f"`{name}`: {known[name]}" for name in strategies if name in known])]


def by_dataset(con: duckdb.DuckDBPyConnection, pool: str, budget: int, strategies: Sequence[str]) -> list[str]:
    """Draw the regret on each dataset."""
    sql = f"""select dataset, vtab_group, strategy, budget, relative_regret
from regret join dataset using (dataset)
where pool = {quoted(pool)} and budget in (1, {budget}) and strategy in ({quoted_list(strategies)})
order by vtab_group, dataset, strategy, budget"""
    columns = (Column("dataset"), Column("group"), Column("strategy"), Column("B", "count"), Column("regret", "share"))
    found = Table("by-dataset", "Relative regret", sql, columns, con.execute(sql).fetchall())
    heading = html.heading("On each dataset")
    if not found.rows:
        return [heading, html.paragraph("No dataset has all runs of the pool yet.")]
    more = {"low": None, "high": None, "paper": None}
    drawn = [
        {**row, **more, "solid": row["budget"] == budget}
        for row in _dicts(found, "dataset", "vtab_group", "strategy", "budget", "relative_regret")
    ]
    end = max(row["relative_regret"] for row in drawn) or 1.0
    chart = regret_chart.by_dataset(drawn, f"pool {pool}", [], end)
    pale = " Pale: the same at B = 1." if len(strategies) <= regret_chart.MANY else ""
    return [
        heading,
        html.chart(specification(chart), f"Further left is better: the relative regret at B = {budget}.{pale}", found),
    ]


def by_model(con: duckdb.DuckDBPyConnection, pool: str) -> list[str]:
    """Draw what each model alone loses on every dataset."""
    sql = f"""select model, dataset, model_regret.accuracy, model_regret.relative_regret, best, diverged, runs
from model_regret join dataset using (dataset) left join model_mean using (pool, model)
    left join diverged_cell using (model, dataset)
where pool = {quoted(pool)}
qualify dense_rank() over (order by model_mean.relative_regret nulls last, model) <= {MOST}
order by model_mean.relative_regret nulls last, model, vtab_group, dataset"""
    columns = (
        Column("model"), Column("dataset"), Column("accuracy", "share"), Column("regret", "share"), Column("best"),
        Column("diverged", "count"), Column("runs", "count"),
    )  # fmt: skip
    found = Table("by-model", "Accuracy of every model", sql, columns, con.execute(sql).fetchall())
    heading = html.heading("Models")
    if not found.rows:
        return [heading]
    drawn = _dicts(found, "model", "dataset", "accuracy", "relative_regret", "best", "diverged", "runs")
    chart = models_chart.heatmap(drawn, "relative_regret", "relative regret")
    caption = (
        "Each row is a model, the best on average at the top; each column a dataset. Bright is good: little is lost if only this model is "
        "fine-tuned. A white dot marks the best of the pool on that dataset, a cross fine-tunes that diverged."
    )
    return [heading, html.chart(specification(chart), caption, found)]


def sources(con: duckdb.DuckDBPyConnection, origin: Origin) -> list[str]:
    """Say how everything was measured, where the numbers come from, and what to cite."""
    return [
        html.heading("Protocol"),
        html.paragraph(
            "What every run of the study shares. Studies of other protocols are other numbers, and are never averaged with these."
        ),
        html.table(tables.protocol(con)),
        *cite(origin),
    ]


def cite(origin: Origin) -> list[str]:
    """Say where the numbers come from, and what to cite."""
    return [
        html.heading("Cite"),
        html.paragraph(str(origin), "hash"),
        html.paragraph("Name the study, the digest and the day, and cite the program and the paper:"),
        html.code(citation()),
        html.paragraph(
            "The digest is of the study's Parquet files. In its folder this prints it again: "
            "`find . -name '*.parquet' | LC_ALL=C sort | xargs sha256sum | sha256sum`. Networks and images are other people's work under "
            "the licences in the tables.", "note"
        ),
    ]  # fmt: skip


def _dicts(found: Table, *names: str) -> list[dict[str, Any]]:
    return [dict(zip(names, row, strict=True)) for row in found.rows]


_SIZE = """
    select (select count(*) from pool where pool = ?), (select count(*) from dataset), (select count(*) from finetune),
           (select count(*) from missing_run)
"""
_BEST = "select relative_regret from mean_regret where pool = ? and budget = ? and strategy = ?"
