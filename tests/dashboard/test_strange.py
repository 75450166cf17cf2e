"""Strange input: what is gone, what is missing, what is too much, and names that are HTML, Markdown or SQL."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import world
from pond import write_pond
from selenium.webdriver.chrome.webdriver import WebDriver
from session import charts, opened, page_text, rows, sound

from bench.browser import ABSENT, says, server
from bench.browser import opened as visited
from dashboard.app import PAGES

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


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=pytest.mark.slow) if page in ("audit", "studies") else page for page in PAGES]
)
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
