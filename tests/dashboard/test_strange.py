"""Strange input: what is gone, what is missing, what is too much, and names that are HTML, Markdown or SQL."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pond import write_pond
from selenium.webdriver.chrome.webdriver import WebDriver

from bench.browser import ABSENT, says, server
from bench.browser import opened as visited

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
