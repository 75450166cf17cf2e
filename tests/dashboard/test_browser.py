"""The dashboard in a real browser, with every other machine out of reach.

Screenshots of each page go to the test's own folder; with NEEDLE_SCREENSHOTS=DIR to that one, of the study NEEDLE_STUDY, a folder under
results/, where it is named: CONTRIBUTING.md says how.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from own_study import write_own
from pond import write_pond
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bench.browser import ABSENT, another_tab, opened, says, screenshot, server, settled, until
from dashboard.session.simulations import encode
from dashboard.session.study import fingerprint

pytestmark = [pytest.mark.slow, pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))]

PAGES = ("start", "regret", "compare", "budget", "models", "datasets", "proxies", "simulate", "data")
EVERY_REQUEST = "return performance.getEntriesByType('resource').map(entry => entry.name)"
SMALLEST = "select pool, dataset, model, row_number() over (partition by pool, dataset order by num_params, model) as rank from candidate"

LINKS = {"simulate": f"?strategies=linear,smallest,task_agnostic&simulated={encode({'smallest': SMALLEST})}"}


@pytest.fixture(scope="module")
def pond(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_pond(tmp_path_factory.mktemp("home") / "results" / "pond")


@pytest.fixture(scope="module")
def address(pond: Path) -> Iterator[str]:
    study = Path(os.environ.get("NEEDLE_STUDY", pond)).absolute()
    with server(study.name, study.parent.parent) as found:
        yield found


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = os.environ.get("NEEDLE_SCREENSHOTS")
    return Path(folder).absolute() if folder else tmp_path_factory.mktemp("pictures")


def path(page: str) -> str:
    return "" if page == "start" else page


def errors(driver: WebDriver) -> list[str]:
    """What the console has seen go wrong.

    Streamlit's client asks for its server below the address of a page first and finds it at the root then: those two are no errors.
    """
    found = [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    return [message for message in found if "/_stcore/" not in message or "404" not in message]


@pytest.mark.parametrize("page", PAGES)
def test_each_page_looks_right(page: str, address: str, window: WebDriver, pictures: Path) -> None:
    """It loads with nothing but this machine, without an error in the console, every chart drawn, nothing wider than the window."""
    opened(window, f"{address}/{path(page)}{LINKS.get(page, '')}", charts=page not in ("data",))
    if page == "data":
        press(window, "Run")
        until(window, r"return /^\d+ rows\.$/m.test(document.body.innerText)", "the answer")
    until(window, "return document.querySelector('[data-testid=\"stProgress\"]') === null", "the intervals")
    settled(window, charts=page != "data")
    assert errors(window) == []
    requests = [str(name) for name in window.execute_script(EVERY_REQUEST)]
    assert requests
    assert [name for name in requests if urlsplit(name).hostname not in ("127.0.0.1", None)] == [], "nothing leaves this machine"
    assert window.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    screenshot(window, pictures / f"dashboard-{page}.png")
    assert (pictures / f"dashboard-{page}.png").stat().st_size > 10_000


def test_a_telephone_in_the_dark_looks_right(address: str, window: WebDriver, pictures: Path) -> None:
    with another_tab(window, width=390, dark=True):
        for page in ("start", "regret"):
            opened(window, f"{address}/{path(page)}")
            assert errors(window) == []
            assert window.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
            for chart in window.find_elements(By.CSS_SELECTOR, '[data-testid="stVegaLiteChart"]'):
                assert chart.rect["x"] + chart.rect["width"] <= 390
            screenshot(window, pictures / f"dashboard-{page}-390-dark.png")
        background = window.execute_script(
            "return getComputedStyle(document.querySelector('[data-testid=\"stApp\"]')).backgroundColor"
        )
        assert max(int(part) for part in background.removeprefix("rgb(").rstrip(")").split(",")) < 60


def test_the_page_of_ones_own_images_is_offered_for_their_study_alone(window: WebDriver, tmp_path: Path, pictures: Path) -> None:
    write_own(tmp_path / "results" / "photos")
    write_pond(tmp_path / "results" / "pond")
    with server("results/photos", tmp_path) as found:
        opened(window, f"{found}/recommend")
        assert errors(window) == []
        assert "Recommend" in links(window)
        drawn = "return [...document.querySelectorAll('.sheet img')].map(image => image.naturalWidth)"
        assert window.execute_script(drawn) == [8, 8, 8]
        screenshot(window, pictures / "dashboard-recommend.png")
        opened(window, f"{found}/?study=pond")
        assert "Regret" in links(window)
        assert "Recommend" not in links(window)
        with another_tab(window, width=390, dark=True):
            opened(window, f"{found}/recommend")
            assert window.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
            screenshot(window, pictures / "dashboard-recommend-390-dark.png")


def links(driver: WebDriver) -> list[str]:
    """The pages that the navigation offers."""
    script = "return [...document.querySelectorAll('[data-testid=\"stSidebarNavLink\"]')].map(link => link.textContent.trim())"
    return [str(one) for one in driver.execute_script(script)]


def test_the_first_page_also_answers_to_its_name(address: str, window: WebDriver) -> None:
    opened(window, f"{address}/start?budget=3")
    says(window, "Fine-tune 3 of")
    assert urlsplit(window.current_url).path == "/"
    assert parse_qs(urlsplit(window.current_url).query)["budget"] == ["3"]
    assert "not found" not in str(window.execute_script("return document.body.innerText"))


def test_another_page_keeps_what_the_sidebar_holds(address: str, window: WebDriver) -> None:
    opened(window, f"{address}/?pool=EXPERT&budget=3&strategies=linear&bands=0")
    for title in ("Budget", "Regret", "Start"):
        script = f"""return [...document.querySelectorAll('[data-testid="stSidebarNavLink"]')]
            .find(link => link.textContent.trim() === {title!r})"""
        there: Any = until(window, script, title)
        there.click()
        gone = "" if title == "Start" else title.lower()
        until(window, f"return location.pathname === '/{gone}' && location.search.includes('budget')", title)
        settled(window)
        link = parse_qs(urlsplit(window.current_url).query)
        assert {name: link[name] for name in ("pool", "budget", "strategies")} == {
            "pool": ["EXPERT"], "budget": ["3"], "strategies": ["linear"],
        }  # fmt: skip
        assert value(window, "Budget B") == "3"


def test_a_simulated_strategy_appears_and_its_link_restores_the_view(address: str, window: WebDriver, pond: Path) -> None:
    before = fingerprint(pond)
    opened(window, f"{address}/simulate?budget=3")
    write(window, "SQL", SMALLEST)
    press(window, "Run")
    until(window, "return new URL(location).searchParams.get('strategies').includes('smallest')", "the strategy")
    settled(window)
    says(window, "Remove smallest")
    link = window.current_url
    assert parse_qs(urlsplit(link).query)["budget"] == ["3"]

    labels = svg_text(window)
    with another_tab(window):
        opened(window, f"{address}/simulate")
        assert "Remove smallest" not in str(window.execute_script("return document.body.innerText")), "another session has not"
        opened(window, link)
        says(window, "Remove smallest")
        assert value(window, "Budget B") == "3"
        settled(window)
        assert svg_text(window) == labels, "who has the link sees the same chart"
    assert fingerprint(pond) == before, "nothing it does changes the study"


def test_hostile_sql_is_refused(address: str, window: WebDriver, pond: Path, tmp_path: Path) -> None:
    before = fingerprint(pond)
    opened(window, f"{address}/data", charts=False)
    for hostile, said in (
        (f"copy model to '{tmp_path / 'stolen.csv'}'", "nothing else is run"),
        ("select content from read_text('/etc/passwd')", "may not call read_text"),
        ("select 1; drop table model", "nothing else is run"),
    ):
        write(window, "One SELECT", hostile)
        press(window, "Run")
        says(window, said)
    assert "root:" not in str(window.execute_script("return document.body.innerText"))
    assert list(tmp_path.iterdir()) == []
    assert fingerprint(pond) == before
    write(window, "One SELECT", "select count(*) as models from model")
    press(window, "Run")
    says(window, "1 row.")


def test_the_keyboard_reaches_every_control(address: str, window: WebDriver) -> None:
    """Tab goes through the pages and the controls; the arrow keys change the budget, and the link follows."""
    opened(window, f"{address}/")
    seen = set()
    for _ in range(40):
        window.switch_to.active_element.send_keys(Keys.TAB)
        active = window.switch_to.active_element
        seen.add(str(active.get_attribute("aria-label") or active.text or active.get_attribute("role")))
        if active.get_attribute("aria-label") == "Budget B":
            active.send_keys(Keys.ARROW_UP)
            active.send_keys(Keys.ENTER)
            break
    until(window, "return new URL(location).searchParams.get('budget') === '3'", "the budget")
    settled(window)
    assert {"Regret", "Data"} <= seen, seen
    says(window, "Fine-tune 3 of")


@pytest.mark.parametrize("page", ["?bands=0", "budget", "regret?strategies=linear,random", "models", "datasets"])
def test_a_click_in_the_legend_picks_a_strategy_out(page: str, address: str, window: WebDriver) -> None:
    """The marks of the others grow pale, and a second click on the entry takes it back. One that was pale before is so no more."""
    opened(window, f"{address}/{page}")
    charts = window.find_elements(By.CSS_SELECTOR, '[data-testid="stVegaLiteChart"]')
    entries = [(chart, name) for chart in charts for name in ("linear", "hybrid_knn") if legend_entry(window, chart, name)]
    assert entries
    for chart, name in entries:
        before = opacities(window, chart)
        assert len(before) > 1
        click(window, chart, name)
        picked = opacities(window, chart)
        assert picked.keys() == before.keys()
        assert picked[name] >= 0.9
        assert {other for other in picked if picked[other] > 0.15} == {name}
        click(window, chart, name)
        assert opacities(window, chart) == before


ENTRY = """
    return [...arguments[0].querySelectorAll('.role-legend-label text')].find(text => text.textContent === arguments[1])
"""
# The tooltip that a mark carries for screen readers names its strategy.
OPACITIES = """
    const found = {}
    for (const mark of arguments[0].querySelectorAll('.role-mark path[aria-label*="strategy: "]')) {
        const name = mark.getAttribute('aria-label').match(/strategy: ([^;]+)/)[1]
        found[name] = Math.max(found[name] || 0, parseFloat(mark.getAttribute('opacity') ?? 1))
    }
    return found
"""


def legend_entry(driver: WebDriver, chart: Any, name: str) -> Any:
    return driver.execute_script(ENTRY, chart, name)


def click(driver: WebDriver, chart: Any, name: str) -> None:
    """Click an entry of the legend, and wait until the chart is drawn anew."""
    legend_entry(driver, chart, name).click()
    time.sleep(0.3)


def opacities(driver: WebDriver, chart: Any) -> dict[str, float]:
    """The largest opacity of each strategy's marks."""
    found: dict[str, float] = driver.execute_script(OPACITIES, chart)
    return found


def write(driver: WebDriver, label: str, text: str) -> None:
    """Replace the text of an area."""
    area: Any = until(driver, f"return document.querySelector('textarea[aria-label=\"{label}\"]')", label)
    area.send_keys(Keys.CONTROL, "a")
    driver.execute_cdp_cmd("Input.insertText", {"text": text})


def press(driver: WebDriver, label: str) -> None:
    """Press a button and wait for what follows."""
    script = f"return [...document.querySelectorAll('button')].find(button => button.innerText.trim() === {label!r})"
    button: Any = until(driver, script, label)
    button.click()
    settled(driver, charts=False)


def value(driver: WebDriver, label: str) -> str | None:
    found: Any = until(driver, f"return document.querySelector('input[aria-label=\"{label}\"]')", label)
    value: str | None = found.get_attribute("value")
    return value


def svg_text(driver: WebDriver) -> list[str]:
    """The text of the first chart: its axes and its legend."""
    script = (
        "return [...document.querySelector('[data-testid=\"stVegaLiteChart\"]').querySelectorAll('text')].map(t => t.textContent)"
    )
    return [str(word) for word in driver.execute_script(script)]
