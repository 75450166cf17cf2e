"""What every verb shares: failures in words, what a name stands for, tables."""

import argparse
import sys
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from study_format.suggestions import nearest

RESULTS = Path("results")
DEFAULT = "haystack"  # the study that ships, and is asked where none is named


class Failed(Exception):
    """Words for the user; exit status 1."""


class BadUsage(Failed):
    """Words for the user; exit status 2."""


def known(kind: str, names: Iterable[str], accepted: Iterable[str], listing: str = "") -> None:
    """Raise BadUsage for a name that is not among the accepted ones, with the nearest."""
    accepted = list(accepted)
    for name in names:
        if name not in accepted:
            hint = nearest(name, accepted, cutoff=0.4)
            rest = f" {listing} lists all {len(accepted)}." if listing else f" There are {', '.join(accepted)}."
            raise BadUsage(f"Unknown {kind} {name!r}.{hint}{rest}")


def show(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table to stdout."""
    from warehouse.output import print_table

    print_table(head, rows, sys.stdout)


def positive(text: str) -> int:
    """A whole number from 1, for argparse."""
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:  # more digits fit no INTEGER of DuckDB's
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1, of up to 9 digits")
    return int(text)


def port(text: str) -> int:
    """A port of this machine, for argparse."""
    if (number := positive(text)) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: those are numbers from 1 to 65535")
    return number


def price(text: str) -> float:
    """A price, for argparse."""
    if not 0 <= (number := _number(text)) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no price: those are numbers from 0, such as 2.50")
    return number


def share(text: str) -> float:
    """A number above 0 and up to 1, for argparse."""
    if not 0 < (number := _number(text)) <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share: those are numbers above 0 and up to 1, such as 0.25")
    return number


def _number(text: str) -> float:
    """Of what is no number, nan, which is in no range; argparse would name our function instead of what is accepted."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _registered() -> Collection[str]:
    """The studies that can be collected; loads no TensorFlow."""
    from collector.studies import STUDIES

    return STUDIES


def study_folder(args: argparse.Namespace) -> Path:
    """The folder of the study: a name under results/, one that ships, or a path."""
    from warehouse.studies import studies

    there = studies()
    folder = there.get(args.study, Path(args.study))
    if not folder.is_dir() or not args.study:
        if args.study in _registered():
            raise BadUsage(f"{args.study} is not collected here yet: needle collect --study {args.study}")
        known("study", [args.study], there)
    return folder
