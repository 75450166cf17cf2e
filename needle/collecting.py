"""Implements the verbs that collect: listing what there is, measuring what is missing, packing and merging."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from shlex import quote
from typing import TYPE_CHECKING

from needle.common import (
    RESULTS,
    BadUsage,
    Failed,
    check_names,
    own_study_folder,
    print_table,
    study_folder,
    translate_collector_errors,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from collector.execution.scheduler import WorkerPool
    from collector.planning.work_item import WorkItem
    from collector.spec.study import Study
    from collector.storage.folder import Folder


@dataclass(frozen=True)
class Selection:
    """The part of a study that the options select.

    items: all of its work items; missing: those to be done. missing_in_study: those to be done in the whole study.
    """

    study: "Study"
    folder: "Folder"
    items: list["WorkItem"]
    missing: list["WorkItem"]
    missing_in_study: list["WorkItem"]


def models(args: argparse.Namespace) -> int:
    """List the models of every study, or of one."""
    head = ("model", "family", "upstream", "imagenet_accuracy", "num_params", "feature_dim", "image_size", "licence", "source")
    rows = [model for study in _studies(args) for model in study.models]
    print_table(head, [[getattr(model, name) for name in head] for model in dict.fromkeys(rows)])
    return 0


def datasets(args: argparse.Namespace) -> int:
    """List the datasets of every study, or of one."""
    head = ("dataset", "vtab_group", "num_classes", "version", "licence", "source")
    rows = [dataset for study in _studies(args) for dataset in study.datasets]
    print_table(head, [[getattr(dataset, name) for name in head] for dataset in dict.fromkeys(rows)])
    return 0


def missing_metadata_files(folder: "Folder") -> list[str]:
    """The names of the metadata files that a study lacks."""
    from study_format.layout import METADATA

    return [f"{name}.parquet" for name in METADATA if not folder.has(f"{name}.parquet")]


def collect(args: argparse.Namespace) -> int:
    """Measure what is missing, show the progress, and list at the end what failed."""
    from collector.execution.scheduler import Limits
    from collector.planning.cost import ordered

    if args.engine == "local" and (args.gpu_share or args.address):
        raise BadUsage("--gpu-share and --address are for --engine ray; with --engine local, --workers is how many share a GPU.")
    with translate_collector_errors():
        _move_aside(args)
        selection = selected(args)
        study, folder = selection.study, selection.folder
        items = _without_unpublished(selection.missing, args.models)
        done = sum(len(item.runs) for item in selection.items) - sum(len(item.runs) for item in selection.missing)
        files = missing_metadata_files(folder)
        if not items and not files:
            state = "is complete" if not selection.missing else "has everything that is available"
            what = "This part of " if args.models or args.datasets or args.procedures else ""
            print(f"{what}{study.name} in {folder} {state}: all {done} runs are done, nothing is trained again.", file=sys.stderr)
            return 0
        if done:
            rewritten = f" {' and '.join(files)} will be written again." if files else ""
            print(f"{study.name} in {folder}: {done} runs are done and are kept.{rewritten}", file=sys.stderr)
        try:
            from collector.execution.progress import run_with_progress
            from collector.execution.worker import WORKER_FUNCTIONS

            with _worker_pool(args) as pool:
                limits = Limits(seconds=60.0 * args.time_limit)
                failures = run_with_progress(
                    study, folder, ordered(study, items, args.order), args.order, pool, WORKER_FUNCTIONS, limits
                )
        except ModuleNotFoundError as error:
            extra = "ray" if error.name == "ray" else "collect"
            raise Failed(
                f"Collecting needs {error.name}, which is not installed: pip install 'needle-transfer[{extra}]'"
            ) from error
    for failure in failures:
        item = failure.item
        print(f"Failed: {item.procedure} of {item.model.model} on {item.dataset.dataset}: {failure.reason}", file=sys.stderr)
    if failures:
        print(f"{len(failures)} of {len(items)} cells failed; the same command tries them again.", file=sys.stderr)
    return 1 if failures else 0


def _worker_pool(args: argparse.Namespace) -> "AbstractContextManager[WorkerPool]":
    if args.engine == "local":
        from collector.execution.local_pool import local_pool

        return local_pool(args.workers)
    from collector.execution.ray_pool import ray_pool

    return ray_pool(args.address, args.workers, args.gpu_share)


def _move_aside(args: argparse.Namespace) -> None:
    """Move aside what is to be measured again: damaged parts and, with --again, the selected runs.

    Raises StoreError, with nothing moved, where the folder holds another protocol's results; Failed as _move_selected does.
    """
    from collector.storage.store import DamagedMetadataError, check_protocol, move_damaged
    from collector.storage.tables import protocol_table

    study, folder = _study_and_folder(args)
    with suppress(DamagedMetadataError):  # a damaged protocol is itself moved aside
        check_protocol(folder, protocol_table(study.protocol))
    for message in move_damaged(folder):
        print(f"Moved aside: {message}", file=sys.stderr)
    if args.again:
        moved = _move_selected(args, study, folder)
        print(f"Moved {moved} parts aside, to be measured again; history/ says where their rows came from.", file=sys.stderr)


def _move_selected(args: argparse.Namespace, study: "Study", folder: "Folder") -> int:
    """Move the parts of the selected runs aside; returns how many. Raises Failed, with nothing moved, where other runs share a part."""
    from collector.planning.work_item import UNNAMED, everything, missing
    from collector.storage.part import part_name
    from collector.storage.store import move_replaced, parts_of

    absent = {(item.fact, item.cell, run) for item in missing(study, folder) for run in item.runs}
    there = {fact: set(parts_of(folder, fact)[1]) for fact in (*UNNAMED, "proxy")}
    names: dict[str, set[str]] = {fact: set() for fact in there}
    packed = 0
    for item in _select(args, everything(study)):
        for run in item.runs:
            own = {part_name(item.cell), part_name(item.cell, run)} & there[item.fact]
            names[item.fact] |= own
            packed += not own and (item.fact, item.cell, run) not in absent
    if packed:
        raise Failed(
            f"{packed} of the runs to be measured again are in packed files of {folder}. Unpack the study first: "
            f"needle unpack --study {quote(args.out or study.name)}"
        )
    return sum(move_replaced(folder, fact, of_fact) for fact, of_fact in names.items())


def pack(args: argparse.Namespace) -> int:
    """Pack a study, and print how many rows of each fact it has."""
    from collector.storage.packing import pack

    return _rewrite(args, pack)


def unpack(args: argparse.Namespace) -> int:
    """Unpack a study, and print how many rows of each fact it has."""
    from collector.storage.packing import unpack

    return _rewrite(args, unpack)


def _rewrite(args: argparse.Namespace, rewrite: "Callable[[Folder], dict[str, int]]") -> int:
    from collector.storage.folder import folder

    path = own_study_folder(args)
    with translate_collector_errors():
        counts = rewrite(folder(path))
    print(f"{args.study}: {', '.join(f'{count} {fact} rows' for fact, count in counts.items())}.", file=sys.stderr)
    return 0


def merge(args: argparse.Namespace) -> int:
    """Merge two studies into a third, and print how many rows of each it has."""
    from collector.storage.folder import folder
    from collector.storage.merging import merge

    if args.out.parts and args.out.parts[0].endswith(":"):  # s3://BUCKET/NAME
        raise BadUsage(
            f"--out of merge is a folder on this machine, not in {args.out.parts[0]} Merge into results/NAME, and copy that there."
        )
    first, second = (folder(study_folder(argparse.Namespace(study=name))) for name in (args.first, args.second))
    with translate_collector_errors():
        report = merge(first, second, args.out)
    print_table(
        ("relation", "first", "second", "in both", "together"),
        [(one.relation, one.first, one.second, one.both, one.together) for one in report],
    )
    return 0


def selected(args: argparse.Namespace) -> Selection:
    """The part of the study that the options select. Raises Failed where the study cannot be read, BadUsage for unknown names."""
    from collector.planning.work_item import everything, missing

    study, folder = _study_and_folder(args)
    with translate_collector_errors():
        left = missing(study, folder)
    return Selection(study, folder, _select(args, everything(study)), _select(args, left), left)


def _select(args: argparse.Namespace, items: "list[WorkItem]") -> "list[WorkItem]":
    from collector.planning.work_item import select

    return select(items, args.models, args.datasets, args.procedures)


def _study_and_folder(args: argparse.Namespace) -> tuple["Study", "Folder"]:
    from collector.storage.folder import FolderError, folder
    from collector.studies import STUDIES
    from collector.studies.own import kept

    study = kept(RESULTS / args.study, STUDIES)  # of one's own images
    if study is None:
        check_names("study", [args.study], STUDIES)
        study = STUDIES[args.study]
    check_names("model", args.models, [model.model for model in study.models], f"needle models --study {study.name}")
    check_names(
        "dataset", args.datasets, [dataset.dataset for dataset in study.datasets], f"needle datasets --study {study.name}"
    )
    check_names("procedure", args.procedures, study.procedures)
    try:
        return study, folder(args.out or RESULTS / study.name)
    except FolderError as error:
        raise BadUsage(str(error)) from error


def unpublished(items: Iterable["WorkItem"]) -> list[str]:
    """The names of the items' models that were never published and have no local copy."""
    from collector.networks.local_copy import local_copy

    models = dict.fromkeys(item.model for item in items)
    return [model.model for model in models if not model.published and local_copy(model) is None]


def _without_unpublished(items: Sequence["WorkItem"], named: Sequence[str]) -> list["WorkItem"]:
    """The items whose models are available. Raises Failed where an unavailable one was named."""
    from collector.networks.local_copy import local_copy_path

    absent = unpublished(items)
    if not absent:
        return list(items)
    model = next(item.model for item in items if item.model.model == absent[0])
    message = f"{len(absent)} models were never published, such as {model.model}, whose SavedModel would be in {local_copy_path(model)}."
    if named:
        raise Failed(f"{message} Leave them out, or collect the study paper-public, which has public experts in their place.")
    print(f"{message} They are left out; pools that contain them have no regret.", file=sys.stderr)
    return [item for item in items if item.model.model not in absent]


def _studies(args: argparse.Namespace) -> list["Study"]:
    from collector.studies import STUDIES

    if args.study is None:
        return list(STUDIES.values())
    check_names("study", [args.study], STUDIES)
    return [STUDIES[args.study]]
