"""Finds what a study still lacks, as work items, and puts them in order. Loads no TensorFlow."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc

from collector.proxies.registry import head_proxies
from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.protocol import Protocol
from collector.spec.study import EMBEDDING, Study
from collector.storage.folder import Folder, folder
from collector.storage.part import Run, named_key, part_name, says_its_runs
from collector.storage.store import Store, check_protocol, parts_of, read_part, stored_digest
from collector.storage.tables import protocol_table
from study_format.columns import Row
from study_format.layout import END
from study_format.suggestions import nearest

# Compiled programs that a worker keeps: order breadth returns to every network with each repeat.
PROGRAMS = 8
# Assumed for a test split whose size is not registered; those of the datasets built here have up to 1,000 images.
UNKNOWN_TEST_EXAMPLES = 1000

UNNAMED = ("finetune", EMBEDDING)  # the procedures that are facts of their own, whose parts do not name them

Order = Literal["breadth", "model", "cheapest"]


@dataclass(frozen=True, slots=True)
class WorkItem:
    """Runs that are measured together: of one procedure, model and dataset and, for fine-tunes, of one repeat.

    runs: their (learning_rate, repeat), in the order of their repeats; learning_rate is None for a proxy without one. images: about how
    many forward passes over one image it costs, where training on one counts as three; progress is measured in it.
    """

    procedure: str
    model: Model
    dataset: Dataset
    runs: tuple[Run, ...]
    images: int

    @property
    def fact(self) -> str:
        """The fact table that its rows go to."""
        return self.procedure if self.procedure in UNNAMED else "proxy"

    @property
    def cell(self) -> tuple[str, ...]:
        """The key that its rows share: (model, dataset), after the proxy's name where it is one."""
        key = (self.model.model, self.dataset.dataset)
        return key if self.procedure in UNNAMED else (self.procedure, *key)

    @property
    def lease(self) -> str:
        """The name of the lease that a collector holds while it runs this."""
        return "+".join(map(quote, (self.procedure, self.model.model, self.dataset.dataset, str(self.runs[0][1]))))

    def only(self, *runs: Run) -> "WorkItem":
        """The item with only some of its runs."""
        return WorkItem(self.procedure, self.model, self.dataset, runs, self.images * len(runs) // len(self.runs))


def model_of(lease: str) -> str:
    """The name of the model in a lease."""
    return unquote(lease.split("+")[1])


def missing(study: Study, location: Folder | Path) -> list[WorkItem]:
    """List every run that the protocol asks for and the folder does not hold, model by model, dataset by dataset.

    The names of the parts tell what is stored; only packed parts, and studies that no collector wrote, are read. Raises StoreError where a
    part cannot be read, which it names, or where the folder holds results of another protocol; FolderError.
    """
    where = folder(location)
    check_protocol(where, protocol_table(study.protocol))
    study_digest = stored_digest(where)
    procedures = _procedures(study)
    for fact in (*UNNAMED, "proxy"):
        of_fact = {one.name: one for one in procedures if one.name == fact or (fact == "proxy" and one.name not in UNNAMED)}
        path, names = parts_of(where, fact)
        for name in names:
            if study_digest and says_its_runs(fact, name):
                cell, run = named_key(fact, name) or ((), None)
                found = of_fact.get(cell[0] if fact == "proxy" else fact)
                if found is not None:
                    found.mark_done(cell[-2], cell[-1], run)
            else:
                table = read_part(where, f"{path}/{name}{END}", fact, study_digest)
                for one in of_fact.values():
                    if fact == EMBEDDING:
                        for probe, dataset in zip(table["probe"].to_pylist(), table["dataset"].to_pylist(), strict=True):
                            one.mark_done(probe, dataset, None)
                    else:
                        one.mark_rows_done(table if fact == "finetune" else table.filter(pc.equal(table["proxy"], one.name)))
    return _items(study, procedures)


def everything(study: Study) -> list[WorkItem]:
    """List every run that the protocol asks for, in the order of `missing`."""
    return _items(study, _procedures(study))


def without_stored_runs(store: Store, item: WorkItem) -> WorkItem | None:
    """Return the item without the runs that are stored by now; None where no run is left."""
    if store.has(item.fact, part_name(item.cell)):
        return None
    left = tuple(run for run in item.runs if not store.has(item.fact, part_name(item.cell, run)))
    if left == item.runs:
        return item
    return item.only(*left) if left else None


def parts(study: Study, item: WorkItem, rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Split an item's rows into parts, by name: one part for a complete cell of a proxy, else one per run."""
    if item.procedure != "finetune" and len(rows) == sum(map(len, _run_groups(study, item.procedure))):
        return [(part_name(item.cell), list(rows))]
    return [(part_name(item.cell, (row.get("learning_rate"), row["repeat"])), [row]) for row in rows]


def _procedures(study: Study) -> list["_Procedure"]:
    """Raises UnknownProxyError, and ValueError where head_proxies are not those of the protocol's proxies that need a head, and for a
    probe that is not a model of the study."""
    protocol = study.protocol
    names = [model.model for model in study.models]
    for probe in protocol.probes or ():
        if probe not in names:
            raise ValueError(f"probes names {probe!r}, which is not a model of {study.name}.{nearest(probe, names)}")
    if (protocol.head_proxies or ()) != (needed := head_proxies(protocol.proxies)):
        raise ValueError(
            f"head_proxies is {protocol.head_proxies}; of the proxies {protocol.proxies} these need a head: {needed}"
        )
    return [_Procedure(study, name) for name in study.procedures]


class _Procedure:
    """Which runs of a procedure are done: one byte per run, model by model, dataset by dataset."""

    def __init__(self, study: Study, name: str) -> None:
        self.name = name
        self.needs_head = name in (study.protocol.head_proxies or ())
        self.probes = study.protocol.probes or () if name == EMBEDDING else None
        self.groups = [tuple(runs) for runs in _run_groups(study, name)]
        self.runs = {run: index for index, run in enumerate(run for group in self.groups for run in group)}
        self.size = len(self.runs)
        self.models = {model.model: index for index, model in enumerate(study.models)}
        self.datasets = {dataset.dataset: index for index, dataset in enumerate(study.datasets)}
        self.done = bytearray(len(self.models) * len(self.datasets) * self.size)

    def asks(self, model: Model) -> bool:
        """Whether it has runs of a model: heads are asked of those that have one, embeddings of the probes."""
        if self.probes is not None:
            return model.model in self.probes
        return model.source_classes is not None or not self.needs_head

    def mark_done(self, model: str, dataset: str, run: Run | None) -> None:
        """Mark a run as done; None: all runs of the cell. Models and datasets that are not in the study are ignored."""
        row, column = self.models.get(model), self.datasets.get(dataset)
        if row is None or column is None:
            return
        start = (row * len(self.datasets) + column) * self.size
        if run is None:
            self.done[start : start + self.size] = b"\1" * self.size
        elif run in self.runs:
            self.done[start + self.runs[run]] = 1

    def mark_rows_done(self, table: pa.Table) -> None:
        """Mark all runs of a table as done."""
        rates = sorted({rate for rate, _ in self.runs}, key=lambda rate: (rate is not None, rate))
        repeats = max(repeat for _, repeat in self.runs) + 1
        # From (rate, repeat) to a cell of a dense grid, and from there to the index of the run.
        grid = [self.runs.get((rate, repeat), -1) for rate in rates for repeat in range(repeats)]
        indices = [
            pc.index_in(table["model"], value_set=pa.array(self.models, pa.string())),
            pc.index_in(table["dataset"], value_set=pa.array(self.datasets, pa.string())),
            pc.index_in(table["learning_rate"], value_set=pa.array(rates, pa.float64())),
            pc.if_else(pc.and_(pc.greater_equal(table["repeat"], 0), pc.less(table["repeat"], repeats)), table["repeat"], None),
        ]
        cell = pc.add(pc.multiply(pc.cast(indices[0], pa.int64()), len(self.datasets)), indices[1])
        run = pc.take(pa.array(grid), pc.add(pc.multiply(indices[2], repeats), indices[3]))
        offset = pc.add(pc.multiply(cell, self.size), run)
        for found in pc.filter(offset, pc.fill_null(pc.greater_equal(run, 0), False)).drop_null().to_pylist():
            self.done[found] = 1


def _items(study: Study, procedures: Sequence[_Procedure]) -> list[WorkItem]:
    items = []
    images = {
        (one.name, dataset.dataset): [_images(study, one.name, dataset, count) for count in range(one.size + 1)]
        for one in procedures
        for dataset in study.datasets
    }
    cell = 0
    for model in study.models:
        for dataset in study.datasets:
            for one in procedures:
                if not one.asks(model):
                    continue
                costs = images[one.name, dataset.dataset]
                offset = cell * one.size
                if one.done.find(1, offset, offset + one.size) < 0:  # most cells: of a million, each microsecond counts
                    items += [WorkItem(one.name, model, dataset, group, costs[len(group)]) for group in one.groups]
                    continue
                for group in one.groups:
                    done = one.done[offset : offset + len(group)]
                    offset += len(group)
                    left = tuple(run for run, there in zip(group, done, strict=True) if not there)
                    if left:
                        items.append(WorkItem(one.name, model, dataset, left, costs[len(left)]))
            cell += 1
    return items


def in_order(items: Iterable[WorkItem], order: Order) -> list[WorkItem]:
    """Sort work items, which come model by model.

    breadth: repeat 0 of every cell before repeat 1 of any, so that a study can answer early; a cell's proxies, which compute all their
    repeats at once, come with repeat 0. Any other order: unchanged, which pays where programs are expensive to compile.
    """
    return sorted(items, key=first_repeat) if order == "breadth" else list(items)


def first_repeat(item: WorkItem) -> int:
    """Return the lowest repeat of an item's runs."""
    return item.runs[0][1]


def select(
    items: Iterable[WorkItem], models: Sequence[str], datasets: Sequence[str], procedures: Sequence[str]
) -> list[WorkItem]:
    """Return the items of the named models, datasets and procedures; an empty list of names stands for all."""
    return [
        item
        for item in items
        if (not models or item.model.model in models)
        and (not datasets or item.dataset.dataset in datasets)
        and (not procedures or item.procedure in procedures)
    ]


def _run_groups(study: Study, procedure: str) -> list[list[Run]]:
    protocol = study.protocol
    if procedure == "finetune":
        return [[(rate, repeat) for rate in protocol.learning_rates] for repeat in range(protocol.repeats)]
    if procedure == "linear":
        return [[(rate, repeat) for repeat in range(protocol.linear_repeats) for rate in protocol.linear_learning_rates]]
    return [[(None, 0)]]


def evaluated_images(protocol: Protocol, dataset: Dataset) -> int:
    """Count the images that a fine-tune is evaluated on: the validation images at each point of its curve, and the test images once."""
    validated = (1 + len(protocol.curve_steps)) * protocol.validation_examples
    return validated + (protocol.test_examples or dataset.num_test or UNKNOWN_TEST_EXAMPLES)


def _images(study: Study, procedure: str, dataset: Dataset, runs: int) -> int:
    protocol = study.protocol
    if procedure == "finetune":
        return runs * (3 * protocol.steps * protocol.batch_size + evaluated_images(protocol, dataset))
    return protocol.train_examples + protocol.validation_examples
