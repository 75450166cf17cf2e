"""Formats numbers, durations and names as text for users."""

import re
from collections.abc import Sequence

THIN = "\N{NARROW NO-BREAK SPACE}"
MOST = 12  # names in a sentence
MISSING_VALUE = "–"
# What Streamlit's Markdown does not show as it is. An underscore is none between letters, nor is a bracket before a number.
MARKUP = re.compile(r"[`*$~\\\[\]]|(?<!\w)_|_(?!\w)|<[\w/!?]|:\w|://|www\.|@|&[\w#]|^#|^>\S|->|<-|--")
LEVEL = f"95{THIN}%"  # of every interval


def percent(fraction: float | None, signed: bool = False) -> str:
    """Format a fraction as a percentage with one decimal: 3.2 %, 0.0 %, < 0.1 %."""
    if fraction is None:
        return MISSING_VALUE
    number = 100 * fraction
    if 0 < abs(number) < 0.1:
        return f"< 0.1{THIN}%" if number > 0 else f"> −0.1{THIN}%"
    text = f"{number:+.1f}" if signed and number else f"{number:.1f}"
    return text.replace("-", "−") + f"{THIN}%"


def duration(seconds: float | None) -> str:
    """Format seconds: 45 s, 12 min, 3.4 h."""
    if seconds is None:
        return MISSING_VALUE
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            number = seconds / size
            return f"{number:.1f}{THIN}{unit}" if number < 10 else f"{number:,.0f}{THIN}{unit}"
    return f"{seconds:.0f}{THIN}s" if seconds >= 1 else f"{seconds:.2g}{THIN}s"


def count(number: int, noun: str) -> str:
    """Format a count with its noun: 1 model, 46 models."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def code(name: str) -> str:
    """Format a name as code in Markdown, whatever is in it."""
    text = " ".join(name.split())
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`"


def as_markdown(text: str) -> str:
    """Return text as Markdown that shows it as it is: a word that would be read as a mark, a tag, a link or a formula is code."""
    return re.sub(r"(\S+?)([.,;:]*)(?=\s|$)", lambda word: code(word[1]) + word[2] if MARKUP.search(word[1]) else word[0], text)


def listed(names: Sequence[str], most: int = MOST) -> str:
    """Join names for a sentence, each as code: a, b and c. most: of more names the first ones, and how many more there are."""
    return joined([code(name) for name in names], most)


def joined(parts: Sequence[str], most: int = MOST) -> str:
    """Join parts of a sentence: a, b and c. most: as of `listed`."""
    if len(parts) > most + 1:
        parts = [*parts[:most], f"{len(parts) - most:,} more"]
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))
