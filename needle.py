"""The command `needle`: parses, imports what one verb needs, prints. Rows go to stdout, words and progress to stderr.

Exit status: 0 done, 1 something failed (listed last), 2 bad usage, 130 stopped with Ctrl-C.
"""

import argparse
import difflib
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

    from collector.schedule import Work
    from collector.study import Study

RESULTS = Path("results")


class Failed(Exception):
    """Words for the user; exit status 1."""


class BadUsage(Failed):
    """Words for the user; exit status 2."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status."""
    parser = _parser()
    args = parser.parse_args(arguments)
    try:
        return int(args.run(args))
    except Failed as error:
        print(error, file=sys.stderr)
        return 2 if isinstance(error, BadUsage) else 1
    except KeyboardInterrupt:
        print("Stopped. What is finished is kept; the same command goes on from there.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has seen enough, as head does
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="needle",
        description="Which pretrained models should I fine-tune for my data? A database of fine-tunes, and the questions to ask it.",
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, run: object, words: str) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        sub.set_defaults(run=run)
        return sub

    def study(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--study", default="quick", metavar="NAME_OR_DIR", help="a name under results/ or a folder (default: quick)"
        )

    def part(sub: argparse.ArgumentParser) -> None:
        study(sub)
        for what in ("models", "datasets", "procedures"):
            sub.add_argument(f"--{what}", nargs="+", default=[], metavar="NAME", help=f"only these {what}")
        sub.add_argument("--out", type=Path, metavar="DIR", help="the folder of the study (default: results/NAME)")

    verb("models", models, "list the models that can be collected")
    verb("datasets", datasets, "list the datasets that can be collected")
    planning = verb("plan", plan, "say what is still to be measured in a study")
    part(planning)
    planning.add_argument("--device", metavar="NAME", help="and about how long that takes there: cpu (of one core) or h100")
    collector = verb("collect", collect, "measure what is missing in a study")
    part(collector)
    collector.add_argument(
        "--order",
        choices=("breadth", "model"),
        default="breadth",
        help="breadth: the first repeat of everything first, so that the study answers early (default); "
        "model: one model after another, where its program is dear to compile",
    )
    collector.add_argument(
        "--workers",
        type=_positive,
        default=min(2, os.cpu_count() or 1),
        metavar="N",
        help="processes, each of one core and about 1.3 GB (default: %(default)s)",
    )
    study(verb("pack", pack, "pack a finished study into one file a fact"))
    study(verb("check", check, "check a study: rows that break a rule, and runs that are missing"))
    query = verb("query", query_, "answer a question in SQL over a study")
    query.add_argument("sql", help="such as \"select * from regret where pool = 'ALL' and budget = 1\"")
    study(query)
    query.add_argument("--format", choices=("table", "csv", "json"), default="table", help="of the rows (default: table)")
    report = verb("report", report_, "print which models each strategy would fine-tune, and what that loses")
    study(report)
    report.add_argument("--strategies", nargs="+", default=[], metavar="NAME", help="only these strategies")
    simulation = verb("simulate", simulate, "try a strategy without training anything, beside the built-in ones")
    simulation.add_argument("file", type=Path, metavar="FILE.sql", help="one SELECT of (pool, dataset, model, rank)")
    study(simulation)
    for sub in (query, report, simulation):
        sub.add_argument(
            "--repeats", type=_positive, metavar="N", help="answer from the first N repeats (of a study in the making)"
        )
        sub.add_argument("--pool", metavar="NAME_OR_CONDITION", help='only this pool, such as EXPERT or "num_params < 10e6"')
    for sub in (query, report):
        sub.add_argument("--strategy", type=Path, action="append", default=[], metavar="FILE.sql", help="one more strategy")
    imported = verb("import", import_, "turn a table that others published into a study")
    imported.add_argument("kind", choices=("shift", "vtab", "tidy", "wide"), help="of table")
    imported.add_argument("files", nargs="+", type=Path, metavar="FILE")
    imported.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder of the study, such as results/NAME")
    imported.add_argument(
        "--models", type=Path, metavar="FILE.csv", help="what is known of the models, under the names of `model`"
    )
    imported.add_argument("--unit", choices=("percent", "fraction"), help="of the accuracies (tidy, wide)")
    export = verb("export", export_, "write a study for any DuckDB client, or its derived tables as Parquet")
    export.add_argument("file", nargs="?", type=Path, metavar="FILE.duckdb", help="one file with the same views")
    export.add_argument("--parquet", type=Path, metavar="DIR", help="one Parquet file a derived table")
    study(export)
    board = verb("dashboard", dashboard_, "look at a study in a browser, on this machine alone")
    study(board)
    board.add_argument("--port", type=_positive, default=8501, metavar="N", help="(default: %(default)s)")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not a number from 1")
    return number


def models(args: argparse.Namespace) -> int:
    """List the models of the registry."""
    from collector.zoo.registry import ZOO

    head = ("model", "family", "upstream", "imagenet_accuracy", "num_params", "feature_dim", "image_size", "licence", "source")
    _print_table(head, [[getattr(model, name) for name in head] for model in ZOO])
    return 0


def datasets(args: argparse.Namespace) -> int:
    """List the datasets of the registry."""
    from collector.builders.registry import DATASETS

    head = ("dataset", "vtab_group", "num_classes", "version", "licence", "source")
    _print_table(head, [[getattr(dataset, name) for name in head] for dataset in DATASETS])
    return 0


def plan(args: argparse.Namespace) -> int:
    """Print how many runs of each procedure are there and missing."""
    study, folder, works, total = _works(args)
    rows = []
    for procedure in study.procedures:
        runs = sum(len(work.runs) for work in total if work.procedure == procedure)
        left = sum(len(work.runs) for work in works if work.procedure == procedure)
        rows.append((procedure, runs, runs - left, left))
    _print_table(("procedure", "runs", "done", "missing"), rows)
    if args.device:
        print(_estimate(study, works, args.device), file=sys.stderr)
    words = f"{study.name} in {folder}: {len(study.models)} models, {len(study.datasets)} datasets."
    print(
        f"{words} needle collect --study {args.study} measures what is missing." if works else f"{words} Complete.",
        file=sys.stderr,
    )
    return 0


def _estimate(study: "Study", works: Sequence["Work"], name: str) -> str:
    from collector.estimate import DEVICES, estimate

    _known("device", [name], DEVICES)
    found = estimate(study, works, DEVICES[name])
    return (
        f"Missing: {found.runs} fine-tunes on {found.images / 1e6:.1f} million images, about {found.minutes:.0f} minutes of "
        f"{DEVICES[name].name}, {found.megabytes:.1f} MB of results."
    )


def collect(args: argparse.Namespace) -> int:
    """Measure what is missing, with a progress bar; list at the end what failed."""
    from collector.dataset import DatasetError
    from collector.engine import WorkerError
    from collector.schedule import in_order
    from collector.store import StoreError

    study, folder, works, total = _works(args)
    done = sum(len(work.runs) for work in total) - sum(len(work.runs) for work in works)
    if not works:
        print(f"{study.name} in {folder} is complete: all {done} runs are there, nothing is trained again.", file=sys.stderr)
        return 0
    if done:
        print(f"{study.name} in {folder}: {done} runs are there and are kept.", file=sys.stderr)
    try:
        from collector.progress import run_with_bar

        failures = run_with_bar(study, folder, in_order(works, args.order), args.order, args.workers)
    except ModuleNotFoundError as error:
        raise Failed(f"Collecting needs {error.name}, which is not installed: pip install 'needle[collect]'") from error
    except (StoreError, DatasetError, WorkerError) as error:
        raise Failed(str(error)) from error
    for failure in failures:
        work = failure.work
        print(f"Failed: {work.procedure} of {work.model.model} on {work.dataset.dataset}: {failure.reason}", file=sys.stderr)
    if failures:
        print(f"{len(failures)} of {len(works)} cells failed; the same command tries them again.", file=sys.stderr)
    return 1 if failures else 0


def pack(args: argparse.Namespace) -> int:
    """Pack a study, and say how many rows of each fact it has."""
    from collector.pack import pack
    from collector.store import StoreError

    try:
        counts = pack(_folder(args))
    except StoreError as error:
        raise Failed(str(error)) from error
    print(f"{args.study}: {', '.join(f'{count} {fact} rows' for fact, count in counts.items())}.", file=sys.stderr)
    return 0


def check(args: argparse.Namespace) -> int:
    """Print every broken rule and every missing run of a study."""
    con = _connect(args, "violation missing_run")
    broken = con.execute("select relation, model, dataset, learning_rate, repeat, subject, rule from violation").fetchall()
    if broken:
        _print_table(("relation", "model", "dataset", "learning_rate", "repeat", "subject", "rule"), broken)
    missing = con.execute(
        "select procedure, model, dataset, count(*) from missing_run group by all order by procedure, model, dataset"
    ).fetchall()
    if missing:
        _print_table(("procedure", "model", "dataset", "missing runs"), missing)
    print(f"{args.study}: {len(broken)} broken rules, {sum(row[3] for row in missing)} missing runs.", file=sys.stderr)
    return 1 if broken or missing else 0


def query_(args: argparse.Namespace) -> int:
    """Print the rows of a query."""
    import duckdb

    from warehouse.table import print_rows

    try:
        print_rows(_connect(args, args.sql).sql(args.sql), args.format, sys.stdout)
    except duckdb.CatalogException:
        try:  # the words of an error name what is near among everything, not among what the question needed
            print_rows(_connect(args).sql(args.sql), args.format, sys.stdout)
        except duckdb.Error as error:
            raise Failed(str(error)) from error
    except duckdb.Error as error:
        raise Failed(str(error)) from error
    return 0


def report_(args: argparse.Namespace) -> int:
    """Print the answer of a study for people."""
    from warehouse.report import QUESTION, report

    args.pool = args.pool or "ALL"
    con = _connect(args, QUESTION)
    known = [row[0] for row in con.execute("select distinct strategy from ranking order by all").fetchall()]
    _known("strategy", args.strategies, known)
    for line in report(con, args.study, args.pool, args.strategies or known):
        print(line)
    return 0


def simulate(args: argparse.Namespace) -> int:
    """Print a strategy beside the built-in ones."""
    from warehouse.simulate import QUESTION, comparison, simulate

    _known_file(args.file)
    pools = [args.pool] if args.pool else []
    with _words_of_the_warehouse():
        con = simulate(_folder(args), args.file.stem, args.file, pools=pools, repeats=args.repeats, question=QUESTION)
        _say_what_is_undecided(con)
        for line in comparison(con, args.file.stem):
            print(line)
    return 0


def import_(args: argparse.Namespace) -> int:
    """Turn a published table into a study, and say what was dropped."""
    from warehouse.importer import ImportFileError, import_table

    try:
        report = import_table(args.kind, args.files, args.out, args.models, args.unit)
    except ImportFileError as error:
        raise Failed(str(error)) from error
    for line in report.lines():
        print(line, file=sys.stderr)
    return 0


def export_(args: argparse.Namespace) -> int:
    """Write a study as one DuckDB file, or its derived tables."""
    from warehouse.export import ExportError, export_database, export_parquet

    if not args.file and not args.parquet:
        raise BadUsage("Say where: needle export FILE.duckdb, or needle export --parquet DIR.")
    con = _connect(args)
    try:
        if args.file:
            export_database(con, args.file)
        if args.parquet:
            export_parquet(con, args.parquet)
    except ExportError as error:
        raise Failed(str(error)) from error
    return 0


def dashboard_(args: argparse.Namespace) -> int:
    """Become the server of the dashboard."""
    from dashboard.serve import missing, serve

    if package := missing():
        raise Failed(f"The dashboard needs {package}, which is not installed: pip install 'needle[dashboard]'")
    serve(args.study, args.port)
    return 0


def _works(args: argparse.Namespace) -> tuple["Study", Path, list["Work"], list["Work"]]:
    """The study, its folder, what is missing of the part that was asked for, and all of that part."""
    from collector.schedule import missing, select
    from collector.store import StoreError
    from collector.study import STUDIES

    _known("study", [args.study], STUDIES, "needle plan")
    study = STUDIES[args.study]
    _known("model", args.models, [model.model for model in study.models], "needle models")
    _known("dataset", args.datasets, [dataset.dataset for dataset in study.datasets], "needle datasets")
    _known("procedure", args.procedures, study.procedures)
    folder = args.out or RESULTS / study.name
    asked = (args.models, args.datasets, args.procedures)
    try:
        return study, folder, select(missing(study, folder), *asked), select(missing(study, Path(os.devnull)), *asked)
    except StoreError as error:
        raise Failed(str(error)) from error


def _connect(args: argparse.Namespace, question: str | None = None) -> "duckdb.DuckDBPyConnection":
    """The study, with what the question needs; everything without one."""
    from warehouse import connect

    for file in getattr(args, "strategy", []):
        _known_file(file)
    added = {file.stem: file for file in getattr(args, "strategy", [])}
    pools = [args.pool] if getattr(args, "pool", None) else []
    if pools and question:
        question += " undecided_pool"
    with _words_of_the_warehouse():
        con = connect(_folder(args), repeats=getattr(args, "repeats", None), pools=pools, added=added, question=question)
        if pools:
            _say_what_is_undecided(con)
        return con


def _folder(args: argparse.Namespace) -> Path:
    """The folder of the study: a name under results/, the paper's own, or a path."""
    from warehouse.paper import STUDIES

    named = RESULTS / args.study
    folder = named if named.is_dir() else STUDIES.get(args.study, Path(args.study))
    if not folder.is_dir():
        _known("study", [args.study], [*(path.name for path in RESULTS.glob("*") if path.is_dir()), *STUDIES], "ls results")
    return folder


@contextmanager
def _words_of_the_warehouse() -> Iterator[None]:
    from warehouse import PoolError, StrategyError, StudyError

    try:
        yield
    except PoolError as error:
        raise BadUsage(str(error)) from error
    except (StudyError, StrategyError) as error:
        raise Failed(str(error)) from error


def _say_what_is_undecided(con: "duckdb.DuckDBPyConnection") -> None:
    """A pool asked for by name or condition that the metadata cannot decide has no models: say so."""
    words = "select pool, count(*), min(model) from undecided_pool group by pool"
    for pool, models, first in con.execute(words).fetchall():
        print(f"Pool {pool!r} cannot be decided for {models} models, such as {first}: their metadata lack what it asks for. "
              "It has no models.", file=sys.stderr)  # fmt: skip


def _known_file(path: Path) -> None:
    if not path.is_file():
        raise BadUsage(
            f"There is no file {path}. A strategy is one SELECT of (pool, dataset, model, rank), as in warehouse/strategies."
        )


def _known(kind: str, names: Iterable[str], accepted: Iterable[str], listing: str = "") -> None:
    """Raise BadUsage for a name that is not among the accepted ones, with the nearest."""
    accepted = list(accepted)
    for name in names:
        if name not in accepted:
            near = difflib.get_close_matches(name, accepted, n=1, cutoff=0.4)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            rest = f" {listing} lists all {len(accepted)}." if listing else f" There are {', '.join(accepted)}."
            raise BadUsage(f"Unknown {kind} {name!r}.{hint}{rest}")


def _print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    from warehouse.table import print_table

    print_table(head, rows, sys.stdout)


if __name__ == "__main__":
    sys.exit(main())
