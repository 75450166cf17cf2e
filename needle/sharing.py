"""Implements the verbs whose answer is meant for others: a report, a static site, two studies side by side."""

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING

from needle.answering import connect_asked
from needle.common import DEFAULT, BadUsage, Failed, check_budget, check_names, failing_with, study_folder

if TYPE_CHECKING:
    import duckdb

    from warehouse.tables import Table

WIDEST = 60  # characters of a cell on a terminal; Markdown and JSON have all of them


def report_(args: argparse.Namespace) -> int:
    """Say which models each strategy picks, and what that loses: as text, as Markdown, or as one HTML page."""
    from warehouse import tables
    from warehouse.report import QUESTION

    if args.html and args.format != "table":
        raise BadUsage("--html writes a page and --format prints: choose one.")
    if args.html:
        _check_page(args)
    args.pool = args.pool or "ALL"
    question = tables.QUESTION if args.html or args.format == "md" else QUESTION
    only = args.strategies if args.intervals else ()  # of the others no interval is asked
    con = connect_asked(args, f"{question} {tables.INTERVAL}" if args.intervals else question, only)
    every = [name for (name,) in con.execute("select unnest(enum_range(null::strategy_name))").fetchall()]
    check_names("strategy", args.strategies, every)  # one whose proxy has not run ranks nothing, but exists
    args.budget = _budget(con, args)
    if args.html:
        _write_page(con, args)
        return 0
    for line in _markdown(con, args) if args.format == "md" else _text(con, args):
        print(line)
    return 0


def _budget(con: "duckdb.DuckDBPyConnection", args: argparse.Namespace) -> int:
    """The budget of the options; by default 2, or 1 in a pool of one model. Raises BadUsage where the pool is smaller."""
    if args.budget:
        check_budget(con, args.pool, args.budget)
        return int(args.budget)
    (models,) = con.execute("select count(*) from pool where pool = ?", [args.pool]).fetchone() or (0,)
    return 1 if models == 1 else 2


def _text(con: "duckdb.DuckDBPyConnection", args: argparse.Namespace) -> Iterator[str]:
    from warehouse import connect
    from warehouse.report import report

    other = "ALL" if args.pool == "EXPERT" else "EXPERT"
    with connect(study_folder(args), pools=[other], question="pool") as other_pool:
        is_there = other_pool.execute("from pool limit 1").fetchone()
    return report(
        con,
        args.study,
        args.pool,
        args.strategies,
        budget=args.budget,
        intervals=args.intervals,
        repeats=args.repeats,
        other=other if is_there else None,
    )


def _markdown(con: "duckdb.DuckDBPyConnection", args: argparse.Namespace) -> Iterator[str]:
    from warehouse.origin import origin
    from warehouse.report_markdown import report_markdown

    read = origin(args.study, study_folder(args))
    return report_markdown(con, read, args.pool, args.budget, args.strategies, intervals=args.intervals)


def site(args: argparse.Namespace) -> int:
    """Write a static site of one study or several."""
    names = list(dict.fromkeys(args.study or [DEFAULT]))
    folders = {name: study_folder(argparse.Namespace(study=name)) for name in names}
    _needs_charts()
    from dashboard.document.site import QUESTION, Shown, build
    from dashboard.document.writing import WriteError, check_site, write_site
    from warehouse import tables
    from warehouse.origin import origin

    with failing_with(WriteError):
        check_site(args.folder)
    args.pool = args.pool or "ALL"
    shown = []
    for name, folder in folders.items():
        one = argparse.Namespace(**{**vars(args), "study": name})
        con = connect_asked(one, f"{QUESTION} {tables.INTERVAL}" if args.intervals else QUESTION)
        label = name if sum(Path(other).name == Path(name).name for other in names) > 1 else Path(name).name
        shown.append(Shown(con, origin(label, folder), folder, args.pool, _budget(con, one), args.intervals))
    with failing_with(WriteError):
        write_site(args.folder, partial(build, studies=shown))
    print(f"{args.folder / 'index.html'}: a site that any host of files serves, and that opens from the disk.", file=sys.stderr)
    return 0


def compare(args: argparse.Namespace) -> int:
    """Say what differs between two studies, and which conclusions hold in both."""
    from warehouse.compare import QUESTION, USUAL, common_strategies, comparison
    from warehouse.output import align
    from warehouse.report_markdown import as_text, table_markdown

    first, second = args.studies
    if first == second:
        raise BadUsage(f"{first} is one study: name two.")
    args.pool = args.pool or "ALL"
    labels = {name: Path(name).name for name in args.studies}
    if len(set(labels.values())) == 1:
        labels = {name: name for name in args.studies}
    opened = {label: argparse.Namespace(**{**vars(args), "study": name}) for name, label in labels.items()}
    common = common_strategies(
        {name: connect_asked(argparse.Namespace(study=one.study), "protocol") for name, one in opened.items()}
    )
    check_names("strategy of both studies", args.strategies, common)
    strategies = args.strategies or [name for name in USUAL if name in common]
    studies = {name: connect_asked(one, QUESTION, only=strategies) for name, one in opened.items()}
    budget = min(_budget(con, args) for con in studies.values())
    found = comparison(studies, args.pool, budget, strategies)
    if args.format == "json":
        print(
            json.dumps({table.name: [_named(table, row) for row in table.rows] for table in found}, indent=1, ensure_ascii=False)
        )
        return 0
    if args.format == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow([column.label for column in found[-1].columns])
        writer.writerows(found[-1].rows)
        return 0
    for number, table in enumerate(found):
        if number:
            print()
        if args.format == "md":
            print(*table_markdown(table), sep="\n")
            continue
        print(table.caption)
        head, rows = as_text(table)
        short = [[shorten(cell, WIDEST, placeholder=" …") for cell in row] for row in rows]
        print(*(f"  {line}" for line in align(head, short)), sep="\n")
        if table.note:
            print(table.note)
    return 0


def _named(table: "Table", row: Sequence[object]) -> dict[str, object]:
    return {column.label: value for column, value in zip(table.columns, row, strict=True)}


def _check_page(args: argparse.Namespace) -> None:
    """Say what is in the way before minutes are spent."""
    _needs_charts()
    from dashboard.document.writing import WriteError, check_page

    with failing_with(WriteError):
        check_page(args.html)


def _needs_charts() -> None:
    from dashboard.serve import missing

    if package := missing():
        raise Failed(f"A page needs {package}, which is not installed: pip install 'needle-transfer[dashboard]'")


def _write_page(con: "duckdb.DuckDBPyConnection", args: argparse.Namespace) -> None:
    from dashboard.document.report import report
    from dashboard.document.writing import WriteError, write_page
    from warehouse.origin import origin

    read = origin(args.study, study_folder(args))
    text = report(con, read, args.pool, args.budget, args.strategies, intervals=args.intervals)
    with failing_with(WriteError):
        write_page(args.html, text)
    print(f"{args.html}: one page that needs no other file.", file=sys.stderr)
