"""Draws the league: every strategy at the chosen budget, the one that loses least first."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboard.chart import league as chart
from dashboard.format import LEVEL, joined, percent
from dashboard.page import figure, table
from dashboard.page.result import extremes
from dashboard.session.query import QueryResult, Row
from dashboard.session.view import SHOWN, View, rows

FIRST = 10  # strategies that are drawn, beside the chosen ones

# Queried for all pools and small budgets at once, which takes no longer than one; another choice then needs no query.
STANDING = """
    select pool, budget, if(realistic and relative_regret is not null,
               rank() over (partition by pool, budget, realistic order by relative_regret nulls last), null) as place,
           strategy, relative_regret, worst_dataset, worst_regret, zero_share, seconds / 60 as minutes, speed_up, datasets, of_datasets,
           reads_answer
    from (select *, list_contains($realistic, strategy::varchar) as realistic from standing where budget <= $shown)
    order by pool, budget, relative_regret is null, not realistic, relative_regret, strategy::varchar
"""
GROUPS = """
    select pool, vtab_group, strategy, budget, relative_regret
    from group_regret where budget <= $shown
    order by pool, vtab_group, strategy, budget
"""
COLUMNS = {
    "chosen": st.column_config.TextColumn("", help="● is chosen in the sidebar.", width=30),
    "place": st.column_config.NumberColumn("place", help="Equal places are ties.", width=50),
    "strategy": st.column_config.TextColumn("strategy", pinned=True),
    "title": st.column_config.TextColumn("title", width="medium"),
    "relative_regret": table.percent_column("mean regret", "The mean relative regret over the datasets."),
    "low": table.percent_column("low", f"The lower end of its {LEVEL} interval, of other datasets and repeats."),
    "high": table.percent_column("high", f"The upper end of its {LEVEL} interval, of other datasets and repeats."),
    "worst_dataset": st.column_config.TextColumn("worst on"),
    "worst_regret": table.percent_column("its regret"),
    "zero_share": table.percent_column("best model found", "The share of datasets on which nothing is lost."),
    "minutes": st.column_config.NumberColumn(
        "minutes", format="%.1f", help="Of what it looks at and fine-tunes, on all datasets."
    ),
    "speed_up": st.column_config.NumberColumn("speed-up", format="%.1f×", help="Against fine-tuning every model of the pool."),
    "beats_hybrid_linear": table.percent_column("beats hybrid_linear", "In how many resamples, ties half."),
    "stability": table.percent_column("same pick", "How often its first pick stays with other repeats."),
    "what it does": st.column_config.TextColumn("what it does", width="large"),
}
FRACTIONS = ("relative_regret", "low", "high", "worst_regret", "zero_share", "beats_hybrid_linear", "stability")


def show(view: View, drawn: Mapping[str, Row]) -> None:
    """Draw the dots and the table. drawn: the intervals by strategy, empty while there are none."""
    result = standing(view)
    placed = [row for row in result.rows if row["relative_regret"] is not None]
    if not placed:
        return
    _dots(view, placed, drawn, result)
    _table(view, placed, drawn, _groups(view))
    for line in _apart(view, result.rows):
        st.markdown(line)
    figure.show_sql(view, "league", result)


def standing(view: View) -> QueryResult:
    """Return a row for each strategy of the pool at the budget, in the order of the league."""
    return rows(view, STANDING, shown=max(SHOWN, view.budget)).where(pool=[view.pool], budget=[view.budget])


def _dots(view: View, placed: list[Row], drawn: Mapping[str, Row], result: QueryResult) -> None:
    in_place = [row for row in placed if row["place"] is not None]
    wanted = {*(row["strategy"] for row in in_place[:FIRST]), *view.drawn} - {"random"}  # far off: the others would be one dot
    shown = [
        _with_interval(view, row, drawn)
        for row in sorted(placed, key=lambda row: row["relative_regret"])
        if row["strategy"] in wanted and not row["reads_answer"]
    ]
    if not shown:
        return
    oracles = [_with_interval(view, row, {}) for row in placed if row["reads_answer"]]
    end = max((value for row in shown for value in (row["relative_regret"], row["high"] or 0)), default=0.0) or 1.0
    blind = "".join(
        f" Random choice, {percent(row['relative_regret'])}, is in the table alone."
        for row in placed
        if row["strategy"] == "random"
    )
    grey = (
        f" The grey line is {', '.join(row['title'].lower() for row in oracles)}, which reads the answer: for reference alone."
        if oracles
        else ""
    )
    figure.draw(
        view,
        "league-dots",
        chart.dots(shown, oracles, end),
        result,
        "Further left is better: the mean relative regret, by how much fewer errors the best model of the pool would make. Drawn are the "
        f"{min(FIRST, len(in_place))} that lose least and those that you have chosen; the table has all {len(placed)}.{blind}{grey}",
        says=extremes(shown, "relative_regret"),
    )


def _with_interval(view: View, row: Row, drawn: Mapping[str, Row]) -> Row:
    found = drawn.get(row["strategy"], {})
    return {
        "strategy": row["strategy"],
        "title": view.title(row["strategy"]),
        "relative_regret": row["relative_regret"],
        "low": found.get("low"),
        "high": found.get("high"),
    }


def _groups(view: View) -> Mapping[str, Mapping[str, float]]:
    """Return the mean regrets of each group of datasets, by strategy; none where there is one group."""
    found = rows(view, GROUPS, shown=max(SHOWN, view.budget)).where(pool=[view.pool], budget=[view.budget]).rows
    names = {row["vtab_group"] for row in found}
    groups: dict[str, dict[str, float]] = {name: {} for name in sorted(names)} if len(names) > 1 else {}
    for row in found if groups else ():
        groups[row["vtab_group"]][row["strategy"]] = row["relative_regret"]
    return groups


def _table(view: View, placed: list[Row], drawn: Mapping[str, Row], groups: Mapping[str, Mapping[str, float]]) -> None:
    cells = []
    for row in placed:
        name = row["strategy"]
        found = drawn.get(name, {})
        interval = {end: found.get(end) for end in ("low", "high")} if drawn else {}
        resampled = {end: found.get(end) for end in ("beats_hybrid_linear", "stability")} if drawn else {}
        cells.append(
            {
                "chosen": "●" if name in view.strategies else "",
                "place": row["place"],
                "strategy": name,
                "title": view.title(name),
                "relative_regret": row["relative_regret"],
                **interval,
                **{column: row[column] for column in ("worst_dataset", "worst_regret", "zero_share")},
                **{group: of.get(name) for group, of in groups.items()},
                **{column: row[column] for column in ("minutes", "speed_up")},
                **resampled,
                "what it does": view.descriptions[name].sentence,
            }
        )
    columns: dict[str, Any] = {**COLUMNS, **{group: table.percent_column(group) for group in groups}}
    table.draw(pa.Table.from_pylist(cells), columns, (*FRACTIONS, *groups))


def _apart(view: View, here: list[Row]) -> list[str]:
    """Return a line for those without a place of each kind."""
    placed = [row for row in here if row["relative_regret"] is not None and row["place"] is None]
    oracles = [f"`{row['strategy']}` {percent(row['relative_regret'])}" for row in placed if row["reads_answer"]]
    beyond = [f"`{row['strategy']}`" for row in placed if not row["reads_answer"]]
    lacking = [
        f"`{row['strategy']}` ({row['datasets']} of {row['of_datasets']})" for row in here if row["relative_regret"] is None
    ]
    return [
        f"Without a place, because {why}: {joined(names)}."
        for why, names in (
            ("they read the accuracies that they are judged by", oracles),
            ("they train every model for a while first, beyond the budget", beyond),
            ("a mean needs every dataset", lacking),
        )
        if names
    ]
