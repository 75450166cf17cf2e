"""The verbs that collect: what there is, what is missing, measuring it, packing it."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from needle.word import RESULTS, Failed, known, show, study_folder

if TYPE_CHECKING:
    from collector.schedule import Work
    from collector.study import Study


def models(args: argparse.Namespace) -> int:
    """List the models of the registry."""
    from collector.zoo.registry import ZOO

    head = ("model", "family", "upstream", "imagenet_accuracy", "num_params", "feature_dim", "image_size", "licence", "source")
    show(head, [[getattr(model, name) for name in head] for model in ZOO])
    return 0


def datasets(args: argparse.Namespace) -> int:
    """List the datasets of the registry."""
    from collector.builders.registry import DATASETS

    head = ("dataset", "vtab_group", "num_classes", "version", "licence", "source")
    show(head, [[getattr(dataset, name) for name in head] for dataset in DATASETS])
    return 0


def plan(args: argparse.Namespace) -> int:
    """Print how many runs of each procedure are there and missing."""
    study, folder, works, total = _works(args)
    rows = []
    for procedure in study.procedures:
        runs = sum(len(work.runs) for work in total if work.procedure == procedure)
        left = sum(len(work.runs) for work in works if work.procedure == procedure)
        rows.append((procedure, runs, runs - left, left))
    show(("procedure", "runs", "done", "missing"), rows)
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

    known("device", [name], DEVICES)
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
        counts = pack(study_folder(args))
    except StoreError as error:
        raise Failed(str(error)) from error
    print(f"{args.study}: {', '.join(f'{count} {fact} rows' for fact, count in counts.items())}.", file=sys.stderr)
    return 0


def _works(args: argparse.Namespace) -> tuple["Study", Path, list["Work"], list["Work"]]:
    """The study, its folder, what is missing of the part that was asked for, and all of that part."""
    from collector.schedule import missing, select
    from collector.store import StoreError
    from collector.study import STUDIES

    known("study", [args.study], STUDIES, "needle plan")
    study = STUDIES[args.study]
    known("model", args.models, [model.model for model in study.models], "needle models")
    known("dataset", args.datasets, [dataset.dataset for dataset in study.datasets], "needle datasets")
    known("procedure", args.procedures, study.procedures)
    folder = args.out or RESULTS / study.name
    asked = (args.models, args.datasets, args.procedures)
    try:
        return study, folder, select(missing(study, folder), *asked), select(missing(study, Path(os.devnull)), *asked)
    except StoreError as error:
        raise Failed(str(error)) from error
