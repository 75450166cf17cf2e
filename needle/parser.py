"""Defines the verbs and options of the command. Parsing imports no more than this."""

import argparse
from pathlib import Path

from needle import answering, collecting, learning, planning, predicting, recommending, sharing
from needle.common import DEFAULT, port, positive, price, share


def parser() -> argparse.ArgumentParser:
    """Build the parser; each verb sets `run` to its function."""
    root = argparse.ArgumentParser(
        prog="needle",
        description="Which pretrained models should I fine-tune for my data? A database of fine-tunes, and the questions to ask it.",
    )
    verbs = root.add_subparsers(required=True, metavar="VERB")

    def verb(name: str, run: object, text: str) -> argparse.ArgumentParser:
        sub = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        sub.set_defaults(run=run, resumes=False)
        return sub

    def study(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--study",
            default=DEFAULT,
            metavar="NAME_OR_DIR",
            help="a name under results/, one that ships, or a folder (default: %(default)s)",
        )

    def selection(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--study", default=DEFAULT, metavar="NAME", help="a study that can be collected (default: %(default)s)")
        for what in ("models", "datasets", "procedures"):
            sub.add_argument(f"--{what}", nargs="+", default=[], metavar="NAME", help=f"only these {what}")
        sub.add_argument(
            "--out", metavar="DIR", help="the folder of the study, or s3://BUCKET/NAME, gs://BUCKET/NAME (default: results/NAME)"
        )

    advice = verb("recommend", recommending.recommend, "say which models to fine-tune for your images")
    advice.add_argument(
        "images",
        metavar="IMAGES",
        help="a folder with a subfolder for each class, a CSV or Parquet file of path and label, or a tensorflow-datasets name",
    )
    study(advice)
    amount = advice.add_mutually_exclusive_group()
    amount.add_argument("--budget", type=positive, metavar="B", help="how many models to fine-tune (default: 2)")
    amount.add_argument(
        "--minutes", type=positive, metavar="M", help="instead of --budget: as many models as there is time for, looking included"
    )
    advice.add_argument("--pool", metavar="NAME_OR_CONDITION", help='only these models, such as EXPERT or "num_params < 10e6"')
    advice.add_argument(
        "--models",
        type=Path,
        metavar="FILE",
        help="networks of yours, too: a table of model, handle, num_params, feature_dim, image_size",
    )
    advice.add_argument("--strategy", metavar="NAME", help="how to choose (default: what loses least in the study)")
    advice.add_argument("--name", metavar="NAME", help="of the images (default: that of the folder or file)")
    advice.add_argument("--out", metavar="DIR", help="the folder of what is measured, itself a study (default: results/NAME)")
    advice.add_argument("--workers", type=positive, metavar="N", help="processes, each of one core (default: 2)")
    advice.add_argument("--finetune", action="store_true", help="then fine-tune these models, and write the best one")
    advice.add_argument("--model", metavar="DIR", help="the folder of the model that is written (default: results/NAME/model)")
    advice.set_defaults(resumes=True)
    predicted = verb("predict", predicting.predict, "say what a model that --finetune wrote sees in pictures")
    predicted.add_argument("model", metavar="MODEL", help="its folder, such as results/NAME/model")
    predicted.add_argument("images", nargs="+", metavar="IMAGES", help="a folder, with those inside it, or files")
    predicted.add_argument("--format", choices=("csv", "json"), default="csv", help="of the rows (default: csv)")
    predicted.add_argument("--top", type=positive, default=1, metavar="K", help="the K most probable classes (default: 1)")
    for name, run in (("models", collecting.models), ("datasets", collecting.datasets)):
        verb(name, run, f"list the {name} that can be collected").add_argument(
            "--study", metavar="NAME", help="only those of a study"
        )
    plan = verb("plan", planning.plan, "list what is still to be measured in a study, and what that costs")
    selection(plan)
    plan.add_argument(
        "--device", metavar="NAME", help="estimate how long that takes, by model and dataset, on: cpu (one core) or h100"
    )
    plan.add_argument("--price", type=price, metavar="P", help="price of an hour of the device: estimate the total price, too")
    collector = verb("collect", collecting.collect, "measure what is missing in a study")
    selection(collector)
    collector.set_defaults(resumes=True)
    for sub in (plan, collector):
        sub.add_argument(
            "--order",
            choices=("breadth", "model", "cheapest"),
            default="breadth",
            help="breadth: the first repeat of everything first, so that the study can answer early (default); model: one model "
            "after another, for programs that are expensive to compile; cheapest: the same, the fastest model first",
        )
    collector.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="local: processes on this machine (default); ray: a cluster",
    )
    collector.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="local: processes, each of one core and about 1.3 GB (default: 2); ray: as many as the cluster has room for by default",
    )
    collector.add_argument(
        "--address", metavar="ADDRESS", help="of the ray cluster (default: the running one, or a new one on this machine)"
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
        help="for one cell and repeat; a worker that takes longer is stopped (default: %(default)s)",
    )
    collector.add_argument(
        "--again", action="store_true", help="measure the selected runs again; the rows that exist are moved aside, and logged"
    )
    study(verb("pack", collecting.pack, "pack a finished study into one file per fact table"))
    study(verb("unpack", collecting.unpack, "unpack a packed study, to measure parts of it again"))
    study(verb("learn", learning.learn, "learn to rank the models for each dataset from the other datasets of a study"))
    merging = verb("merge", collecting.merge, "merge two studies of one protocol into a third")
    merging.add_argument("first", metavar="NAME_OR_DIR")
    merging.add_argument("second", metavar="NAME_OR_DIR")
    merging.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="the folder of the new study, such as results/NAME"
    )
    study(verb("check", answering.check, "check a study for rows that break a rule and runs that are missing"))
    query = verb("query", answering.query_, "answer a question in SQL over a study")
    query.add_argument("sql", help="such as \"select * from regret where pool = 'ALL' and budget = 1\"")
    study(query)
    query.add_argument("--format", choices=("table", "md", "csv", "json"), default="table", help="of the rows (default: table)")
    report = verb("report", sharing.report_, "say which models each strategy would fine-tune, and what that loses")
    study(report)
    report.add_argument("--strategies", nargs="+", default=[], metavar="NAME", help="only these strategies")
    report.add_argument("--html", type=Path, metavar="FILE.html", help="write one page with charts that needs no other file")
    report.add_argument("--format", choices=("table", "md"), default="table", help="md: tables in Markdown (default: table)")
    site = verb("site", sharing.site, "write a static site of one study or several")
    site.add_argument(
        "folder", type=Path, metavar="DIR", help="a new or empty folder, or one with such a site, which is replaced"
    )
    site.add_argument(
        "--study",
        action="append",
        default=[],
        metavar="NAME_OR_DIR",
        help=f"a name under results/, one that ships, or a folder; once for each (default: {DEFAULT})",
    )
    compared = verb("compare", sharing.compare, "say which conclusions hold in two studies of different protocols")
    compared.add_argument("studies", nargs=2, metavar="STUDY", help="a name under results/, one that ships, or a folder")
    compared.add_argument("--strategies", nargs="+", default=[], metavar="NAME", help="these strategies (default: the paper's)")
    compared.add_argument("--budget", type=positive, metavar="B", help="how many models are fine-tuned (default: 2)")
    compared.add_argument(
        "--format", choices=("table", "md", "csv", "json"), default="table", help="csv: the pairs (default: table)"
    )
    for sub in (report, site):
        sub.add_argument("--budget", type=positive, metavar="B", help="how many models are fine-tuned (default: 2)")
        sub.add_argument(
            "--intervals", action="store_true", help="also 95 %% intervals over datasets, which take seconds for each strategy"
        )
    simulation = verb("simulate", answering.simulate, "try a strategy without training anything, beside the built-in ones")
    simulation.add_argument("file", type=Path, metavar="FILE.sql", help="one SELECT of (pool, dataset, model, rank)")
    study(simulation)
    league = verb("league", answering.league_, "compare all strategies at a budget, the one that loses least first")
    study(league)
    league.add_argument(
        "--budget", type=positive, default=2, metavar="B", help="how many models are fine-tuned (default: %(default)s)"
    )
    league.add_argument(
        "--format",
        choices=("table", "md", "csv", "json"),
        default="table",
        help="md, csv, json: the view league (default: table)",
    )
    audit = verb("audit", answering.audit, "say whether a study can judge ways of choosing a model, and why")
    study(audit)
    audit.add_argument(
        "--budget", type=positive, default=1, metavar="B", help="how many models are fine-tuned (default: %(default)s)"
    )
    audit.add_argument(
        "--format", choices=("table", "md", "csv", "json"), default="table", help="md, csv, json: the findings (default: table)"
    )
    for sub in (query, report, site, compared, simulation, league, audit):
        sub.add_argument("--repeats", type=positive, metavar="N", help="answer from the first N repeats (of an unfinished study)")
        sub.add_argument("--pool", metavar="NAME_OR_CONDITION", help='only this pool, such as EXPERT or "num_params < 10e6"')
        sub.add_argument(
            "--datasets",
            choices=("all", "whole"),
            default="all",
            help="means over all datasets, or over those on which every model of the pool has its runs",
        )
    for sub in (query, report, league):
        sub.add_argument("--strategy", type=Path, action="append", default=[], metavar="FILE.sql", help="one more strategy")
    imported = verb("import", answering.import_, "turn result files, yours or published, into a study")
    imported.add_argument(
        "files",
        nargs="*",
        metavar="RECIPE FILE",
        help="a recipe or one's own FILE.sql, and the result files (CSV, TSV, JSON lines, Parquet); without files, where its authors "
        "publish them, from where they are fetched",
    )
    imported.add_argument(
        "--select", metavar="SQL", help="instead of a recipe: a SELECT of model, dataset, measure, value over the files"
    )
    imported.add_argument("--list", action="store_true", help="name the recipes, or print the SQL of the one that is given")
    imported.add_argument("--out", type=Path, metavar="DIR", help="the folder of the study, such as results/NAME")
    imported.add_argument(
        "--models", type=Path, metavar="FILE", help="metadata of the models, in the columns of the relation model"
    )
    imported.add_argument("--unit", choices=("percent", "fraction"), help="of the accuracies (default: what their values say)")
    export = verb("export", answering.export_, "write a study for other programs: DuckDB, Parquet, or a tidy table")
    export.add_argument("file", nargs="?", type=Path, metavar="FILE.duckdb", help="one file with the same views")
    export.add_argument("--parquet", type=Path, metavar="DIR", help="a folder for one Parquet file per derived table")
    export.add_argument(
        "--tidy", type=Path, metavar="FILE.csv", help="all fine-tunes and proxies, as needle import tidy reads them"
    )
    study(export)
    board = verb("dashboard", answering.dashboard_, "explore a study in a browser, on this machine only")
    study(board)
    board.add_argument("--port", type=port, default=8501, metavar="N", help="(default: %(default)s)")
    root.set_defaults(verbs=tuple(verbs.choices))
    return root
