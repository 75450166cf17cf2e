"""The verbs that collect: what there is, measuring what is missing, packing it."""

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from needle.word import RESULTS, Failed, known, show, study_folder

if TYPE_CHECKING:
    from collector.schedule import Work
    from collector.study import Study


@dataclass(frozen=True)
class Part:
    """The part of a study that was asked for. missing: what is to be done of it; whole: all of it."""

    study: "Study"
    folder: Path
    missing: list["Work"]
    whole: list["Work"]


def models(args: argparse.Namespace) -> int:
    """List the models of every study, or of one."""
    head = ("model", "family", "upstream", "imagenet_accuracy", "num_params", "feature_dim", "image_size", "licence", "source")
    rows = [model for study in _studies(args) for model in study.models]
    show(head, [[getattr(model, name) for name in head] for model in dict.fromkeys(rows)])
    return 0


def datasets(args: argparse.Namespace) -> int:
    """List the datasets of every study, or of one."""
    head = ("dataset", "vtab_group", "num_classes", "version", "licence", "source")
    rows = [dataset for study in _studies(args) for dataset in study.datasets]
    show(head, [[getattr(dataset, name) for name in head] for dataset in dict.fromkeys(rows)])
    return 0


def collect(args: argparse.Namespace) -> int:
    """Measure what is missing, with a progress bar; list at the end what failed."""
    from collector.dataset import DatasetError
    from collector.engine import WorkerError
    from collector.estimate import ordered
    from collector.model import ModuleError
    from collector.store import StoreError

    part = asked(args)
    study, folder = part.study, part.folder
    works = _without_unpublished(part.missing, args.models)
    done = sum(len(work.runs) for work in part.whole) - sum(len(work.runs) for work in part.missing)
    if not works:
        words = "is complete" if not part.missing else "has all that can be had"
        print(f"{study.name} in {folder} {words}: all {done} runs are there, nothing is trained again.", file=sys.stderr)
        return 0
    if done:
        print(f"{study.name} in {folder}: {done} runs are there and are kept.", file=sys.stderr)
    try:
        from collector.progress import run_with_bar

        failures = run_with_bar(study, folder, ordered(study, works, args.order), args.order, args.workers)
    except ModuleNotFoundError as error:
        raise Failed(f"Collecting needs {error.name}, which is not installed: pip install 'needle[collect]'") from error
    except (StoreError, DatasetError, ModuleError, WorkerError) as error:
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


def asked(args: argparse.Namespace) -> Part:
    """The part of the study that the options name."""
    from collector.schedule import missing, select
    from collector.store import StoreError
    from collector.study import STUDIES

    known("study", [args.study], STUDIES, "needle plan")
    study = STUDIES[args.study]
    known("model", args.models, [model.model for model in study.models], f"needle models --study {study.name}")
    known("dataset", args.datasets, [dataset.dataset for dataset in study.datasets], f"needle datasets --study {study.name}")
    known("procedure", args.procedures, study.procedures)
    folder = args.out or RESULTS / study.name
    names = (args.models, args.datasets, args.procedures)
    try:
        return Part(study, folder, select(missing(study, folder), *names), select(missing(study, Path(os.devnull)), *names))
    except StoreError as error:
        raise Failed(str(error)) from error


def unpublished(works: Iterable["Work"]) -> list[str]:
    """The models among the works' that were never published, and that have no local copy."""
    from collector.local_copy import local_copy

    models = dict.fromkeys(work.model for work in works)
    return [model.model for model in models if not model.published and local_copy(model) is None]


def _without_unpublished(works: Sequence["Work"], named: Sequence[str]) -> list["Work"]:
    """The works of models that can be had. Raises Failed where one that cannot was asked for by name."""
    from collector.local_copy import place

    absent = unpublished(works)
    if not absent:
        return list(works)
    model = next(work.model for work in works if work.model.model == absent[0])
    words = f"{len(absent)} models were never published, such as {model.model}: a SavedModel of it would be looked for in {place(model)}."
    if named:
        raise Failed(f"{words} Leave them out, or collect the study paper-public, which has public experts in their place.")
    print(f"{words} They are left out; pools that hold them have no regret.", file=sys.stderr)
    return [work for work in works if work.model.model not in absent]


def _studies(args: argparse.Namespace) -> list["Study"]:
    from collector.study import STUDIES

    if args.study is None:
        return list(STUDIES.values())
    known("study", [args.study], STUDIES)
    return [STUDIES[args.study]]
