"""Charts are pure: rows in, a specification out. On the small world, whose numbers were worked out by hand (see world.py)."""

import io
from pathlib import Path
from typing import Any

import altair as alt
import duckdb
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
import world
from PIL import Image

from dashboard.chart import budget, compare, datasets, models, proxies, recommend, regret
from dashboard.chart.cells import MEAN, number
from dashboard.chart.colour import colour
from dashboard.chart.labels import LINE, apart
from dashboard.format import THIN
from dashboard.page import budget as budget_page
from dashboard.page import compare as compare_page
from dashboard.page import datasets as datasets_page
from dashboard.page import figure
from dashboard.page import models as models_page
from dashboard.page import proxies as proxies_page
from dashboard.page import regret as regret_page
from dashboard.page import start as start_page
from dashboard.session.query import Row, query_study
from warehouse import connect

ALL: dict[str, Any] = {"shown": 10, "most": 100}
BOTH = ["linear", "task_agnostic"]


def pool_rows(con: duckdb.DuckDBPyConnection, sql: str, **values: object) -> list[Row]:
    """The rows of a page's query in the pool ALL."""
    return query_study(con, "small", sql, {**ALL, **values}, {}).where(pool=["ALL"]).rows


def validated(chart: alt.LayerChart) -> dict[str, Any]:
    """The specification, which Vega-Lite's schema accepts and its compiler draws without a warning."""
    found: dict[str, Any] = chart.to_dict(validate=True)
    assert figure.svg(chart).startswith(b"<svg")
    return found


def encodings(spec: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    """What the layers of a mark encode."""
    return [layer["encoding"] for layer in spec["layer"] if layer["mark"]["type"] == mark]


def values(spec: dict[str, Any], *fields: str) -> list[tuple[Any, ...]]:
    """The rows inside a specification."""
    return [tuple(row[field] for field in fields) for row in held(spec, spec)]


def held(spec: dict[str, Any], part: dict[str, Any]) -> list[Row]:
    """The rows of a part of a specification; Altair keeps all rows in one place."""
    rows: list[Row] = spec["datasets"][part["data"]["name"]]
    return rows


def regrets(con: duckdb.DuckDBPyConnection, **over: Any) -> list[Row]:
    """Those that the page draws at B = 2."""
    rows = [row for row in pool_rows(con, regret_page.BY_DATASET) if row["strategy"] in BOTH and row["budget"] <= 2]
    return [{**row, "solid": row["budget"] == 2, "low": None, "high": None, **over} for row in rows]


def test_mean_regret_by_budget(small: duckdb.DuckDBPyConnection) -> None:
    """linear takes a, b, c on pets and, since a and b tie there, on depth: 0.5, 0, 0 and 0.4, 0.4, 0."""
    rows = [row for row in pool_rows(small, start_page.MEANS, realistic=["linear"]) if row["strategy"] in BOTH]
    spec = validated(budget.by_budget(rows, "relative_regret", "mean relative regret", 2, ["task_agnostic"]))
    drawn = [row for row in values(spec, "strategy", "budget", "relative_regret") if row[0] == "linear"]
    assert drawn == [("linear", 1, pytest.approx(0.45)), ("linear", 2, pytest.approx(0.2)), ("linear", 3, 0.0)]
    (line, *_) = encodings(spec, "line")
    assert (line["x"]["field"], line["x"]["type"], line["x"]["scale"]["domain"]) == ("budget", "quantitative", [1, 3])
    assert (line["y"]["field"], line["y"]["axis"]["format"]) == ("relative_regret", ".1~%")
    assert line["color"]["scale"] == {"domain": ["linear", "task_agnostic"], "range": ["#0072B2", "#D55E00"]}
    assert line["strokeDash"]["scale"]["range"] == [[1, 0], [1, 0]]
    assert line["opacity"]["condition"][-1]["value"] == budget.FAINT
    assert {row[1] for row in values(spec, "faint", "strategy") if row[0]} == {"task_agnostic"}
    assert values(spec, "strategy")[0] == ("task_agnostic",), "below the others"
    assert held(spec, spec["layer"][0]) == [{"budget": 2}], "the rule stands at the chosen budget"
    assert {row[1] for row in values(spec, "chosen", "budget") if row[0]} == {2}
    other = budget.by_budget(rows, "relative_regret", "mean relative regret", 3, []).to_dict(validate=False)
    assert {**other, "datasets": None} == {**spec, "datasets": None}, (
        "another budget changes rows alone: a browser compiles nothing"
    )


def test_names_at_the_ends_of_lines_lie_apart_and_near_them(small: duckdb.DuckDBPyConnection) -> None:
    rows = [row for row in pool_rows(small, start_page.MEANS, realistic=[]) if row["strategy"] in [*BOTH, "knn", "random"]]
    spec = validated(budget.by_budget(rows, "relative_regret", "mean relative regret", 2, ["random"]))
    named = spec["datasets"][budget.ENDS]
    assert {(row["strategy"], row["budget"]) for row in named} == {(name, 3) for name in (*BOTH, "knn")}, "not the pale one"
    top = max(row["relative_regret"] for row in rows)
    ends = [budget.HEIGHT * (1 - row["relative_regret"] / top) for row in named]
    heights = [budget.HEIGHT * (1 - row["at"] / top) for row in named]
    assert sorted(ends)[1:] == [budget.HEIGHT] * 2, "two end where nothing is lost"
    assert sorted(heights) == pytest.approx([min(ends), budget.HEIGHT - 1.5 * LINE, budget.HEIGHT - 0.5 * LINE])
    assert min(heights) == heights[ends.index(min(ends))], "each at its line"
    many = [{**row, "strategy": f"{row['strategy']} {copy}"} for row in rows for copy in range(4)]
    assert budget.by_budget(many, "relative_regret", "regret", 2).datasets[budget.ENDS] == [], "of many the legend alone tells"
    assert apart([50, 10, 12, 49], 100) == [63, 10, 24, 49]


def test_share_of_zero_regret(small: duckdb.DuckDBPyConnection) -> None:
    """linear loses nothing on pets from B = 2 on and on depth at B = 3."""
    rows = [row for row in pool_rows(small, budget_page.SHARE) if row["strategy"] == "linear"]
    spec = validated(budget.share(rows, 1))
    assert values(spec, "budget", "share") == [(1, 0.0), (2, 0.5), (3, 1.0)]


def test_regret_by_dataset(small: duckdb.DuckDBPyConnection) -> None:
    """linear at B = 1 takes a: 0.1 of 0.2 on pets, 0.2 of 0.5 on depth; at B = 2 also b, the best on pets."""
    spec = validated(regret.by_dataset(regrets(small), "ALL", ["linear 45 %"], 0.5))
    drawn = [row[1:] for row in values(spec, "strategy", "dataset", "solid", "relative_regret") if row[0] == "linear"]
    assert drawn == [
        ("pets", False, pytest.approx(0.5)),
        ("pets", True, 0.0),
        ("depth", False, pytest.approx(0.4)),
        ("depth", True, pytest.approx(0.4)),
    ]
    pale, solid = [layer for layer in spec["layer"] if layer["mark"]["type"] == "bar"]
    assert (pale["transform"][0]["filter"], pale["encoding"]["opacity"]["value"]) == ("datum.solid == false", regret.PALE)
    assert (solid["transform"][0]["filter"], solid["encoding"]["opacity"]["value"]) == ("datum.solid == true", 1)
    assert solid["encoding"]["x"]["scale"]["domain"] == [0, 0.5], "the axis ends at the data"
    (tick,) = [layer for layer in spec["layer"] if layer["mark"]["type"] == "tick"]
    assert tick["transform"][0] == {"filter": "datum.solid && datum.relative_regret === 0"}, "a loss of zero is no missing value"
    assert solid["encoding"]["y"]["sort"] == ["pets", "depth"], "natural before structured"
    assert solid["encoding"]["yOffset"]["field"] == "strategy"
    assert solid["encoding"]["yOffset"]["scale"]["type"] == "point", "lines and diamonds stand in the middle of bars"
    assert spec["title"]["subtitle"] == ["linear 45 %"]
    assert not encodings(spec, "line"), "no intervals, no lines"
    assert {row for row in values(spec, "head", "dataset") if row[0]} == {("natural", "pets"), ("structured", "depth")}


def test_intervals_and_the_papers_bars_are_drawn_where_they_are(small: duckdb.DuckDBPyConnection) -> None:
    spec = validated(regret.by_dataset(regrets(small, low=0.1, high=0.6, paper=0.3), "ALL", [], 0.6))
    halo, thin = [layer for layer in spec["layer"] if layer["mark"]["type"] == "line"]
    assert halo["transform"] == thin["transform"]
    assert thin["transform"][-1] == {"fold": ["low", "high"], "as": ["side", "end"]}
    assert thin["encoding"]["x"]["field"] == "end"
    assert [detail["field"] for detail in thin["encoding"]["detail"]] == ["dataset", "strategy"]
    (diamond,) = encodings(spec, "point")
    assert diamond["x"]["field"] == "paper"


def test_many_strategies_are_dots_in_one_row_a_dataset(small: duckdb.DuckDBPyConnection) -> None:
    names = ["knn", "linear", "task_agnostic", "hybrid_knn", "num_params"]
    rows = [row for row in pool_rows(small, regret_page.BY_DATASET) if row["strategy"] in names and row["budget"] <= 2]
    rows = [{**row, "solid": row["budget"] == 2, "low": None, "high": None} for row in rows]
    spec = validated(regret.by_dataset(rows, "ALL", [], 0.5))
    assert not encodings(spec, "bar")
    (dots,) = encodings(spec, "point")
    assert dots["x"]["field"] == "relative_regret"
    assert sorted(values(spec, "dataset", "strategy")) == [
        (dataset, name) for dataset in ("depth", "pets") for name in sorted(names)
    ]
    assert {row["budget"] for row in held(spec, spec)} == {2}, "the chosen budget alone"
    assert spec["height"] == {"step": regret.DOT, "for": "offset"}
    drawn = figure.svg(regret.by_dataset(rows, "ALL", [], 0.5)).decode()
    assert "low: –; high: –" in drawn, "a missing number is no null"
    assert f"50.0{THIN}%" in drawn or f"40.0{THIN}%" in drawn


def test_numbers_of_many_strategies_are_on_cells_that_leave_them_readable(small: duckdb.DuckDBPyConnection) -> None:
    """linear loses 0 on pets and 0.4 on depth at B = 2; nobody knows what `absent` loses."""
    known = [row for row in regrets(small) if (row["strategy"], row["budget"]) == ("linear", 2)]
    mean = {"dataset": MEAN, "strategy": "linear", "budget": 2, "relative_regret": 0.2}
    gaps = [{"dataset": name, "strategy": "absent", "budget": 2, "relative_regret": None} for name in (MEAN, "depth", "pets")]
    chart = regret.by_number([mean, *known, *gaps], "ALL", ["depth", "pets"], ["linear", "absent"])
    spec = validated(chart)
    assert set(values(spec, "strategy", "dataset", "text")) == {
        ("linear", MEAN, "20.0"), ("linear", "pets", "0"), ("linear", "depth", "40.0"),
        ("absent", MEAN, "–"), ("absent", "pets", "–"), ("absent", "depth", "–"),
    }  # fmt: skip
    (cell,) = encodings(spec, "rect")
    assert cell["y"]["sort"] == [MEAN, "depth", "pets"]
    assert cell["x"]["sort"] == ["linear", "absent"], "the smaller side lies across"
    assert {row for row in values(spec, "strategy", "fill") if row[1] is None} == {("absent", None)}, "no colour without a number"
    drawn = figure.svg(chart).decode()
    assert "null" not in drawn
    assert drawn.count(">–<") == 3
    wide = regret.by_number([mean, *known], "ALL", ["pets", "depth"], ["linear", "a", "b", "c"]).to_dict(validate=False)
    assert encodings(wide, "rect")[0]["x"]["field"] == "dataset"
    assert number(0.0004) == "< 0.1" != number(0.0) == "0"


def test_regret_by_group(small: duckdb.DuckDBPyConnection) -> None:
    """natural is pets alone, structured depth alone."""
    rows = [row for row in pool_rows(small, regret_page.BY_GROUP) if (row["strategy"], row["budget"]) == ("linear", 1)]
    bare = validated(regret.by_group([{**row, "low": None, "high": None} for row in rows]))
    assert values(bare, "vtab_group", "relative_regret") == [("natural", pytest.approx(0.5)), ("structured", pytest.approx(0.4))]
    assert not encodings(bare, "line")
    (known,) = small.sql(regret_page.INTERVALS["group_regret_interval"], params={"pools": ["ALL"], "budget": 1}).filter(
        "strategy = 'linear' and vtab_group = 'natural'").fetchall()  # fmt: skip
    (ends,) = small.sql(
        "select low, high from regret_interval where strategy = 'linear' and pool = 'ALL' and budget = 1 and dataset = 'pets'"
    ).fetchall()
    assert known == ("linear", "ALL", "natural", *ends), "of one dataset it is that of the dataset"
    drawn = validated(regret.by_group([{**row, "low": 0.3, "high": 0.6} for row in rows]))
    _, thin = encodings(drawn, "line")
    assert thin["x"]["field"] == "end"
    assert [detail["field"] for detail in thin["detail"]] == ["vtab_group", "strategy"]


def test_deltas_are_sorted_and_in_the_winners_colour(small: duckdb.DuckDBPyConnection) -> None:
    """At B = 1 linear takes a (0.8, 0.5); knn takes b on pets and c on depth (0.9, 0.7): -0.1 / 0.2, -0.2 / 0.5."""
    rows = pool_rows(small, compare_page.DELTAS, strategy="linear", baseline="knn")
    rows = [{**row, "low": None, "high": None} for row in rows if row["budget"] == 1]
    spec = validated(compare.deltas(rows, "linear", "knn"))
    assert values(spec, "dataset", "winner", "delta") == [
        ("depth", "knn", pytest.approx(-0.4)),
        ("pets", "knn", pytest.approx(-0.5)),
    ]
    (bar,) = encodings(spec, "bar")
    assert bar["y"]["sort"] == ["depth", "pets"]
    assert bar["color"]["scale"] == {"domain": ["linear", "knn"], "range": ["#0072B2", "#009E73"]}
    assert figure.svg(compare.deltas(rows, "linear", "knn")).count(b">tie<") == 0


def test_ties_are_marked_and_intervals_drawn(small: duckdb.DuckDBPyConnection) -> None:
    """linear and task_agnostic take a on both datasets at B = 1."""
    rows = pool_rows(small, compare_page.DELTAS, strategy="linear", baseline="task_agnostic")
    rows = [{**row, "low": None, "high": None} for row in rows if row["budget"] == 1]
    assert [row["delta"] for row in rows] == [0, 0]
    bare = figure.svg(compare.deltas(rows, "linear", "task_agnostic"))
    assert bare.count(b">tie<") == 2
    with_one = compare.deltas([rows[0], {**rows[1], "low": -0.2, "high": 0.1}], "linear", "task_agnostic")
    drawn = figure.svg(with_one)
    assert drawn.count(b">tie<") == 2
    assert [one.count(b'aria-roledescription="line mark"') for one in (bare, drawn)] == [0, 2], "one interval, black on white"


def test_heatmap(small: duckdb.DuckDBPyConnection) -> None:
    """Mean regret: b 0.232, c 0.386, a 0.45: the best on average comes first."""
    rows = pool_rows(small, models_page.CELLS, most=2)
    spec = validated(models.heatmap(rows, "relative_regret", "relative regret"))
    (cell,) = encodings(spec, "rect")
    assert cell["y"]["sort"] == ["b", "c"], "two at most"
    assert cell["x"]["sort"] == ["pets", "depth"]
    assert cell["x"]["axis"]["labelOverlap"] is False, "every dataset is named"
    assert cell["color"]["field"] == "relative_regret"
    assert {row[:2] for row in values(spec, "model", "dataset", "best") if row[2]} == {("b", "pets"), ("c", "depth")}
    accuracy = validated(models.heatmap(rows, "accuracy", "accuracy"))
    (other,) = encodings(accuracy, "rect")
    assert other["color"]["scale"]["range"] == cell["color"]["scale"]["range"][::-1], "bright is good"


def test_a_cross_marks_cells_in_which_fine_tunes_diverged(tmp_path: Path) -> None:
    """On pets one run of a and every run of c; of b on depth nobody knows. Repeats that the study leaves out do not count."""
    runs = [
        {**run, "diverged": (run["model"], run["repeat"], run["learning_rate"]) == ("a", 1, 0.1) or run["model"] == "c"}
        for run in world.finetunes()
        if run["dataset"] == "pets"
    ]
    con = connect(world.write_study(tmp_path, finetune=runs + [run for run in world.finetunes() if run["dataset"] == "depth"]))
    chart = models.heatmap(pool_rows(con, models_page.CELLS), "relative_regret", "relative regret")
    told = set(values(validated(chart), "model", "dataset", "told"))
    assert {row for row in told if row[1] == "pets"} == {
        ("a", "pets", "1 of 6 runs"), ("b", "pets", "0 of 6 runs"), ("c", "pets", "6 of 6 runs"),
    }  # fmt: skip
    assert {row[2] for row in told if row[1] == "depth"} == {None}
    drawn = figure.svg(chart).decode()
    assert drawn.count("diverged: 1 of 6 runs") == 2, "the cell, and the cross on it"
    assert drawn.count("diverged: 6 of 6 runs") == 2
    assert drawn.count("diverged: 0 of 6 runs") == 2, "b is the best on pets: its cell and its dot"
    first = connect(tmp_path, repeats=1).sql("select model, diverged, runs from diverged_cell order by all").fetchall()
    assert first == [("a", 0, 2), ("b", 0, 2), ("c", 2, 2)]


def test_boxes_with_the_picks(small: duckdb.DuckDBPyConnection) -> None:
    ranges = pool_rows(small, models_page.RANGES)
    picks = [row for row in pool_rows(small, models_page.PICKS) if row["strategy"] in BOTH]
    spec = validated(models.boxes(ranges, picks))
    assert values(spec, "dataset", "q1", "median")[0] == ("pets", pytest.approx(0.68), pytest.approx(0.8))
    (box,) = encodings(spec, "bar")
    assert (box["x"]["field"], box["x2"]["field"]) == ("q1", "q3")
    (dots,) = [layer for layer in spec["layer"] if "data" in layer]
    assert [(row["strategy"], row["dataset"], row["model"]) for row in held(spec, dots)] == [
        ("linear", "depth", "a"),
        ("linear", "pets", "a"),
        ("task_agnostic", "depth", "a"),
        ("task_agnostic", "pets", "a"),
    ]


def test_one_model(small: duckdb.DuckDBPyConnection) -> None:
    spec = validated(models.one_model(pool_rows(small, models_page.ONE, model="a")))
    assert values(spec, "dataset", "accuracy", "oracle_accuracy", "best") == [
        ("depth", pytest.approx(0.5), pytest.approx(0.7), False),
        ("pets", pytest.approx(0.8), pytest.approx(0.9), False),
    ]


def test_scatter_marks_the_pick_and_the_best(small: duckdb.DuckDBPyConnection) -> None:
    rows = pool_rows(small, proxies_page.SCORED, proxy="linear", dataset="pets")
    spec = validated(proxies.scatter(rows, "linear", "#0072B2"))
    assert values(spec, "model", "score", "accuracy", "first", "best") == [
        ("a", pytest.approx(0.7), pytest.approx(0.8), True, False),
        ("b", pytest.approx(0.6), pytest.approx(0.9), False, True),
        ("c", pytest.approx(0.5), pytest.approx(0.56), False, False),
    ]


def test_families_that_nobody_knows_have_a_colour(small: duckdb.DuckDBPyConnection) -> None:
    rows = [{**row, "family": family} for row, family in zip(
        pool_rows(small, proxies_page.SCORED, proxy="linear", dataset="pets"), ("expert", "convnet", None), strict=True
    )]  # fmt: skip
    (point, *_) = encodings(validated(proxies.scatter(rows, "linear", "#0072B2")), "point")
    assert point["color"]["scale"] == {"domain": ["expert", "convnet"], "range": ["#D55E00", colour("convnet")]}


def test_correlation_beside_regret(small: duckdb.DuckDBPyConnection) -> None:
    """One of three pairs is wrong on pets: tau b is 1 / 3, and the pick loses half of what is open."""
    spec = validated(proxies.correlation(pool_rows(small, proxies_page.CORRELATION, proxy="linear"), "kendall"))
    assert values(spec, "dataset", "kendall", "relative_regret")[0] == ("pets", pytest.approx(1 / 3), pytest.approx(0.5))
    (point,) = encodings(spec, "point")
    assert point["x"]["field"] == "kendall"
    assert point["x"]["scale"]["domain"] == [pytest.approx(-0.816, abs=0.001), pytest.approx(1 / 3)]
    assert {row["dataset"] for row in spec["datasets"]["names"]} == {"pets", "depth"}, "there is space for both"
    (known,) = [row for row in pool_rows(small, proxies_page.CORRELATION, proxy="linear") if row["dataset"] == "pets"]
    crowd = [{**known, "dataset": f"a dataset {number}", "relative_regret": 0.5 + number / 1000} for number in range(9)]
    named = proxies.correlation(crowd, "kendall").datasets["names"]
    assert {row["dataset"] for row in named} == {"a dataset 8"}, "the largest loss, over which the others would lie"


def test_score_by_dimension(small: duckdb.DuckDBPyConnection) -> None:
    spec = validated(proxies.dimension(pool_rows(small, proxies_page.DIMENSION, proxy="knn"), "knn"))
    found = [row[1:] for row in values(spec, "dataset", "model", "feature_dim", "score") if row[0] == "pets"]
    assert found == [("a", 1024, pytest.approx(0.3)), ("b", 2048, pytest.approx(0.4)), ("c", 4096, pytest.approx(0.2))]


def test_images_and_rows_to_take_away(small: duckdb.DuckDBPyConnection) -> None:
    table = small.sql("select 'it''s' as dataset, [0.1, 0.2] as rates, 0.5 as score").to_arrow_table()
    assert pyarrow.csv.read_csv(io.BytesIO(figure.as_csv(table))).to_pylist() == [
        {"dataset": "it's", "rates": "[Decimal('0.1'), Decimal('0.2')]", "score": 0.5}
    ]
    assert pq.read_table(io.BytesIO(figure.as_parquet(table))).equals(table)
    chart = proxies.dimension(pool_rows(small, proxies_page.DIMENSION, proxy="knn"), "knn")
    image = Image.open(io.BytesIO(figure.png(chart))).convert("RGB")
    assert image.width >= figure.WIDTH * figure.SCALE
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert b"knn score" in figure.svg(chart)


def test_scores_of_ones_own_images_and_confusions() -> None:
    known = {"family": "expert", "num_params": 10, "seconds": 0.5}
    points = [{"model": name, "rank": rank, "score": -rank, "chosen": rank == 1, **known} for rank, name in enumerate("ab", 1)]
    for field in ("num_params", "seconds"):
        spec = validated(recommend.score_by(points, field, field, "logme", "#0072B2"))
        assert [layer["x"]["scale"]["type"] for layer in encodings(spec, "point")] == ["log", "log"]
        filters = [[step for step in layer.get("transform", ()) if "filter" in step] for layer in spec["layer"]]
        assert filters == [[], [{"filter": "datum.chosen"}], [{"filter": "datum.chosen"}]]
    pairs = [
        {"pair": f"{a} → {b}", "label": a, "predicted": b, "images": n, "of_class": 5}
        for a, b, n in (("x", "y", 3), ("a", "b", 1))
    ]
    (bar,) = encodings(validated(recommend.confusions(pairs)), "bar")
    assert bar["y"]["sort"] == ["x → y", "a → b"], "the worst first"


def test_accuracies_with_the_picks(small: duckdb.DuckDBPyConnection) -> None:
    found = pool_rows(small, datasets_page.ACCURACIES, dataset="pets")
    picks = [{"strategy": "linear", "place": 1, "model": "a", "accuracy": 0.8}]
    spec = validated(datasets.accuracies(found, picks))
    repeats, picked = encodings(spec, "point")
    assert repeats["y"]["sort"] == picked["y"]["sort"] == ["b", "a", "c"]
    assert (repeats["x"]["field"], picked["x"]["field"]) == ("repeat_accuracy", "accuracy")
    assert picked["color"]["scale"] == {"domain": ["linear"], "range": ["#0072B2"]}
