"""The form in which pages show things: colours of strategies, SQL, and words for numbers."""

import itertools

import duckdb
import pytest

from dashboard.chart.colour import DASHES, FIXED, OTHERS, colour, dash, difference_shade, ink, shade
from dashboard.format import count, duration, listed, percent
from dashboard.session.query import literal, query_study, with_values

BOTH = ["linear", "task_agnostic"]


def brightness(hexadecimal: str) -> float:
    """Relative luminance, as the web's guidelines define it."""
    linear = [
        (v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4)
        for v in (int(hexadecimal[i : i + 2], 16) / 255 for i in (1, 3, 5))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", [*FIXED, "smallest", "mine", "x", "yours", "z1", "z2", "z3"])
def test_a_strategys_colour_can_be_seen_on_light_and_dark(name: str) -> None:
    bright = brightness(colour(name))
    for page in ("#FFFFFF", "#0E1117", "#191919"):
        assert contrast(bright, brightness(page)) >= 3, (name, page)


def contrast(one: float, other: float) -> float:
    low, high = sorted((one, other))
    return (high + 0.05) / (low + 0.05)


def test_a_number_can_be_read_on_every_cell() -> None:
    """Level AA asks for 4.5. Shades of losses go from bright to dark, each darker than the one before."""
    fractions = [step / 200 for step in range(201)]
    shades = [shade(fraction) for fraction in fractions]
    bright = [brightness(fill) for fill in shades]
    assert all(after < before + 1e-3 for before, after in itertools.pairwise(bright)), "but for rounding to 8 bits"
    assert (shades[0], shades[-1]) == ("#F2D27A", "#1B4965")
    for fill in (*shades, *(difference_shade(sign * fraction) for fraction in fractions for sign in (1, -1))):
        assert contrast(brightness(fill), {"black": 0.0, "white": 1.0}[ink(fill)]) >= 4.5, fill
    assert difference_shade(0.01) != difference_shade(0.0) != difference_shade(-0.01) != difference_shade(0.01)


def test_a_strategy_always_has_the_same_colour() -> None:
    assert len(set(FIXED.values())) == len(FIXED)
    assert not set(FIXED.values()) & set(OTHERS)
    assert colour("mine") == colour("mine") == "#C8553D", "follows from the name alone, in every process"
    assert dash("hybrid_linear") == DASHES["hybrid_linear"] != dash("linear")


def test_sql_is_shown_as_it_would_be_typed() -> None:
    sql = "\n    select a\n    from b where pool = $pool and budget <= $budget and contains($names, c)\n"
    assert with_values(sql, {"pool": "it's", "budget": 2, "names": ("x", "y")}) == (
        "select a\nfrom b where pool = 'it''s' and budget <= 2 and contains(['x', 'y'], c)"
    )
    assert literal(None) == "null"


def test_what_is_chosen_of_an_answer_is_what_its_sql_answers(small: duckdb.DuckDBPyConnection) -> None:
    sql = "select pool, strategy, budget, relative_regret from mean_regret where budget <= $shown order by all"
    answer = query_study(small, "small", sql, {"shown": 10, "most": 100}, {"ALL": "it's all"})
    chosen = answer.where(pool=["ALL"], budget=[3, 1, 3], strategy=BOTH)
    assert [(row["strategy"], row["budget"]) for row in chosen.rows] == [(name, budget) for name in BOTH for budget in (1, 3)]
    assert chosen.sql == (
        "from (\nselect pool, strategy, budget, relative_regret from mean_regret where budget <= 10 order by all\n)\n"
        "where pool = 'it''s all' and budget in (3, 1) and strategy in ('linear', 'task_agnostic')"
    )
    plain = query_study(small, "small", sql, {"shown": 10, "most": 100}, {}).where(pool=["ALL"], budget=[3, 1], strategy=BOTH)
    assert small.sql(plain.sql).to_arrow_table().to_pylist() == plain.rows == chosen.rows
    assert answer.where(strategy=["nobody"]).rows == []
    few = answer.where(pool=["ALL"], budget=range(1, 3))
    assert few.sql.endswith("and budget between 1 and 2")
    assert {row["budget"] for row in few.rows} == {1, 2}


def test_words_for_numbers() -> None:
    space = "\N{NARROW NO-BREAK SPACE}"
    found = [percent(0.0321), percent(0.0), percent(0.5), percent(0.0004), percent(None), percent(-0.25, signed=True)]
    assert found == [f"3.2{space}%", f"0.0{space}%", f"50.0{space}%", f"< 0.1{space}%", "–", f"−25.0{space}%"]
    assert percent(0.125, signed=True) == f"+12.5{space}%"
    assert [duration(x) for x in (0.25, 45, 90, 5400, 360_000)] == [
        f"0.25{space}s",
        f"45{space}s",
        f"1.5{space}min",
        f"1.5{space}h",
        f"100{space}h",
    ]
    assert [count(1, "model"), count(4600, "model")] == ["1 model", "4,600 models"]
    assert listed(["a", "b", "c"]) == "`a`, `b` and `c`"
