"""Says what a chart shows in a sentence, for who cannot see it."""

from collections.abc import Callable, Iterable

from dashboard.format import percent
from dashboard.session.query import Row


def extremes(rows: Iterable[Row], value: str, name: str = "strategy", form: Callable[[float], str] = percent) -> str:
    """Return which rows have the lowest and the highest value, the first of those that tie; nothing where no row has one.

    name: the column that names a row. form: how to write a value.
    """
    known = [row for row in rows if row[value] is not None]
    if not known:
        return ""
    low, high = min(known, key=lambda row: row[value]), max(known, key=lambda row: row[value])
    if low is high:
        return f"{low[name]}: {form(low[value])}."
    return f"Lowest: {low[name]}, {form(low[value])}; highest: {high[name]}, {form(high[value])}."


def at_budget(rows: Iterable[Row], value: str, budget: int) -> str:
    """Return the same of the strategies at a budget, which it names."""
    found = extremes([row for row in rows if row["budget"] == budget], value)
    return f"At B = {budget}: {found}" if found else ""


def score(value: float) -> str:
    """Format a score or a correlation."""
    return f"{value:.3f}"
