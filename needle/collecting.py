"""The verbs that collect: what there is, what is missing, measuring it, packing it."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from needle.word import RESULTS, BadUsage, Failed, known, show, study_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from collector.engine import Crew
    from collector.folder import Folder
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
    from collector.engine import Limits, WorkerError
    from collector.folder import FolderError
    from collector.schedule import in_order
    from collector.store import StoreError

    try:
        _move_aside(args)
        study, folder, works, total = _works(args)
        done = sum(len(work.runs) for work in total) - sum(len(work.runs) for work in works)
        if not works:
            print(f"{study.name} in {folder} is complete: all {done} runs are there, nothing is trained again.", file=sys.stderr)
            return 0
        if done:
            print(f"{study.name} in {folder}: {done} runs are there and are kept.", file=sys.stderr)
        try:
            from collector.progress import run_with_bar
            from collector.worker import DOING

            with _crew(args) as crew:
                limits = Limits(seconds=60.0 * args.time_limit)
                failures = run_with_bar(study, folder, in_order(works, args.order), args.order, crew, DOING, limits)
        except ModuleNotFoundError as error:
            extra = "ray" if error.name == "ray" else "collect"
            raise Failed(f"Collecting needs {error.name}, which is not installed: pip install 'needle[{extra}]'") from error
    except (StoreError, FolderError, DatasetError, WorkerError) as error:
        raise Failed(str(error)) from error
    for failure in failures:
        work = failure.work
        print(f"Failed: {work.procedure} of {work.model.model} on {work.dataset.dataset}: {failure.reason}", file=sys.stderr)
    if failures:
        print(f"{len(failures)} of {len(works)} cells failed; the same command tries them again.", file=sys.stderr)
    return 1 if failures else 0


def _crew(args: argparse.Namespace) -> "AbstractContextManager[Crew]":
    if args.engine == "local":
        from collector.local import local_crew

        return local_crew(args.workers or min(2, os.cpu_count() or 1))
    from collector.ray_crew import ray_crew

    return ray_crew(args.address, args.workers, args.gpu_share)


def _move_aside(args: argparse.Namespace) -> None:
    """Parts that are damaged, and with --again those that were asked for: they are made anew."""
    from collector.part import part_name
    from collector.schedule import everything
    from collector.store import move_damaged, move_replaced

    study, folder = _study_and_folder(args)
    for words in move_damaged(folder):
        print(f"Moved aside: {words}", file=sys.stderr)
    if args.again:
        names: dict[str, list[str]] = {"finetune": [], "proxy": []}
        for work in _asked(args, everything(study)):
            names[work.fact] += [part_name(work.cell), *(part_name(work.cell, run) for run in work.runs)]
        moved = sum(move_replaced(folder, fact, of_fact) for fact, of_fact in names.items())
        print(f"Moved {moved} parts aside, to be measured again; history/ says where their rows came from.", file=sys.stderr)


def pack(args: argparse.Namespace) -> int:
    """Pack a study, and say how many rows of each fact it has."""
    from collector.pack import pack

    return _rewrite(args, pack)


def unpack(args: argparse.Namespace) -> int:
    """Take a packed study apart, and say how many rows of each fact it has."""
    from collector.pack import unpack

    return _rewrite(args, unpack)


def _rewrite(args: argparse.Namespace, how: "Callable[[Folder], dict[str, int]]") -> int:
    from collector.folder import FolderError, folder
    from collector.store import StoreError

    try:
        counts = how(folder(study_folder(args)))
    except (StoreError, FolderError) as error:
        raise Failed(str(error)) from error
    print(f"{args.study}: {', '.join(f'{count} {fact} rows' for fact, count in counts.items())}.", file=sys.stderr)
    return 0


def merge(args: argparse.Namespace) -> int:
    """Join two studies into a third, and print what became of their rows."""
    from collector.folder import FolderError, folder
    from collector.merge import merge
    from collector.store import StoreError

    first, second = (folder(study_folder(argparse.Namespace(study=name))) for name in (args.first, args.second))
    try:
        report = merge(first, second, args.out)
    except (StoreError, FolderError) as error:
        raise Failed(str(error)) from error
    show(
        ("relation", "first", "second", "in both", "together"),
        [(one.relation, one.first, one.second, one.both, one.together) for one in report],
    )
    return 0


def _works(args: argparse.Namespace) -> tuple["Study", "Folder", list["Work"], list["Work"]]:
    """The study, its folder, what is missing of the part that was asked for, and all of that part."""
    from collector.folder import FolderError
    from collector.schedule import everything, missing
    from collector.store import StoreError

    study, folder = _study_and_folder(args)
    try:
        return study, folder, _asked(args, missing(study, folder)), _asked(args, everything(study))
    except (StoreError, FolderError) as error:
        raise Failed(str(error)) from error


def _asked(args: argparse.Namespace, works: "list[Work]") -> "list[Work]":
    from collector.schedule import select

    return select(works, args.models, args.datasets, args.procedures)


def _study_and_folder(args: argparse.Namespace) -> tuple["Study", "Folder"]:
    from collector.folder import FolderError, folder
    from collector.study import STUDIES

    known("study", [args.study], STUDIES, "needle plan")
    study = STUDIES[args.study]
    known("model", args.models, [model.model for model in study.models], "needle models")
    known("dataset", args.datasets, [dataset.dataset for dataset in study.datasets], "needle datasets")
    known("procedure", args.procedures, study.procedures)
    try:
        return study, folder(args.out or RESULTS / study.name)
    except FolderError as error:
        raise BadUsage(str(error)) from error
