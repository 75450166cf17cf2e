"""Runs work items: loads networks and images as they are needed, trains or scores, and stores the rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import logging as absl_logging
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from collector.artifacts import representations
from collector.artifacts.download import PackageError
from collector.artifacts.representations import Origin, Representation
from collector.datasets import loading
from collector.datasets.loading import Images
from collector.execution.keep_last import keep_last
from collector.execution.provenance import finished
from collector.execution.scoring import score
from collector.networks.hub_module import load
from collector.networks.resolve import resolve_saved_model
from collector.networks.zoo import ZooError, saved_model
from collector.networks.zoo.registry import PREFIX
from collector.planning.work_item import PROGRAMS, WorkItem, parts
from collector.procedures import linear
from collector.procedures.clock import clock
from collector.procedures.export import export
from collector.procedures.finetune import finetune
from collector.procedures.program import Program, traced_program
from collector.procedures.seed import seed_of
from collector.procedures.source_head import source_head
from collector.proxies.embedding import embedding
from collector.proxies.registry import PROXIES, TRAINED
from collector.spec.dataset import Dataset, DatasetError
from collector.spec.model import Model, ModuleError
from collector.spec.study import EMBEDDING, Study
from collector.storage.fingerprint import check_unchanged
from collector.storage.part import part_name
from collector.storage.store import Store, read_packed
from collector.trained.facts import Answers
from collector.trained.predicting import answers, load_classifier
from study_format.columns import Row

# Datasets kept in memory, each at one image size: every model needs all of them.
DATASETS = 24

FAILURES = (ModuleError, ZooError, PackageError, DatasetError, tf.errors.OpError, ValueError, MemoryError)


@dataclass(frozen=True)
class WorkerContext:
    """What the work items of a worker share. All functions compute at their first use and keep the result.

    with_head: the representation together with what the network's own head says.
    """

    study: Study
    store: Store
    program: Callable[[Model], Program]
    images: Callable[[Dataset, int], Images]
    representation: Callable[[Model, Dataset], Representation]
    with_head: Callable[[Model, Dataset], Representation]


def set_up() -> None:
    """Make this process compute the same bits for the same key: deterministic kernels and, on a CPU, one thread."""
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)  # workers share it
    if not tf.config.list_physical_devices("GPU"):
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.experimental.enable_op_determinism()
    tf.random.set_seed(0)
    absl_logging.set_verbosity(absl_logging.ERROR)  # tensorflow-datasets warns about its own deprecated calls
    tf.get_logger().setLevel("ERROR")  # it takes the programs of several networks for one that is traced too often


def make_context(study: Study, store: Store, programs: int = PROGRAMS) -> WorkerContext:
    """Make an empty context: networks and images are loaded at their first use. programs: how many it keeps, and as many heads."""

    @lru_cache(PROGRAMS)
    def network(model: Model) -> tuple[Path, str]:
        """The folder of a network's SavedModel, and the checksum of its weights."""
        found = resolve_saved_model(model)
        zoo = model.handle.startswith(PREFIX)
        return found, found.name if zoo else check_unchanged(store.folder, model.model, found)

    @keep_last(programs)
    def program(model: Model) -> Program:
        found, _ = network(model)
        return traced_program(load(str(found)), model, study.protocol, study.widest)

    @lru_cache(DATASETS)
    def images(dataset: Dataset, size: int) -> Images:
        return loading.load(dataset, study.protocol, size)

    @keep_last(programs)
    def head(model: Model) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
        return source_head(load(str(saved_model(model, head=True))), model, model.input_size(study.protocol.image_size))

    packed = {(row["model"], row["dataset"]) for row in read_packed(store.folder, "representation").to_pylist()}

    def origin(model: Model, dataset: Dataset) -> Origin:
        _, checksum = network(model)
        return Origin(store.study, checksum, dataset.version)

    @lru_cache(1)  # the items of a cell follow each other
    def representation(model: Model, dataset: Dataset) -> Representation:
        key = (model.model, dataset.dataset)
        timed = key in packed or store.has("representation", part_name(key))
        found = representations.load(*key, origin(model, dataset)) if timed else None
        if found is None:
            traced = program(model)
            traced.reset()
            splits = images(dataset, traced.image_size)
            start = clock()
            train, validation = (traced.represent(split.images) for split in (splits.train, splits.validation))
            if not timed:
                seconds = clock() - start
                row = {"model": model.model, "dataset": dataset.dataset, "representation_seconds": seconds}
                store.add("representation", part_name(key), [row | finished(traced.execution_mode)])
            found = Representation(train, splits.train.labels, validation, splits.validation.labels)
            representations.save(*key, origin(model, dataset), found)
        return found

    @lru_cache(1)
    def with_head(model: Model, dataset: Dataset) -> Representation:
        found = representation(model, dataset)
        if found.source_logits is None:
            ask, splits = head(model), images(dataset, model.input_size(study.protocol.image_size))
            start = clock()
            logits = ask(splits.train.images)
            found = replace(found, source_logits=logits, source_seconds=clock() - start)
            representations.save(model.model, dataset.dataset, origin(model, dataset), found)
        return found

    return WorkerContext(study, store, program, images, representation, with_head)


def measure(context: WorkerContext, item: WorkItem) -> None:
    """Measure the runs of a work item and store their rows. Raises one of FAILURES."""
    if item.procedure == "finetune":
        for rate, repeat in item.runs:
            assert rate is not None
            _store(context, item, [_finetune(context, item, rate, repeat)], context.program(item.model).execution_mode)
    elif item.procedure == EMBEDDING:
        context.store.add(item.fact, part_name(item.cell), [_embed(context, item)])
    else:
        _store(context, item, _linear(context, item) if item.procedure == TRAINED else _score(context, item))


def train_again(context: WorkerContext, item: WorkItem, folder: Path) -> Answers:
    """Train the only run of a fine-tune again, which gives the same weights, save them as a SavedModel, and ask that.

    Stores no row. Raises one of FAILURES.
    """
    ((rate, repeat),) = item.runs
    assert rate is not None
    _finetune(context, item, rate, repeat)
    program = context.program(item.model)
    export(program, folder)
    images = context.images(item.dataset, program.image_size)
    return answers(load_classifier(folder), images, item.dataset.num_classes)


def _finetune(context: WorkerContext, item: WorkItem, rate: float, repeat: int) -> Row:
    program = context.program(item.model)
    images = context.images(item.dataset, program.image_size)
    seed = seed_of("finetune", item.model.model, item.dataset.dataset, rate, repeat)
    found = finetune(program, images, item.dataset.num_classes, context.study.protocol, rate, seed)
    return {
        "learning_rate": rate,
        "repeat": repeat,
        "validation_accuracy": found.validation_accuracy,
        "test_accuracy": found.test_accuracy,
        "validation_curve": found.validation_curve,
        "final_loss": found.final_loss,
        "diverged": found.diverged,
        "seconds": found.seconds,
        "seed": seed,
    }


def _linear(context: WorkerContext, item: WorkItem) -> list[Row]:
    found = context.representation(item.model, item.dataset)
    protocol = context.study.protocol
    heads = []
    for rate, repeat in item.runs:
        assert rate is not None
        # The learning rates of a repeat share their batches, so that gathering them is shared too.
        heads.append(linear.Head(rate, repeat, seed_of("linear", item.model.model, item.dataset.dataset, repeat)))
    start = clock()
    scores = linear.train(
        found.train,
        found.train_labels,
        found.validation,
        found.validation_labels,
        item.dataset.num_classes,
        heads,
        protocol.linear_steps,
        protocol.linear_batch_size,
        protocol.linear_momentum,
    )
    seconds = (clock() - start) / len(heads)
    return [
        {"learning_rate": head.learning_rate, "repeat": head.repeat, "score": score, "seconds": seconds, "seed": head.seed}
        for head, score in zip(heads, scores, strict=True)
    ]


def _score(context: WorkerContext, item: WorkItem) -> list[Row]:
    proxy = PROXIES[item.procedure]
    if proxy.needs_head and item.model.source_classes is None:
        raise ModuleError(
            f"{proxy.name} asks a network's own classification head, and {item.model.model} has none. The pool HEAD has them."
        )
    found = (context.with_head if proxy.needs_head else context.representation)(item.model, item.dataset)
    start = clock()
    value = score(proxy, found, item.dataset.num_classes)
    seconds = clock() - start + (found.source_seconds if proxy.needs_head else 0)
    return [{"repeat": 0, "score": value, "seconds": seconds}]


def _embed(context: WorkerContext, item: WorkItem) -> Row:
    found = context.representation(item.model, item.dataset)
    start = clock()
    with threadpool_limits(1, user_api="blas"):
        vectors = embedding(found.train, found.train_labels, item.dataset.num_classes)
    seconds = clock() - start
    return {"probe": item.model.model, "dataset": item.dataset.dataset, **vars(vectors), "seconds": seconds, **finished()}


def _store(context: WorkerContext, item: WorkItem, rows: Sequence[Row], execution_mode: str | None = None) -> None:
    """Store the rows of an item: fine-tunes one by one, a proxy's runs in one part if its cell has no others."""
    key = {"model": item.model.model, "dataset": item.dataset.dataset}
    if item.procedure != "finetune":
        key = {"proxy": item.procedure, **key}
    for name, part in parts(context.study, item, [{**key, **row, **finished(execution_mode)} for row in rows]):
        context.store.add(item.fact, name, part)
