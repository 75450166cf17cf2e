"""What a browser draws of the study that ships, measured: no text of a chart covers another or is cut off, on a telephone as on a desk."""

from collections.abc import Iterator

import pytest
from paths import ROOT
from selenium.webdriver.chrome.webdriver import WebDriver

from bench.browser import ABSENT, opened, seen_as, server
from dashboard.page.start import BANDS
from warehouse import connect

pytestmark = [pytest.mark.slow, pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))]

PAGES = ("", "regret", "compare", "budget", "models", "datasets", "proxies", "simulate")
WIDTHS = (1280, 390)

# Texts of each chart that cover another by more than a pixel, and texts that end outside by two. A box has the direction of its text
# and is as high as its letters: from below the line, 5 % of the height that the font reserves, to the top of a `d`, 80 %.
TEXTS = """
    const SLACK = 1
    const box = (text) => {
        const {x, y, width, height} = text.getBBox(), to = text.getScreenCTM()
        const sides = [[x + SLACK, x + width - SLACK], [y + 0.2 * height + SLACK, y + 0.95 * height - SLACK]]
        const corners = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([i, j]) => new DOMPoint(sides[0][i], sides[1][j]).matrixTransform(to))
        return {said: text.textContent, corners, axes: [[to.a, to.b], [-to.b, to.a]]}
    }
    const apart = (one, other) => [...one.axes, ...other.axes].some(([a, b]) => {
        const along = ({corners}) => corners.map(({x, y}) => a * x + b * y)
        const [p, q] = [along(one), along(other)]
        return Math.max(...p) <= Math.min(...q) || Math.max(...q) <= Math.min(...p)
    })
    const found = []
    for (const svg of document.querySelectorAll('[data-testid="stVegaLiteChart"] svg.marks')) {
        const shown = [...svg.querySelectorAll('text')].filter((text) => text.textContent.trim() && text.getAttribute('opacity') !== '0')
        const edge = svg.getBoundingClientRect(), boxes = shown.map(box)
        boxes.forEach((one, index) => {
            if (one.corners.some(({x, y}) => Math.max(edge.left - x, x - edge.right, edge.top - y, y - edge.bottom) > SLACK))
                found.push(`${one.said} is cut off`)
            for (const other of boxes.slice(index + 1))
                if (!apart(one, other)) found.push(`${one.said} covers ${other.said}`)
        })
    }
    return found
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with server("haystack", ROOT) as found:
        yield found


@pytest.fixture(scope="module")
def every_strategy() -> str:
    names = connect(ROOT / "results" / "haystack").sql("select distinct strategy from ranking order by strategy").fetchall()
    return ",".join(str(name) for (name,) in names)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("page", PAGES)
def test_no_text_of_a_chart_covers_another_or_is_cut_off(
    page: str, width: int, address: str, every_strategy: str, window: WebDriver
) -> None:
    """With the strategies that are drawn at first, and with all."""
    seen_as(window, width)
    found = {}
    for chosen in ("", f"&strategies={every_strategy}"):
        opened(window, f"{address}/{page}?{BANDS}=0{chosen}")
        assert not window.find_elements("css selector", '[data-testid="stVegaLiteChart"] canvas'), "its texts cannot be measured"
        found[bool(chosen)] = window.execute_script(TEXTS)
    assert found == {False: [], True: []}
