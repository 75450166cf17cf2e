"""Prose of a page that leaves: what Markdown marks is an element, and what names hold is text."""

import pytest

from dashboard.document.html import paragraph
from dashboard.format import code


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ("chosen by *Hybrid* (`a_*b*`): **6.0 %**", "chosen by <em>Hybrid</em> (<code>a_*b*</code>): <strong>6.0 %</strong>"),
        (code("a`b"), "<code>a`b</code>"),
        (code("<b>x</b>"), "<code>&lt;b&gt;x&lt;/b&gt;</code>"),
        ("**<img src=x>**", "<strong>&lt;img src=x&gt;</strong>"),
        ("2 * 3 = 6", "2 * 3 = 6"),
    ],
)
def test_marks_are_elements_and_names_are_text(text: str, inside: str) -> None:
    assert paragraph(text) == f"<p>{inside}</p>"
