"""A real browser for the tests of pages."""

from collections.abc import Iterator

import pytest
from selenium.webdriver.chrome.webdriver import WebDriver

from bench.browser import browser


@pytest.fixture(scope="module")
def window() -> Iterator[WebDriver]:
    with browser() as driver:
        yield driver
