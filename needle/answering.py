"""Implements the verbs that answer from a study (query, league, simulate, audit, check, dashboard), and its import and export."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from needle.common import BadUsage, Failed, check_budget, print_table, study_folder, translate_warehouse_errors

if TYPE_CHECKING:
    import duckdb


def check(args: argparse.Namespace) -> int:
    """Print every broken rule and every missing run of a study."""
    con = connect_asked(args, "violation missing_run")
    broken = con.execute("select relation, model, dataset, learning_rate, repeat, subject, rule from violation").fetchall()
    if broken:
        print_table(("relation", "model", "dataset", "learning_rate", "repeat", "subject", "rule"), broken)
    missing = con.execute(
        "select procedure, model, dataset, count(*) from missing_run group by all order by procedure, model, dataset"
    ).fetchall()
    if missing:
        print_table(("procedure", "model", "dataset", "missing runs"), missing)
    print(f"{args.study}: {len(broken)} broken rules, {sum(row[3] for row in missing)} missing runs.", file=sys.stderr)
    return 1 if broken or missing else 0


def query_(args: argparse.Namespace) -> int:
    """Print the rows of a query."""
    import duckdb

    try:
        try:
            _answer(args, args.sql)
        except duckdb.CatalogException:
            _answer(args)  # fails again, with suggestions from all relations instead of those that the question needs
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.Error as error:
        raise Failed(str(error)) from error
    return 0


def _answer(args: argparse.Namespace, question: str | None = None) -> None:
    from warehouse.output import print_rows

    con = connect_asked(args, question)
    _one_question([statement.type.name for statement in con.extract_statements(args.sql)])
    with _stoppable(con):
        print_rows(con, args.sql, args.format, sys.stdout)


@contextmanager
def _stoppable(con: "duckdb.DuckDBPyConnection") -> Iterator[None]:
    """Stop the query on Ctrl-C: DuckDB itself checks for signals so rarely that it may miss one."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)  # as set_wakeup_fd wants it
    previous = signal.set_wakeup_fd(writer)

    def listen() -> None:
        if os.read(reader, 1):  # empty: the query has ended
            con.interrupt()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(previous)
        os.close(writer)
        listener.join()
        os.close(reader)


# Statements that only read. Others would change what is gone after the query, or write a file, which may belong to a study.
QUESTIONS = ("SELECT", "MULTI", "EXPLAIN", "PRAGMA", "CALL")


def _one_question(kinds: list[str]) -> None:
    if len(kinds) != 1:
        raise BadUsage(f'The query has {len(kinds)} statements; ask one question, such as "from mean_regret where budget = 1".')
    if kinds[0] not in QUESTIONS:
        raise BadUsage(
            f"{kinds[0].capitalize()} is not a question: queries only read, and needle collect alone changes a study. "
            "Ask with select, from, with, describe, summarize or pivot; --format csv > FILE and needle export write files."
        )


def league_(args: argparse.Namespace) -> int:
    """Print every strategy at one budget, the one that loses least first."""
    from warehouse.league import QUESTION, ROWS, league
    from warehouse.output import print_rows
    from warehouse.relation import quoted

    args.pool = args.pool or "ALL"
    con = connect_asked(args, QUESTION)
    check_budget(con, args.pool, args.budget)
    if args.format != "table":
        print_rows(con, ROWS.format(pool=quoted(args.pool), budget=args.budget), args.format, sys.stdout)
        return 0
    for line in league(con, args.study, args.pool, args.budget):
        print(line)
    return 0


def simulate(args: argparse.Namespace) -> int:
    """Print a strategy beside the built-in ones."""
    from warehouse.simulate import QUESTION, comparison, simulate

    _check_strategy_file(args.file)
    pools = [args.pool] if args.pool else []
    with translate_warehouse_errors():
        con = simulate(
            study_folder(args),
            args.file.stem,
            args.file,
            pools=pools,
            repeats=args.repeats,
            whole_datasets=args.datasets == "whole",
            question=QUESTION,
        )
        _warn_undecided_pools(con)
        for line in comparison(con, args.file.stem):
            print(line)
    return 0


def audit(args: argparse.Namespace) -> int:
    """Print whether a study can judge ways of choosing a model, and why."""
    from warehouse.audit import FINDINGS, AuditError, open_audit, report
    from warehouse.output import print_rows
    from warehouse.relation import quoted

    pool, whole = args.pool or "ALL", args.datasets == "whole"
    with translate_warehouse_errors():
        try:
            opened = open_audit(study_folder(args), pool, repeats=args.repeats, whole_datasets=whole)
        except AuditError as error:
            raise Failed(str(error)) from error
    check_budget(opened.con, pool, args.budget)
    if args.format != "table":
        print_rows(opened.con, FINDINGS.format(pool=quoted(pool), budget=args.budget), args.format, sys.stdout)
        return 0
    for line in report(opened, args.study, args.budget):
        print(line)
    return 0


def import_(args: argparse.Namespace) -> int:
    """Turn result files into a study, and report what was dropped; or say which recipes there are, and where a table is published."""
    import duckdb

    from warehouse.importer import ImportFileError, Recipe, fetch, find_recipe, import_table, published, recipes

    if args.list and not args.files:
        print_table(("recipe", "reads"), [(name, one.summary) for name, one in recipes().items()])
        return 0
    if not args.files:
        raise BadUsage("Say what to import: needle import tidy FILE --out results/NAME. needle import --list names the recipes.")
    try:
        by_select = args.select is not None
        recipe = Recipe("--select", args.select) if by_select else find_recipe(args.files[0])
        if args.list:
            print(recipe.sql, end="")
            return 0
        files = [Path(file) for file in (args.files if by_select else args.files[1:])]
        if not files:
            for line in published(recipe):
                print(line, file=sys.stderr)
            files = fetch(recipe)
            print(*files, sep="\n", file=sys.stderr if args.out else sys.stdout)
        elif not args.out:
            raise BadUsage("Say where the study goes, such as --out results/NAME.")
        if args.out:
            for line in import_table(recipe, files, args.out, args.models, args.unit).lines():
                print(line, file=sys.stderr)
    except ImportFileError as error:
        raise Failed(str(error)) from error
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    return 0


def export_(args: argparse.Namespace) -> int:
    """Write a study as one DuckDB file, its derived tables as Parquet, or its fine-tunes and proxies as a tidy table."""
    from warehouse.export import ExportError, export_database, export_parquet
    from warehouse.importer.export_tidy import QUESTION, export_tidy

    if not args.file and not args.parquet and not args.tidy:
        raise BadUsage("Say where: needle export FILE.duckdb, or needle export --parquet DIR, or needle export --tidy FILE.csv.")
    con = connect_asked(args, None if args.file or args.parquet else QUESTION)
    try:
        if args.file:
            export_database(con, args.file)
        if args.parquet:
            export_parquet(con, args.parquet)
        if args.tidy:
            export_tidy(con, args.tidy)
    except ExportError as error:
        raise Failed(str(error)) from error
    return 0


def dashboard_(args: argparse.Namespace) -> int:
    """Serve the dashboard from this process."""
    from dashboard.serve import missing, serve

    if package := missing():
        raise Failed(f"The dashboard needs {package}, which is not installed: pip install 'needle-transfer[dashboard]'")
    study_folder(args)  # raises where there is none
    serve(args.study, args.port)
    return 0


def connect_asked(
    args: argparse.Namespace, question: str | None = None, only: Collection[str] = ()
) -> "duckdb.DuckDBPyConnection":
    """Open the study with the relations that a question needs; all of them without one. only: as in warehouse.connect."""
    from warehouse import connect

    added: dict[str, Path] = {}
    for file in getattr(args, "strategy", []):
        _check_strategy_file(file)
        if file.stem in added:
            raise BadUsage(
                f"{added[file.stem]} and {file} have the same name, which is that of their strategy. Rename one of them."
            )
        added[file.stem] = file
    pools = [args.pool] if getattr(args, "pool", None) else []
    if pools and question:
        question += " undecided_pool"
    with translate_warehouse_errors():
        con = connect(
            study_folder(args),
            repeats=getattr(args, "repeats", None),
            pools=pools,
            whole_datasets=getattr(args, "datasets", "all") == "whole",
            added=added,
            only=only,
            question=question,
        )
        if pools:
            _warn_undecided_pools(con)
        return con


def _warn_undecided_pools(con: "duckdb.DuckDBPyConnection") -> None:
    """Warn of pools that the metadata cannot decide for some models: they have no models."""
    sql = "select pool, count(*), min(model) from undecided_pool group by pool"
    for pool, models, first in con.execute(sql).fetchall():
        print(f"Pool {pool!r} cannot be decided for {models} models, such as {first}: their metadata lack what it depends on. "
              "It has no models.", file=sys.stderr)  # fmt: skip


def _check_strategy_file(path: Path) -> None:
    if not path.is_file():
        raise BadUsage(
            f"There is no file {path}. A strategy is one SELECT of (pool, dataset, model, rank), as in warehouse/strategies."
        )
