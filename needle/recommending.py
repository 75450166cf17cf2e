"""Implements the verb `recommend`: which networks to fine-tune for one's own images, by a strategy and what a study says of it."""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from needle.common import (
    RESULTS,
    BadUsage,
    Failed,
    check_budget,
    check_names,
    study_folder,
    translate_collector_errors,
    translate_warehouse_errors,
)
from needle.finetuning import check_destination, finetune
from needle.measuring import measure
from needle.screening import STEADY, Screened, Time, fine_tunes, images_of, narrow

if TYPE_CHECKING:
    import duckdb

    from collector.datasets.own.facts import OwnImages
    from collector.planning.work_item import WorkItem
    from collector.spec.model import Model
    from collector.spec.study import Study
    from warehouse.recommend import Choice, Evidence, Pick


def recommend(args: argparse.Namespace) -> int:
    """Look at the images through the networks that a strategy needs, and print the models to fine-tune with the evidence."""
    from collector.spec.study import EMBEDDING
    from collector.studies.own import keep
    from warehouse import connect
    from warehouse.combine import connect_both
    from warehouse.pace import PACE
    from warehouse.recommend import EVIDENCE, PICKS, evidence, looked, near, picks

    available = _time(args)
    if args.model and not args.finetune:
        raise BadUsage("--model is the folder of the model that --finetune writes.")
    folder = study_folder(args)
    base = _base(args.study, folder)
    pool = args.pool or "ALL"
    extra = _own_models(args.models)
    choice, budget, members, procedures = _choice(args, folder, pool, bool(extra), available)
    images = _images(args)
    for note in images.notes:
        print(note, file=sys.stderr)
    out = Path(args.out) if args.out else RESULTS / images.dataset.dataset
    members += [model.model for model in extra]
    model = Path(args.model) if args.model else out / "model"
    if args.finetune:
        check_destination(model)
    own = _own_study(base, images, members, extra)

    def look(study: "Study", where: Path, models: Sequence[str]) -> None:
        _look(study, where, models, procedures, args.workers)
        keep(study, base, where, choice.strategy, pool)

    screened = Screened(members, pool)
    if available and set(procedures) - {EMBEDDING}:
        screened = narrow(folder, pool, members, choice.strategy, own, out, images_of(base), available, look)
    look(own, out, screened.models)
    question = f"{PICKS} {PACE}" if available else PICKS
    with translate_warehouse_errors(), connect_both(folder, out, screened.pool, choice.strategy, question) as con:
        found = picks(con, choice.strategy, screened.pool, images.dataset.dataset, len(screened.models) if available else budget)
        if not found:
            raise Failed(f"{choice.strategy} does not rank the models of {pool} for these images: a score is missing.")
        if available:
            found = found[: _fitting(con, screened.pool, own, base, [pick.model for pick in found], available)]
        neighbours, seconds = near(con, images.dataset.dataset), looked(con, images.dataset.dataset)
        if seconds is not None and screened.seconds is not None:
            seconds += screened.seconds
        judged = connect(folder, pools=[pool], only=[choice.strategy], question=EVIDENCE)
        known = evidence(judged, choice.strategy, pool, len(found), neighbours)
    for line in _lines(args, images, choice, found, known, seconds, own, len(members)):
        print(line)
    if args.finetune:
        sys.stdout.flush()
        finetune(own, out, images, [pick.model for pick in found], model, args.workers)
    print(f"What was measured is the study {out}: needle dashboard --study {out}", file=sys.stderr)
    return 0


def _base(name: str, folder: Path) -> "Study":
    """The registered study of a folder, whose networks and protocol are needed. Raises Failed for one that no collector has."""
    import pyarrow.parquet as pq

    from collector.studies import STUDIES

    with suppress(OSError, KeyError, IndexError):
        return STUDIES[pq.read_table(folder / "protocol.parquet", columns=["study"]).to_pylist()[0]["study"]]
    raise Failed(
        f"The networks of {name} cannot be loaded here: it was imported. Recommend by a study that was collected, such as haystack."
    )


def _own_models(path: Path | None) -> "tuple[Model, ...]":
    from collector.networks.own_models import own_models

    with translate_collector_errors():
        return own_models(path) if path else ()


def _time(args: argparse.Namespace) -> Time | None:
    """The time of --minutes, which begins now."""
    from collector.execution.local_pool import default_workers

    if args.minutes is None:
        return None
    return Time(args.minutes, args.workers or default_workers(), time.monotonic())


def _choice(
    args: argparse.Namespace, folder: Path, pool: str, extra: bool, available: Time | None
) -> "tuple[Choice, int, list[str], list[str]]":
    """The strategy, the budget it is chosen for, the models of the pool, and the procedures that the strategy needs.

    extra: there are models beside the study's. available: then the budget is how many average fine-tunes of the study it would be enough
    for, and the strategy one whose first picks few images show.
    """
    from collector.spec.study import EMBEDDING
    from warehouse import connect
    from warehouse.pace import average_finetune
    from warehouse.recommend import CHOICE, choices, needed

    with translate_warehouse_errors():
        con = connect(folder, pools=[pool], question=f"{CHOICE} finetune_cost")
        members = [model for (model,) in con.execute("select model::varchar from pool where pool = ?", [pool]).fetchall()]
        budget = args.budget or 2
        if available:
            seconds = average_finetune(con, pool) or available.minutes * 60.0
            budget = min(max(int(available.minutes * 60 * available.workers / seconds), 1), len(members))
        check_budget(con, pool, budget)
        possible = {choice.strategy: choice for choice in choices(con, pool, budget, remembers=not extra)}
        if args.strategy:
            check_names("strategy for new images", [args.strategy], possible)
            choice = possible[args.strategy]
        else:
            steady = (one for one in possible.values() if not available or set(needed(con, one.strategy)[0]) <= {*STEADY})
            choice = next(steady)
        proxies, embeds = needed(con, choice.strategy)
    return choice, budget, members, [*proxies, *([EMBEDDING] if embeds or proxies else [])]


def _fitting(
    con: "duckdb.DuckDBPyConnection", pool: str, own: "Study", base: "Study", models: Sequence[str], available: Time
) -> int:
    """How many of the models there is time to fine-tune, as long as that takes here. con: of both studies, opened with PACE."""
    from collector.planning.cost import ONE_CORE
    from warehouse.pace import paces

    pace = paces(con, pool, own.datasets[0].dataset, images_of(own), images_of(base))
    times = [pace[model].finetune for model in models]
    return fine_tunes([None if each is None else each + ONE_CORE.compile_seconds for each in times], available)


def _images(args: argparse.Namespace) -> "OwnImages":
    """Read the images in a process of its own: TensorFlow would keep 0.7 GB of this one."""
    from concurrent.futures.process import BrokenProcessPool

    from collector.execution.local_pool import local_pool
    from collector.spec.dataset import DatasetError

    print("Reading the images.", file=sys.stderr)
    try:
        with local_pool(1) as pool:
            images: OwnImages = pool.call(0, _read, args.images, args.name).result()
            return images
    except DatasetError as error:
        raise Failed(str(error)) from error
    except BrokenProcessPool as error:
        raise Failed("Reading the images was stopped, as where memory is short. Run it again.") from error


def _read(where: str, name: str | None) -> "OwnImages":
    from collector.execution.worker import without_stderr

    with without_stderr():  # TensorFlow's libraries report missing GPUs
        from collector.datasets.own.images import own_images

        return own_images(where, name)


def _own_study(base: "Study", images: "OwnImages", members: Sequence[str], extra: "Sequence[Model]") -> "Study":
    from collector.studies.own import own_study

    wanted = {*members, *(base.protocol.probes or ())}
    taken = [model.model for model in extra if model.model in {known.model for known in base.models}]
    if taken:
        raise BadUsage(f"{base.name} has a model {taken[0]} already. Give yours another name.")
    models = [model for model in base.models if model.model in wanted]
    return own_study(base, images.dataset, [*models, *extra], images.train, images.validation)


def _look(study: "Study", out: Path, members: Sequence[str], procedures: Sequence[str], workers: int | None) -> None:
    """Measure what is missing of the procedures: proxies of the members, embeddings of the probes. Raises Failed where one fails."""
    from collector.spec.study import EMBEDDING

    def wanted(item: "WorkItem") -> bool:
        return item.procedure in procedures and (item.procedure == EMBEDDING or item.model.model in members)

    measure(study, out, wanted, workers, 3600.0, "No advice")


def _lines(
    args: argparse.Namespace,
    images: "OwnImages",
    choice: "Choice",
    found: "Sequence[Pick]",
    known: "Evidence",
    seconds: float | None,
    study: "Study",
    models: int,
) -> Iterator[str]:
    from collector.execution.spread import spread
    from warehouse.output import align

    pool = args.pool or "ALL"
    yield (
        f"{images.dataset.dataset}: {images.used:,} images of {len(images.classes)} classes, {study.protocol.train_examples} "
        f"to train and {study.protocol.validation_examples} to validate"
    )
    yield ""
    known_models = len(known.finetune_seconds)
    yours = f" and {models - known_models} of yours" if models > known_models else ""
    many = f"these {len(found)}" if len(found) > 1 else "this one"
    yield f"Fine-tune {many} of {known_models} models of {args.study}{yours}, chosen by {choice.strategy}:"
    by_name = {model.model: model for model in study.models}
    proxies = list(dict.fromkeys(proxy for pick in found for proxy in pick.scores))
    rows = []
    for rank, pick in enumerate(found, 1):
        scores: list[object] = []
        for proxy in proxies:
            width = spread(study, by_name[pick.model], images.dataset, proxy)
            scores += [f"{pick.scores[proxy]:.3f}", f"{width[0]:.3f} to {width[1]:.3f}" if width else "-"]
        size = "-" if pick.num_params is None else f"{pick.num_params / 1e6:.1f} M"
        rows.append([rank, pick.model, *scores, size, pick.image_size or "-", pick.licence or "-"])
    heads = [head for proxy in proxies for head in (proxy, "on half of the images")]
    yield from align(("rank", "model", *heads, "parameters", "pixels", "licence"), rows)
    yield ""
    if args.minutes:
        yield f"As many as there is time for: {args.minutes} minutes, from reading the images to the last fine-tune."
    yield from _why(args, choice, known, pool, len(found))
    yield from _costs(found, known, seconds)


def _why(args: argparse.Namespace, choice: "Choice", known: "Evidence", pool: str, budget: int) -> Iterator[str]:
    screened = " and whose first pick few images show" if args.minutes else ""
    chosen = "you asked for it" if args.strategy else f"of the strategies that need no fine-tune{screened} it loses least there"
    if known.relative_regret is None:
        yield f"Why {choice.strategy}: {chosen}. {args.study} has no mean regret of it in the pool {pool}, so none is expected here."
        return
    interval = "" if known.low is None else f" (95 % interval {known.low:.3f} to {known.high:.3f} over other datasets)"
    yield (
        f"Why {choice.strategy}: {chosen}. At B = {budget} it gives up {known.relative_regret:.3f} of what the best model would have "
        f"gained{interval}: the mean of {known.datasets} datasets of {known.sources} sources."
    )
    if known.near:
        told = ", ".join(f"{dataset} {regret:.3f}" for dataset, regret in known.near)
        yield f"On the datasets nearest to these images it gave up: {told}."


def _costs(found: "Sequence[Pick]", known: "Evidence", seconds: float | None) -> Iterator[str]:
    times = [known.finetune_seconds.get(pick.model) for pick in found]
    everything = list(known.finetune_seconds.values())
    if seconds is not None:
        yield f"Looking took {seconds / 60:.1f} minutes of one core."
    if all(times) and all(everything):
        ours, whole = sum(filter(None, times)) / 60, sum(filter(None, everything)) / 60
        all_models = f"those of all {len(everything)} models of the study {whole:.0f}"
        yield f"By the study's times, the fine-tunes take {ours:.0f} minutes of one core, and {all_models}."
