"""What a browser draws of the study that ships, measured: texts of charts stay apart and whole, every text stands out from what is
behind it, and the keyboard reaches tables.
"""

import json
import time
from collections.abc import Iterator

import pytest
from paths import ROOT
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.keys import Keys

from bench.browser import ABSENT, opened, seen_as, server, until
from dashboard.page.start import BANDS
from warehouse import connect

pytestmark = [pytest.mark.slow, pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))]

PAGES = ("", "regret", "compare", "budget", "models", "datasets", "proxies", "simulate")
WIDTHS = (1280, 390)
LEFT_OUT = "canvas"  # holds a table's cells for screen readers alone; the table itself is Streamlit's drawing

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


# Texts with too little contrast to what lies behind them, by the web's guidelines: 4.5, or 3 where they are large. Every box that is
# painted under the middle of a text counts, as does what lets something through.
FAINT_TEXTS = """
    const sheet = document.createElement('style')
    sheet.textContent = '* {pointer-events: auto !important; transition: none !important}'  // so that every element is found at its point
    document.head.append(sheet)
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true})
    const parsed = (colour) => {
        canvas.clearRect(0, 0, 1, 1)
        canvas.fillStyle = colour
        canvas.fillRect(0, 0, 1, 1)
        const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data
        return [r, g, b, a / 255]
    }
    const over = ([r, g, b, a], under) => [r, g, b].map((part, i) => a * part + (1 - a) * under[i])
    const luminance = (colour) => {
        const [r, g, b] = colour.map((x) => x / 255).map((x) => x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const seen = (element) => {
        let opacity = 1
        for (let one = element; one; one = one.parentElement) opacity *= parseFloat(getComputedStyle(one).opacity)
        return opacity
    }
    const painted = (element, colour) => { const [r, g, b, a] = parsed(colour); return [r, g, b, a * seen(element)] }
    const paint = (element) => {
        const style = getComputedStyle(element)
        if (!(element instanceof SVGElement)) return painted(element, style.backgroundColor)
        return element instanceof SVGGeometryElement && style.fill !== 'none'
            ? painted(element, style.fill).map((part, i) => i === 3 ? part * parseFloat(style.fillOpacity) : part) : [0, 0, 0, 0]
    }
    const found = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (walker.nextNode()) {
        const text = walker.currentNode, element = text.parentElement
        if (!text.data.trim() || !element.checkVisibility({opacityProperty: true, visibilityProperty: true})) continue
        if (element.closest('style, script, [aria-disabled="true"], :disabled, LEFT_OUT')) continue
        const range = document.createRange()
        range.selectNodeContents(text)
        const box = range.getBoundingClientRect()
        const x = box.x + box.width / 2, y = box.y + box.height / 2
        const there = document.elementsFromPoint(x, y)
        const place = there.indexOf(element)
        if (place < 0 || element.getAttribute('opacity') === '0') continue  // hidden behind something, or scrolled away
        const behind = there.slice(place + (element instanceof SVGElement ? 1 : 0)).map(paint).reverse()
        const under = behind.reduce((below, one) => over(one, below), [255, 255, 255])
        const style = getComputedStyle(element)
        const colour = over(painted(element, element instanceof SVGElement ? style.fill : style.color), under)
        const [dark, light] = [luminance(colour), luminance(under)].sort((one, other) => one - other)
        const contrast = (light + 0.05) / (dark + 0.05), size = parseFloat(style.fontSize)
        const large = size >= 24 || size >= 18.7 && parseInt(style.fontWeight) >= 700
        if (contrast < (large ? 3 : 4.5)) found.push(`${contrast.toFixed(2)}: ${text.data.trim().slice(0, 40)}`)
    }
    sheet.remove()
    return found
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("page", ["", "regret", "compare", "budget", "models"])
def test_every_text_stands_out(page: str, dark: bool, address: str, window: WebDriver) -> None:
    """Level AA asks for that. SQL is folded, and not measured: its colours are Streamlit's, and the same whatever the theme says."""
    seen_as(window, 1280, dark)
    opened(window, f"{address}/{page}?{BANDS}=0")
    height = window.execute_script("return document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
    metrics = {"width": 1280, "height": int(height) + 20, "deviceScaleFactor": 1, "mobile": False}
    window.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)  # what is below the window has no point in it
    time.sleep(0.3)  # charts follow the window
    background = "return getComputedStyle(document.querySelector('[data-testid=\"stApp\"]')).backgroundColor"
    assert (window.execute_script(background) != "rgb(255, 255, 255)") == dark
    found = window.execute_script(FAINT_TEXTS.replace("LEFT_OUT", LEFT_OUT))
    assert not found, "\n".join(found)


@pytest.mark.parametrize("page", ["", "budget"])
def test_the_keyboard_reaches_a_table_and_moves_in_it(page: str, address: str, window: WebDriver) -> None:
    seen_as(window)
    opened(window, f"{address}/{page}?{BANDS}=0")
    inside = "return document.activeElement.matches('[data-testid=\"stDataFrame\"] canvas')"
    for _ in range(80):
        window.switch_to.active_element.send_keys(Keys.TAB)
        if window.execute_script(inside):
            break
    assert window.execute_script(inside)
    cell = 'return document.querySelector(\'[data-testid="stDataFrame"] td[aria-selected="true"]\')?.dataset.testid'
    moved = []
    for key in (Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_RIGHT):
        before = moved[-1] if moved else None
        window.switch_to.active_element.send_keys(key)
        moved.append(
            until(window, f"const now = (() => {{{cell}}})(); return now !== {json.dumps(before)} && now", "another cell")
        )
    assert moved == ["glide-cell-0-1", "glide-cell-0-2", "glide-cell-1-2"]
