"""A site in a real browser that reaches no other machine: from the disk, and from a host that serves files."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from command import needle
from pages import write_hostile
from pond import write_pond
from selenium.webdriver.chrome.webdriver import WebDriver
from selenium.webdriver.common.by import By

from bench.browser import ABSENT, another_tab, requests, until

pytestmark = [pytest.mark.slow, pytest.mark.skipif(ABSENT is not None, reason=str(ABSENT))]

DRAWN = """
    const figures = [...document.querySelectorAll('figure[data-chart]')];
    return figures.length && figures.every(figure => figure.querySelector('svg'))
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    write_pond(home / "results" / "pond")
    write_hostile(home / "results" / "hostile")
    assert needle(home, "site", "site", "--study", "pond", "--study", "hostile").returncode == 0
    return home / "site"


@pytest.fixture(scope="module")
def host(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("where", ["disk", "host"])
@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_a_reader_walks_from_the_league_to_a_model(
    site: Path, host: str, window: WebDriver, where: str, width: int, dark: bool
) -> None:
    start = (site / "index.html").as_uri() if where == "disk" else f"{host}/"
    with another_tab(window, width, dark):
        window.get(start)
        for link, drawn in (("pond", True), ("birds", False), ("expert-4", True)):
            window.find_element(By.LINK_TEXT, link).click()
            until(window, f"return document.querySelector('h1').textContent.startsWith({link!r})", link)
            if drawn:
                until(window, DRAWN, "the charts")
            assert window.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
        assert [entry["message"] for entry in window.get_log("browser") if entry["level"] == "SEVERE"] == []
        asked = [urlsplit(name) for name in requests(window)]
        assert {(one.scheme, one.hostname) for one in asked} - {("data", None)} == {
            ("file", None) if where == "disk" else ("http", "127.0.0.1")
        }


def test_names_like_code_are_text(site: Path, window: WebDriver) -> None:
    window.get((site / "hostile" / "index.html").as_uri())
    until(window, DRAWN, "the charts")
    assert (window.title, window.execute_script("return document.images.length")) == ("hostile", 0)
