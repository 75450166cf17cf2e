"""A page that leaves, in a real browser that reaches no other machine: it opens from the disk, its charts draw, names are text."""

import base64
import time
from pathlib import Path

import pytest
from command import needle
from pages import write_hostile
from paths import ROOT
from pond import write_pond
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By

from bench.browser import ABSENT, PATIENCE, another_tab, opened, requests, server, until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))]

DRAWN = """
    const figures = [...document.querySelectorAll('figure[data-chart]')];
    return figures.length && figures.every(figure => figure.querySelector('svg'))
"""
SEEN = "return [document.documentElement.scrollWidth, window.innerWidth]"
FIRST_CELLS = "return [...document.querySelectorAll('table[data-name=league] tbody tr')].map(row => row.cells[1].textContent)"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    write_pond(folder / "results" / "pond")
    write_hostile(folder / "results" / "hostile")
    for study in ("pond", "hostile"):
        assert needle(folder, "report", "--study", study, "--html", f"{study}.html").returncode == 0
    return folder


def errors(driver: WebDriver) -> list[str]:
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_report_opens_from_the_disk_alone(home: Path, window: WebDriver, width: int, dark: bool) -> None:
    address = (home / "pond.html").as_uri()
    with another_tab(window, width, dark):
        window.get(address)
        until(window, DRAWN, "the charts")
        assert errors(window) == []
        assert [name for name in requests(window) if not name.startswith("data:")] == [address]
        wide, inner = window.execute_script(SEEN)
        assert wide <= inner
        ink, paper = window.execute_script(
            "const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]"
        )
        assert (brightness(ink) > brightness(paper)) == dark


def brightness(colour: str) -> int:
    return sum(int(part) for part in colour.removeprefix("rgb(").rstrip(")").split(","))


def test_a_click_sorts_by_the_number(home: Path, window: WebDriver) -> None:
    window.get((home / "pond.html").as_uri())
    for direction in (False, True):
        window.execute_script("document.querySelectorAll('table[data-name=league] thead button')[1].click()")
        shown = [float(text.split("\u202f")[0]) for text in window.execute_script(FIRST_CELLS)]
        assert shown == sorted(shown, reverse=direction)
        assert len(set(shown)) > 3


def test_a_page_that_names_would_change_does_not(home: Path, window: WebDriver) -> None:
    window.get((home / "hostile.html").as_uri())
    until(window, DRAWN, "the charts")
    assert errors(window) == []
    assert window.title == "Which pretrained models to fine-tune: hostile"
    assert window.execute_script("return document.images.length") == 0
    assert "onerror=document.title" in str(window.execute_script("return document.body.innerText"))


def test_a_report_prints(home: Path, window: WebDriver) -> None:
    """Light, also where the reader prefers the dark, without buttons, no table wider than the paper, heads on every sheet."""
    study = ROOT / "results" / "haystack"  # with a long word in its widest table
    assert needle(home, "report", "--study", str(study), "--html", "haystack.html", "--strategies", "linear").returncode == 0
    with another_tab(window, width=680, dark=True):
        window.get((home / "haystack.html").as_uri())
        until(window, DRAWN, "the charts")
        printed = window.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})
        assert base64.b64decode(printed["data"]).startswith(b"%PDF")
        window.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": []})
        style = "const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]"
        assert window.execute_script(style) == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
        assert window.execute_script("return getComputedStyle(document.querySelector('.save')).display") == "none"
        ends = window.execute_script("return [...document.querySelectorAll('table')].map(t => t.getBoundingClientRect().right)")
        assert ends
        assert max(ends) <= 680
        head = "return getComputedStyle(document.querySelector('thead button')).display"
        assert window.execute_script(head) == "contents", "the browser repeats text, not buttons"


def test_a_click_saves_what_the_dashboard_shows(home: Path, window: WebDriver, tmp_path: Path) -> None:
    with server("pond", home) as address:
        opened(window, f"{address}/budget?budget=3")
        window.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
        (button,) = [one for one in window.find_elements(By.TAG_NAME, "button") if one.text == "Save this page as one HTML file"]
        window.execute_script("arguments[0].scrollIntoView()", button)
        button.click()
        file = tmp_path / "pond-budget.html"
        end = time.monotonic() + PATIENCE
        while not file.exists() and time.monotonic() < end:
            time.sleep(0.1)
    window.get(file.as_uri())
    until(window, DRAWN, "the charts")
    assert window.execute_script("return document.querySelectorAll('figure[data-chart]').length") == 3
    assert "B = 3" in str(window.execute_script("return document.body.innerText"))
