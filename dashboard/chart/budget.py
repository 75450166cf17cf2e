"""Draws regret against the budget of fine-tunes."""

from collections.abc import Sequence

import altair as alt

from dashboard.chart.colour import NEUTRAL, TEXT
from dashboard.chart.labels import LETTER, apart
from dashboard.chart.style import (
    EXACT,
    LINE,
    Rows,
    dimmed,
    layered,
    percent_y,
    picking,
    strategies,
    strategy_colour,
    strategy_dash,
    tooltips,
)

HEIGHT = 300
FAINT = 0.3
BAND = 0.15  # opacity of an interval, so that lines show through it
CHOSEN, ENDS = "chosen", "ends"  # data sets: of the rule, and of the names
WIDE = 560  # pixels of a plot that has names
MOST = 12  # names
AWAY, ASIDE = 6, 20  # pixels from the end of a line to a rule, and to the name at the other end of the rule


def by_budget(rows: Rows, field: str, title: str, budget: int, faint: Sequence[str] = ()) -> alt.LayerChart:
    """Draw a line for each strategy over B, and mark the chosen budget. In a wide plot the ends of the lines have names, unless many.

    rows: strategy, budget and the field; also low and high (null without an interval). field: what to draw, a fraction.
    faint: strategies in the background.
    """
    names = strategies(rows)
    last = max((row["budget"] for row in rows), default=1)
    named = 0 < len(names) <= MOST
    room = ASIDE + LETTER * max(map(len, names)) if named else 0
    x = alt.X(
        "budget:Q",
        title="B, number of fine-tuned models",
        axis=alt.Axis(tickMinStep=1, format="d", grid=False),
        scale=alt.Scale(
            domain=[1, max(last, 2)],
            nice=False,
            zero=False,
            padding=8,
            range=[0, alt.ExprRef(f"width < {WIDE} ? width : width - {room:.0f}")],
        ),
    )
    base = alt.Chart().encode(
        x=x,
        y=percent_y(field, title, zero=True),
        color=strategy_colour(names, **LINE),
        opacity=dimmed(faint=FAINT),
        tooltip=tooltips(strategy="strategy", B="budget", **{title.replace(" ", "_"): f"{field}|{EXACT}"}),
    )
    rule = alt.Chart(alt.NamedData(name=CHOSEN)).mark_rule(color=NEUTRAL, strokeDash=[3, 3]).encode(x=x)
    lines = base.mark_line(strokeWidth=2.5).encode(strokeDash=strategy_dash(names))
    points = base.mark_point(filled=True).encode(size=alt.SizeValue(28, condition={"test": "datum.chosen", "value": 110}))
    drawn = [{**row, "faint": row["strategy"] in faint, "chosen": row["budget"] == budget} for row in rows]
    drawn.sort(key=lambda row: not row["faint"])  # later rows are drawn on top
    band = alt.Chart().transform_filter("datum.low !== null && !datum.faint").mark_area().encode(
        x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"), color=strategy_colour(names, **LINE), opacity=dimmed(BAND)
    )  # fmt: skip
    bands = [band] if any(row.get("low") is not None for row in rows) else []
    ended = alt.Chart(alt.NamedData(name=ENDS)).transform_filter(f"width >= {WIDE}").encode(x=x, opacity=dimmed())
    stems = ended.mark_rule(xOffset=AWAY, x2Offset=ASIDE - 3).encode(
        x2=alt.X2("budget:Q"), y=alt.Y(f"{field}:Q"), y2=alt.Y2("at:Q"), color=strategy_colour(names, **LINE)
    )
    words = ended.mark_text(align="left", dx=ASIDE, fontSize=11, color=TEXT).encode(y=alt.Y("at:Q"), text=alt.Text("strategy:N"))
    others: dict[str, Rows] = {CHOSEN: [{"budget": budget}], ENDS: _ends(rows, field, faint) if named else []}
    return layered(drawn, rule, *bands, picking(lines), points, stems, words, others=others, height=HEIGHT)


def _ends(rows: Rows, field: str, faint: Sequence[str]) -> Rows:
    """Return the last row of each line that is not faint, with the height of its name."""
    top = max((row[name] for row in rows for name in (field, "high") if row.get(name) is not None), default=0) or 1
    last = list(
        {row["strategy"]: row for row in sorted(rows, key=lambda row: row["budget"]) if row["strategy"] not in faint}.values()
    )
    heights = apart([HEIGHT * (1 - row[field] / top) for row in last], HEIGHT)
    return [{**row, "at": top * (1 - height / HEIGHT)} for row, height in zip(last, heights, strict=True)]


def share(rows: Rows, budget: int) -> alt.LayerChart:
    """Draw the share of datasets with zero regret over B (figures 7, 17)."""
    return by_budget(rows, "share", "datasets with zero regret", budget)
