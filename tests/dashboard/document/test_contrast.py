"""The colours of a page that leaves are told apart: text has a contrast of at least 4.5 (WCAG 2.1, AA) in light, in dark and on paper."""

import itertools
import re

import pytest
from paths import ROOT

from dashboard.chart.colour import luminance

THEMES = re.findall(r":root \{([^}]*)\}", (ROOT / "dashboard" / "document" / "page.css").read_text())


def colours(theme: str) -> dict[str, str]:
    """The six digits of each colour; #abc is #aabbcc."""
    found = re.findall(r"--(\w+): (#[0-9a-f]+);", theme)
    return {name: text if len(text) == 7 else "#" + "".join(2 * digit for digit in text[1:]) for name, text in found}


@pytest.mark.parametrize("theme", THEMES, ids=["light", "dark", "print"])
def test_text_is_told_from_its_ground(theme: str) -> None:
    of = colours(theme)
    for text, ground in itertools.product(("ink", "muted", "link"), ("paper", "soft")):
        light, dark = sorted((luminance(of[text]), luminance(of[ground])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)
