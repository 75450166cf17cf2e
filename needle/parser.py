"""The verbs and options of the command, in words. Parsing imports no more than this."""

import argparse
from pathlib import Path

from needle import answering, collecting, planning
from needle.common import DEFAULT, port, positive, price, share


def parser() -> argparse.ArgumentParser:
    """The whole parser; each verb sets `run` to its function."""
    root = argparse.ArgumentParser(
        prog="needle",
        description="Which pretrained models should I fine-tune for my data? A database of fine-tunes, and the questions to ask it.",
    )
    verbs = root.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, run: object, words: str) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=words, description=words[0].upper() + words[1:] + ".")
        sub.set_defaults(run=run, resumes=False)
        return sub

    def study(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--study",
            default=DEFAULT,
            metavar="NAME_OR_DIR",
            help="a name under results/, one that ships, or a folder (default: %(default)s)",
        )

    def part(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--study", default=DEFAULT, metavar="NAME", help="a study that can be collected (default: %(default)s)")
        for what in ("models", "datasets", "procedures"):
            sub.add_argument(f"--{what}", nargs="+", default=[], metavar="NAME", help=f"only these {what}")
        sub.add_argument(
            "--out", metavar="DIR", help="the folder of the study, or s3://BUCKET/NAME, gs://BUCKET/NAME (default: results/NAME)"
        )

    for name, run in (("models", collecting.models), ("datasets", collecting.datasets)):
        verb(name, run, f"list the {name} that can be collected").add_argument(
            "--study", metavar="NAME", help="only those of a study"
        )
    plan = verb("plan", planning.plan, "say what is still to be measured in a study, and what that costs")
    part(plan)
    plan.add_argument(
        "--device", metavar="NAME", help="how long that takes there, by model and dataset: cpu (of one core) or h100"
    )
    plan.add_argument("--price", type=price, metavar="P", help="of an hour of the device: what that costs")
    collector = verb("collect", collecting.collect, "measure what is missing in a study")
    part(collector)
    collector.set_defaults(resumes=True)
    for sub in (plan, collector):
        sub.add_argument(
            "--order",
            choices=("breadth", "model", "cheapest"),
            default="breadth",
            help="breadth: the first repeat of everything first, so that the study answers early (default); model: one model after "
            "another, where its program is dear to compile; cheapest: so, the one that takes least time first",
        )
    collector.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="local: processes of this machine (default); ray: a cluster of many",
    )
    collector.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="local: processes, each of one core and about 1.3 GB (default: 2); ray: default as many as the cluster has room for",
    )
    collector.add_argument(
        "--address", metavar="ADDRESS", help="of the ray cluster (default: the one here, or one of this machine)"
    )
    collector.add_argument(
        "--gpu-share",
        type=share,
        metavar="F",
        help="ray: of a GPU that one worker gets, such as 0.25 (default: 1, if it has any)",
    )
    collector.add_argument(
        "--time-limit",
        type=positive,
        default=360,
        metavar="MINUTES",
        help="of one cell and repeat; a worker that takes longer hangs, and is ended (default: %(default)s)",
    )
    collector.add_argument(
        "--again", action="store_true", help="measure the named part again; the rows that are there are moved aside, and logged"
    )
    study(verb("pack", collecting.pack, "pack a finished study into one file a fact"))
    study(verb("unpack", collecting.unpack, "take a packed study apart again, to collect parts of it anew"))
    merging = verb("merge", collecting.merge, "join two studies of one protocol into a third")
    merging.add_argument("first", metavar="NAME_OR_DIR")
    merging.add_argument("second", metavar="NAME_OR_DIR")
    merging.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder of the new study, such as results/NAME"
    )
    study(verb("check", answering.check, "check a study: rows that break a rule, and runs that are missing"))
    query = verb("query", answering.query_, "answer a question in SQL over a study")
    query.add_argument("sql", help="such as \"select * from regret where pool = 'ALL' and budget = 1\"")
    study(query)
    query.add_argument("--format", choices=("table", "csv", "json"), default="table", help="of the rows (default: table)")
    report = verb("report", answering.report_, "print which models each strategy would fine-tune, and what that loses")
    study(report)
    report.add_argument("--strategies", nargs="+", default=[], metavar="NAME", help="only these strategies")
    simulation = verb("simulate", answering.simulate, "try a strategy without training anything, beside the built-in ones")
    simulation.add_argument("file", type=Path, metavar="FILE.sql", help="one SELECT of (pool, dataset, model, rank)")
    study(simulation)
    for sub in (query, report, simulation):
        sub.add_argument(
            "--repeats", type=positive, metavar="N", help="answer from the first N repeats (of a study in the making)"
        )
        sub.add_argument("--pool", metavar="NAME_OR_CONDITION", help='only this pool, such as EXPERT or "num_params < 10e6"')
    for sub in (query, report):
        sub.add_argument("--strategy", type=Path, action="append", default=[], metavar="FILE.sql", help="one more strategy")
    imported = verb("import", answering.import_, "turn a table that others published into a study")
    imported.add_argument("kind", choices=("shift", "vtab", "tidy", "wide"), help="of table")
    imported.add_argument("files", nargs="+", type=Path, metavar="FILE")
    imported.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder of the study, such as results/NAME")
    imported.add_argument(
        "--models", type=Path, metavar="FILE.csv", help="what is known of the models, under the names of `model`"
    )
    imported.add_argument("--unit", choices=("percent", "fraction"), help="of the accuracies (tidy, wide)")
    export = verb("export", answering.export_, "write a study for any DuckDB client, or its derived tables as Parquet")
    export.add_argument("file", nargs="?", type=Path, metavar="FILE.duckdb", help="one file with the same views")
    export.add_argument("--parquet", type=Path, metavar="DIR", help="one Parquet file a derived table")
    study(export)
    board = verb("dashboard", answering.dashboard_, "look at a study in a browser, on this machine alone")
    study(board)
    board.add_argument("--port", type=port, default=8501, metavar="N", help="(default: %(default)s)")
    root.set_defaults(verbs=tuple(verbs.choices))
    return root
