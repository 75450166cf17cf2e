"""A real browser at a real server of the dashboard: Debian's chromium, driven by selenium, with every other machine out of reach.

For the tests, and for bench.dashboard.
"""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
ABSENT = None if CHROMIUM and DRIVER else "chromium and chromedriver are not installed: apt-get install chromium chromium-driver"
OUTSIDE = "MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"
PATIENCE = 40.0  # seconds, on a machine that is busy
HEIGHT = 1000


@contextmanager
def server(study: str, folder: Path) -> Iterator[str]:
    """`needle dashboard` in a folder; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    needle = Path(sys.executable).parent / "needle"
    command = [str(needle), "dashboard", "--study", study, "--port", str(port)]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            _wait_for_port(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with socket.socket() as there:
            if there.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


@contextmanager
def browser() -> Iterator[webdriver.Chrome]:
    """A browser that reaches this machine alone."""
    options = Options()
    options.binary_location = CHROMIUM or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        f"--host-resolver-rules={OUTSIDE}",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        seen_as(driver)
        yield driver
    finally:
        driver.quit()


def requests(driver: webdriver.Chrome) -> list[str]:
    """Return the addresses that the browser has asked for since the last call, also those that were not reached."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]  # type: ignore[no-untyped-call]
    return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


def seen_as(driver: webdriver.Chrome, width: int = 1280, dark: bool = False) -> None:
    """Let the tab be so many pixels wide, and the user prefer dark pages."""
    metrics = {"width": width, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


@contextmanager
def another_tab(driver: webdriver.Chrome, width: int = 1280, dark: bool = False) -> Iterator[webdriver.Chrome]:
    """A new tab, which is a new session to the server."""
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    try:
        seen_as(driver, width, dark)
        yield driver
    finally:
        driver.close()
        driver.switch_to.window(first)


def until(driver: webdriver.Chrome, script: str, what: str) -> object:
    """Wait until a script gives something that is true, and return it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = driver.execute_script(script)
        if found:
            return found
        time.sleep(0.05)
    text = driver.execute_script("return document.body.innerText")
    raise AssertionError(f"{what} did not appear; the page says: {text[:2000]}")


IDLE = """
    const app = document.querySelector('[data-testid="stApp"]');
    return app && app.dataset.testScriptState === 'notRunning' && document.querySelector('h1') !== null
           && document.querySelector('[data-stale="true"]') === null
"""
DRAWN = """
    const charts = [...document.querySelectorAll('[data-testid="stVegaLiteChart"]')];
    return charts.length && charts.every(chart => chart.querySelector('canvas, svg.marks'))
"""


def opened(driver: webdriver.Chrome, address: str, charts: bool = True) -> None:
    """Go to a page and wait until it stands still, with every chart drawn."""
    driver.get(address)
    settled(driver, charts)


def settled(driver: webdriver.Chrome, charts: bool = True) -> None:
    """Wait until the page stands still."""
    until(driver, IDLE, "the page")
    if charts:
        until(driver, DRAWN, "a chart")


def says(driver: webdriver.Chrome, words: str) -> None:
    """Wait until the page says something."""
    until(driver, f"return document.body.innerText.includes({words!r})", words)


def screenshot(driver: webdriver.Chrome, path: Path) -> None:
    """Write the whole page, also what is below the window, and leave the window as it was."""
    width = driver.execute_script("return window.innerWidth")
    height = driver.execute_script("return document.querySelector('[data-testid=\"stMain\"]').scrollHeight")
    metrics = {"width": width, "height": int(height) + 20, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    time.sleep(0.2)  # charts follow the window
    driver.save_screenshot(str(path))
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**metrics, "height": HEIGHT})
