"""Shared by all verbs: errors with messages for the user, checks of names and numbers, studies by name, tables."""

import argparse
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from study_format.suggestions import nearest

if TYPE_CHECKING:
    import duckdb

RESULTS = Path("results")
DEFAULT = "haystack"  # the study that ships, and is asked where none is named


class Failed(Exception):
    """A message for the user; exit status 1."""


class BadUsage(Failed):
    """A message for the user; exit status 2."""


def check_names(kind: str, names: Iterable[str], accepted: Iterable[str], listing: str = "") -> None:
    """Raise BadUsage for the first name that is not accepted, with the nearest that is.

    kind: what the names are of, such as "model". listing: a command that lists the accepted names, if they are many.
    """
    accepted = list(accepted)
    for name in names:
        if name not in accepted:
            hint = nearest(name, accepted, cutoff=0.4)
            rest = f" {listing} lists all {len(accepted)}." if listing else f" There are {', '.join(accepted)}."
            raise BadUsage(f"Unknown {kind} {name!r}.{hint}{rest}")


def check_budget(con: "duckdb.DuckDBPyConnection", pool: str, budget: int) -> None:
    """Raise BadUsage where a budget is larger than a pool. con: with the relation pool."""
    (models,) = con.execute("select count(*) from pool where pool = ?", [pool]).fetchone() or (0,)
    if budget > models:
        raise BadUsage(f"The pool {pool} has {models} models, so that --budget is at most {models}.")


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table to stdout."""
    from warehouse import output

    output.print_table(head, rows, sys.stdout)


def positive(text: str) -> int:
    """Parse a whole number from 1; for argparse."""
    if not text.isdecimal() or len(text) > 9 or int(text) < 1:  # more digits fit no INTEGER of DuckDB's
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1, of up to 9 digits")
    return int(text)


def port(text: str) -> int:
    """Parse a port number; for argparse."""
    if (number := positive(text)) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: ports are numbers from 1 to 65535")
    return number


def price(text: str) -> float:
    """Parse a price, a number from 0; for argparse."""
    if not 0 <= (number := _number(text)) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a price: prices are numbers from 0, such as 2.50")
    return number


def share(text: str) -> float:
    """Parse a number above 0 and up to 1; for argparse."""
    if not 0 < (number := _number(text)) <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share: shares are numbers above 0 and up to 1, such as 0.25")
    return number


def _number(text: str) -> float:
    """Parse a number; nan where it is none, which is in no range. A ValueError would make argparse name our function."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _registered() -> Collection[str]:
    """The studies that can be collected."""
    from collector.studies import STUDIES

    return STUDIES


def study_folder(args: argparse.Namespace) -> Path:
    """The folder of args.study: a name under results/, a study that ships, or a path. Raises BadUsage where there is none."""
    from warehouse.studies import studies

    found = studies()
    folder = found.get(args.study, Path(args.study))
    if not folder.is_dir() or not args.study:
        if args.study in _registered():
            raise BadUsage(f"{args.study} has not been collected here yet: needle collect --study {args.study}")
        check_names("study", [args.study], found)
    return folder


def own_study_folder(args: argparse.Namespace) -> Path:
    """The folder of args.study, to change it. Raises Failed where it ships with needle, BadUsage where there is none."""
    from warehouse.studies import ships

    path = study_folder(args)
    if ships(path):
        raise Failed(
            f"{args.study} ships with this program and is not changed. Copy it, and name the copy with --study {RESULTS / path.name}: "
            f"mkdir -p {RESULTS}; cp -r {quote(str(path))} {RESULTS / path.name}"
        )
    return path


@contextmanager
def failing_with(*errors: type[Exception]) -> Iterator[None]:
    """Turn these errors, whose text is for the user, into Failed."""
    try:
        yield
    except errors as error:
        raise Failed(str(error)) from error


@contextmanager
def translate_collector_errors() -> Iterator[None]:
    from collector.execution.scheduler import WorkerError
    from collector.spec.dataset import DatasetError
    from collector.spec.model import ModuleError
    from collector.storage.folder import FolderError
    from collector.storage.store import StoreError

    with failing_with(StoreError, FolderError, DatasetError, ModuleError, WorkerError):
        yield


@contextmanager
def translate_warehouse_errors() -> Iterator[None]:
    import duckdb

    from warehouse import PoolError, StrategyError, StudyError

    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except PoolError as error:
        raise BadUsage(str(error)) from error
    except (StudyError, StrategyError) as error:
        raise Failed(str(error)) from error
