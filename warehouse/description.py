"""Says what each strategy does, in the words of the comment that its SQL begins with."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from warehouse.strategy import STRATEGIES, shipped

_TITLE = re.compile(r"([^:(]{1,60}): +(.+)")
_SENTENCE = re.compile(r"(.+?[.!?])(?=\s|$)")


@dataclass(frozen=True)
class Description:
    """A short title of a strategy, and one sentence of what it does, empty where its SQL begins with no comment."""

    title: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.title}. {self.sentence}".strip()


RANDOM = Description("Random choice", "Every choice of B models is equally likely; its figures are expectations.")


def described(name: str, sql: str) -> Description:
    """Return the description of a strategy: the first sentence of its leading comment, `-- Title: what comes first.`

    A sentence without a title gets the name's words for one.
    """
    lines = takewhile(lambda line: line.startswith("--"), sql.strip().splitlines())
    comment = " ".join(line.lstrip("-").strip() for line in lines)
    first = _SENTENCE.match(comment)
    sentence = first[1] if first else comment
    titled = _TITLE.fullmatch(sentence)
    title, text = titled.groups() if titled else (name.replace("_", " "), sentence)
    return Description(title, text[:1].upper() + text[1:])


def descriptions(proxies: Iterable[str], folder: Path = STRATEGIES) -> dict[str, Description]:
    """Return the descriptions of `random` and of a folder's strategies by name. Raises StrategyError as `shipped` does."""
    return {"random": RANDOM, **{name: described(name, text.sql) for name, text in shipped(proxies, folder).items()}}
