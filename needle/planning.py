"""Implements `needle plan`: what is missing in a study, what it costs on a device, and what can be answered meanwhile."""

import argparse
import shlex
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from needle.collecting import missing_metadata_files, selected, unpublished
from needle.common import BadUsage, check_names, print_table

if TYPE_CHECKING:
    from collector.planning.work_item import WorkItem
    from collector.spec.study import Study
    from needle.collecting import Selection


def plan(args: argparse.Namespace) -> int:
    """Print how many runs of each procedure are done and missing and, for a device, their hours and price."""
    if args.price is not None and not args.device:
        raise BadUsage("--price is for an hour of a device: add --device h100.")
    if args.device:
        from collector.planning.cost import DEVICES

        check_names("device", [args.device], DEVICES)
    selection = selected(args)
    study, items = selection.study, selection.missing
    rows: list[tuple[object, ...]] = []
    for procedure in study.procedures:
        runs = sum(len(item.runs) for item in selection.items if item.procedure == procedure)
        left = sum(len(item.runs) for item in items if item.procedure == procedure)
        rows.append((procedure, runs, runs - left, left))
    head: tuple[str, ...] = ("procedure", "runs", "done", "missing")
    if args.device:
        _price(args, selection, head, rows)
    else:
        print_table(head, rows)
    absent = unpublished(items)
    if absent:
        print(
            f"{len(absent)} of these models were never published, such as {absent[0]}: needle collect leaves them out unless $NEEDLE_HUB "
            "has a copy, and pools that contain them then have no regret. The study paper-public has public experts in their place.",
            file=sys.stderr,
        )
    summary = f"{study.name} in {selection.folder}: {len(study.models)} models, {len(study.datasets)} datasets."
    named = args.models or args.datasets or args.procedures
    if items:
        last = f"{_command(args)} measures what is missing."
    elif files := missing_metadata_files(selection.folder):
        last = f"Every run is done. {_command(args)} writes {' and '.join(files)} again."
    else:
        last = "This part is complete." if named else "Complete."
    print(f"{summary} {last}", file=sys.stderr)
    return 0


def _command(args: argparse.Namespace) -> str:
    """The command that measures what was planned, quoted for a shell."""
    typed = ["needle", "collect", "--study", args.study]
    for name in ("models", "datasets", "procedures"):
        names = getattr(args, name)
        typed += [f"--{name}", *names] if names else []
    typed += ["--out", args.out] if args.out else []
    typed += ["--order", args.order] if args.order != "breadth" else []
    return shlex.join(typed)


def _price(
    args: argparse.Namespace,
    selection: "Selection",
    head: tuple[str, ...],
    rows: Sequence[tuple[object, ...]],
) -> None:
    """Print the hours (and the price) by procedure, model and dataset, and what can be answered after each quarter of the time."""
    from collector.planning.cost import DEVICES, basis, estimate, ordered, timeline
    from collector.planning.forecast import forecast

    device, study = DEVICES[args.device], selection.study
    items = ordered(study, selection.missing, args.order)
    timed = timeline(study, items, device)
    total = sum(one.compiling + one.seconds for one in timed)
    spending = ("hours",) if args.price is None else ("hours", "price")

    def cost(seconds: float) -> tuple[str, ...]:
        hours = seconds / 3600
        return (_number(hours),) if args.price is None else (_number(hours), _number(hours * args.price))

    def by(of: Callable[["WorkItem"], str]) -> tuple[Counter[str], Counter[str]]:
        """Runs and seconds of each name."""
        runs, seconds = Counter[str](), Counter[str]()
        for one in timed:
            runs[of(one.item)] += len(one.item.runs)
            seconds[of(one.item)] += one.seconds  # type: ignore[assignment]  # a Counter adds up anything
        return runs, seconds

    _, seconds = by(lambda item: item.procedure)
    table = [(*row, *cost(seconds[str(row[0])])) for row in rows]
    compiling = sum(one.compiling for one in timed)
    print_table((*head, *spending), [*table, ("programs", "", "", "", *cost(compiling)), ("all", "", "", "", *cost(total))])
    if not items:
        return
    print()
    runs, seconds = by(lambda item: item.model.model)
    models = [model for model in study.models if model.model in runs]
    by_model = [(model.model, runs[model.model], *cost(seconds[model.model]), basis(model)) for model in models]
    print_table(("model", "missing", *spending, "rate"), by_model)
    print()
    runs, seconds = by(lambda item: item.dataset.dataset)
    names = [dataset.dataset for dataset in study.datasets if dataset.dataset in runs]
    print_table(("dataset", "missing", *spending), [(name, runs[name], *cost(seconds[name])) for name in names])
    print()
    quarters = forecast(study, selection.missing_in_study, timed, _pools(study))
    cells, datasets, repeats = len(study.models) * len(study.datasets), len(study.datasets), study.protocol.repeats
    print_table(
        ("time", *spending, "cells complete", "pool", "budgets", "datasets answered", "repeats on all"),
        [
            (
                f"{quarter.share:.0%}",
                *cost(quarter.seconds),
                f"{quarter.cells} of {cells}",
                one.pool,
                f"1 to {one.models}" if one.datasets else "none",
                f"{one.datasets} of {datasets}",
                f"{one.repeats} of {repeats}",
            )
            for quarter in quarters
            for one in quarter.answers
        ],
    )
    found = estimate(study, timed)
    long = f"{found.minutes / 60:,.0f} hours" if found.minutes > 600 else f"{found.minutes:.0f} minutes"
    print(
        f"Missing: {found.runs} fine-tunes on {found.images / 1e6:.1f} million images, about {long} of {device.name}, "
        f"{found.megabytes:.1f} MB of results. Rates are measured, or scaled from measured ones as the tables say: within a factor of "
        "two or three.",
        file=sys.stderr,
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.3f}"


def _pools(study: "Study") -> dict[str, list[str]]:
    """The models of each pool, by asking a study without results: the rules of pools are in SQL."""
    from collector.storage.folder import folder
    from collector.storage.store import write_metadata
    from collector.storage.tables import dataset_table, model_table, protocol_table
    from warehouse import connect

    with tempfile.TemporaryDirectory() as temporary:
        datasets = dataset_table(study.datasets, [dataset.num_test or 0 for dataset in study.datasets])
        write_metadata(folder(temporary), model_table(study.models), datasets, protocol_table(study.protocol))
        with connect(temporary, question="pool") as con:
            rows = con.execute("select pool::varchar, list(model::varchar) from pool group by pool").fetchall()
    order = ("ALL", "RESNET-50", "DIM2048", "EXPERT", "IMNETACCURACIES")
    found = dict(rows)
    return {pool: found[pool] for pool in order if pool in found}
