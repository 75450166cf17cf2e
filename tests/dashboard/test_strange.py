"""Strange input: what is gone, what is missing, what is too much, and names that are HTML, Markdown or SQL."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

import numpy as np
import pytest
import world
from own_study import write_own
from pond import write_pond
from selenium.webdriver.chrome.webdriver import WebDriver
from session import charts, opened, page_text, rows, sound
from table_study import write_table

from bench.browser import ABSENT, says, server, until
from bench.browser import opened as visited
from dashboard.app import PAGES
from dashboard.chart.cells import MEAN
from dashboard.format import as_markdown, listed

Test = Callable[..., None]


def in_a_browser(test: Test) -> Test:
    """Mark a test that needs one."""
    return pytest.mark.slow(pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))(test))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = write_pond(tmp_path_factory.mktemp("home") / "results" / "pond")
    with server("pond", folder.parent.parent) as found:
        yield found


@in_a_browser
@pytest.mark.parametrize(
    ("gone", "page", "title"), [("regrets", "/regret", "Regret by dataset"), ("xyzzy", "/", "Which pretrained")]
)
def test_a_page_that_is_gone_leads_to_the_nearest(gone: str, page: str, title: str, address: str, window: WebDriver) -> None:
    """With the values of the link, and without the dialog of Streamlit."""
    visited(window, f"{address}/{gone}?budget=3", charts=False)
    says(window, f"Page: the link asks for {gone}, which is not offered here.")
    says(window, title)
    assert window.current_url.startswith(f"{address}{page}?study=pond&pool=ALL&budget=3")
    assert window.execute_script("return document.querySelector('[role=\"dialog\"]')") is None


EMPTY = re.compile(r"\b(None|nan|NaN|null|inf|undefined)\b")
ONE_REPEAT = {"repeats": 1, "linear_repeats": 1}
STUDIES: dict[str, dict[str, Any]] = {
    "once": {"protocol": ONE_REPEAT, "keep": lambda row: row["repeat"] == 0},
    "ungrouped": {"datasets": [{"dataset": row["dataset"]} for row in world.DATASETS]},
    "alike": {"datasets": [{**row, "vtab_group": "natural"} for row in world.DATASETS]},
    "dataset": {"datasets": world.DATASETS[:1]},
    "model": {"models": world.MODELS[:1]},
    "cell": {"models": world.MODELS[:1], "datasets": world.DATASETS[:1]},
    "unscored": {"protocol": {"proxies": []}, "keep": lambda row: "proxy" not in row},
    "nameless": {
        "models": [{"model": row["model"]} for row in world.MODELS[:1]],
        "datasets": [{"dataset": row["dataset"]} for row in world.DATASETS[:1]],
        "protocol": {"proxies": []},
        "keep": lambda row: "proxy" not in row,
    },
}
# What stands where something is missing. Nothing in the small world says how long it took.
MISSING = {
    ("once", "budget"): "this study does not say how long its runs took",
    ("once", "regret"): "No interval to draw",
    ("ungrouped", "regret"): "the study names no two groups of its datasets",
    ("alike", "regret"): "the study names no two groups of its datasets",
    ("dataset", "audit"): "an audit compares at least two",
    ("dataset", "compare"): "No ranking possible: one dataset.",
    ("model", "start"): "There is one model",
    ("model", "proxies"): "On no dataset is a correlation known",
    ("unscored", "proxies"): "its protocol names none",
}


def lacking(
    folder: Path,
    models: Sequence[world.Row] = world.MODELS,
    datasets: Sequence[world.Row] = world.DATASETS,
    protocol: world.Row | None = None,
    keep: Callable[[world.Row], bool] = lambda row: True,
) -> None:
    """Write what is left of the small world with these alone."""

    def left(found: Sequence[world.Row]) -> list[world.Row]:
        there = {row["model"] for row in models} | {row["dataset"] for row in datasets}
        return [row for row in found if {row["model"], row["dataset"]} <= there and keep(row)]

    known = {**world.PROTOCOL, **(protocol or {})}
    world.write_study(folder, models, datasets, known, left(world.finetunes()), left(world.proxies()))


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("strange")
    for name, parts in STUDIES.items():
        lacking(home / "results" / name, **parts)
    return home


QUICK = ("start", "regret", "compare", "budget", "models")  # the others take the suite over its minutes


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("page", [page if page in QUICK else pytest.param(page, marks=pytest.mark.slow) for page in PAGES])
def test_every_page_of_a_study_that_lacks_much_says_what_is_missing(
    page: str, study: str, strange: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(strange)
    asked = {"intervals": "1"} if (study, page) == ("once", "regret") else {}
    app = sound(opened(page, study, **asked))
    while asked and app.get("progress"):
        app = sound(app.run())
    assert not app.error
    assert not app.warning
    told = [element.value for kind in (app.markdown, app.caption, app.info, app.subheader) for element in kind]
    told += [chart.proto.alt for chart in app.get("vega_lite_chart")]
    told += [f"{metric.label} {metric.value}" for metric in app.metric]
    for frame in app.dataframe if page != "data" else ():  # whose relations are about nulls
        assert frame.proto.placeholder == "–" or not frame.value.isna().any(axis=None)
        told += [cell for column in frame.value for cell in frame.value[column] if isinstance(cell, str)]
    assert [text for text in told if EMPTY.search(text.replace("None of", ""))] == []
    assert all(rows(chart) for chart in charts(app))
    assert MISSING.get((study, page), "") in page_text(app)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of 60 datasets, and one of 60 proxies, which are 120 strategies."""
    home, random = tmp_path_factory.mktemp("large"), np.random.default_rng(0)
    write_table(home / "results" / "wide", random.random((4, 60)), {"knn": random.random((4, 60))})
    scores = {f"p{number:02}": random.random((4, 5)) for number in range(60)}
    write_table(home / "results" / "many", random.random((4, 5)), scores)
    return home


@pytest.mark.parametrize(
    ("page", "chart", "value"),
    [("regret", 0, "relative_regret"), ("compare", 0, "delta"), ("models", 1, ""), ("models", 2, "relative_regret")],
)
def test_of_very_many_datasets_a_chart_has_those_that_matter(
    page: str, chart: int, value: str, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(large)
    app = sound(opened(page, "wide", strategies="knn", budget="1"))
    drawn = [row for row in rows(charts(app)[chart]) if row["dataset"] != MEAN]
    names = {row["dataset"] for row in drawn}
    assert len(names) == 40
    assert "Drawn are the 40 of 60 datasets" in page_text(app)
    if page != "models":
        (left,) = [frame.value for frame in app.dataframe if "dataset" in frame.value]
        assert len(set(left["dataset"]) | names) == 60, "the others are in a table"
        if page == "regret":
            (winner,) = re.findall(r"datasets on which (\w+) loses most", page_text(app))
            drawn, left = [row for row in drawn if row["strategy"] == winner], left[left["strategy"] == winner]
        assert min(abs(row[value]) for row in drawn) >= max(abs(left[value])) / 100


def test_of_very_many_strategies_those_that_matter_are_drawn(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(large)
    every = ",".join(f"p{number:02}" for number in range(60))
    app = sound(opened("regret", "many", strategies=every, budget="1"))
    assert "Of the 60 that you have chosen, the first 40 are drawn." in page_text(app)
    assert 40 <= len({row["strategy"] for row in rows(charts(app)[0])}) <= 42, "the two best are there, too"
    (told,) = [caption.value for caption in app.caption if "- `p00`" in caption.value]
    assert told.count("\n") < 42
    app = sound(opened("simulate", "many", budget="1"))
    assert len({row["strategy"] for row in rows(charts(app)[0])}) <= 6
    assert len(app.dataframe[0].value) > 120, "the table has all"
    app = sound(opened("start", "many", budget="1"))
    assert all(len(text.value) < 1500 for text in app.markdown)


def test_a_sentence_names_a_few_of_very_many() -> None:
    assert listed(["a"]) == "`a`"
    assert listed(["a", "b", "c"]) == "`a`, `b` and `c`"
    assert listed(list("abcde"), most=3) == "`a`, `b`, `c` and 2 more"
    assert listed(list("abcd"), most=3) == "`a`, `b`, `c` and `d`", "one more is a name"


ATTACKS = (
    "<img src=x onerror=alert(1)>",
    "<b>bold</b>",
    "'; drop table model; --",
    "[link](http://x)",
    "**x** and _y_",
    "`tick`",
    "$x^2$ :red[x] :smile: http://x",
)


def write_attacks(folder: Path) -> Path:
    """The small world with such a text wherever the study may hold one: every model, dataset, family, source and licence."""
    names = dict(zip(("a", "b", "c", "pets", "depth"), ATTACKS, strict=False))

    def renamed(found: Sequence[world.Row]) -> list[world.Row]:
        return [{**row, **{key: names[row[key]] for key in ("model", "dataset") if key in row}} for row in found]

    texts = dict.fromkeys(("family", "upstream", "licence", "source"), "")
    models = [{**row, **dict.fromkeys(texts, one)} for row, one in zip(renamed(world.MODELS), ATTACKS[4:], strict=True)]
    datasets = [
        {**row, "source": one, "licence": one} for row, one in zip(renamed(world.DATASETS), (ATTACKS[6], ATTACKS[3]), strict=True)
    ]
    return world.write_study(
        folder, models, datasets, {**world.PROTOCOL, "study": ATTACKS[0]}, renamed(world.finetunes()), renamed(world.proxies())
    )


@pytest.mark.parametrize("text", ATTACKS)
def test_text_as_markdown_is_read_as_it_is(text: str) -> None:
    """What could be a mark, a tag, a link, a formula or a colour stands in code."""
    span = re.compile(r"(?<!`)(`+)(?!`) ?(.+?) ?(?<!`)\1(?!`)")
    shown = as_markdown(f"On {text}, B = 2.")
    assert span.sub(r"\2", shown) == f"On {text}, B = 2."
    assert not re.search(r"[`*$\[\]<]|:\w|://|\b_|_\b", span.sub("", shown))


def test_what_is_no_mark_stays_as_it_is() -> None:
    for text in ("hybrid_linear loses 3.2 % at B = 2 (figures 8, 9); < 0.1 % there", "num_params < 13e6", "B = 1, 2 or 3: none"):
        assert as_markdown(text) == text


def test_a_group_that_there_is_not_is_refused_and_shown_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world.write_study(tmp_path / "results" / "odd", datasets=[{**row, "vtab_group": ATTACKS[3]} for row in world.DATASETS])
    monkeypatch.chdir(tmp_path)
    (said,) = sound(opened("start", "odd")).error
    assert "vtab_group is not natural, specialized or structured" in said.value


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("attacked")
    write_attacks(home / "results" / "attacks")
    with server("attacks", home) as found:
        yield found


@in_a_browser
@pytest.mark.parametrize("page", PAGES)
def test_a_name_is_text_on_every_page(page: str, attacked: str, window: WebDriver) -> None:
    """No element comes of one: no picture, no bold word, no link, no formula, no colour; an alert would end the session."""
    pool = quote(f"model != '{ATTACKS[3]} **x**'")
    visited(window, f"{attacked}/{'' if page == 'start' else page}?pool={pool}&budget=1&strategies=knn,linear", charts=False)
    until(window, "return document.querySelector('[data-testid=\"stProgress\"]') === null", "the intervals")
    assert "cannot be shown" not in window.find_element("css selector", "body").text
    found = window.execute_script(
        """
        const inside = [...document.querySelectorAll('[data-testid="stMarkdownContainer"]')]
        const made = inside.flatMap(one => [...one.querySelectorAll('img, b, a[href*="//x"], .katex, .stMarkdownColoredText, del')])
        const marked = inside.flatMap(one => [...one.querySelectorAll('strong, em')])
        const words = marked.filter(one => ['x', 'y', 'bold'].includes(one.textContent))
        return [...made, ...words, ...document.querySelectorAll('img[src="x"], a[href="http://x"]')].map(one => one.outerHTML)
        """
    )
    assert found == []


def test_a_study_of_ones_own_images_leads_to_its_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_own(tmp_path / "results" / "photos")
    monkeypatch.chdir(tmp_path)
    app = sound(opened("start", "photos"))
    (link,) = app.get("page_link")
    assert link.proto.page == "recommend"
    assert "study=photos" in link.proto.query_string
    assert len(app.info) == 1
    assert "missing" not in page_text(app).lower(), "most runs are left out on purpose"


@pytest.mark.parametrize(
    ("page", "there"),
    [
        ("start", {"regret", "budget", "datasets", "simulate"}),
        ("regret", {"datasets"}),
        ("compare", {"datasets"}),
        ("models", {"datasets"}),
    ],
)
def test_links_to_pages_keep_what_the_sidebar_holds(in_home: None, page: str, there: set[str]) -> None:
    app = sound(opened(page, "small", budget="1", strategies="knn", pool="num_params < 3e7"))
    found = app.get("page_link")
    assert {link.proto.page for link in found} == there
    for link in found:
        assert parse_qs(link.proto.query_string) == {
            "study": ["small"], "pool": ["num_params < 3e7"], "budget": ["1"], "strategies": ["knn"],
        }  # fmt: skip
