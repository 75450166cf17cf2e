"""How long it takes to plan and to resume a study of 10^6 cells: python -m bench.scale_collect FOLDER (on a disk with 2 GB to spare).

1,000 models × 334 datasets × 3 procedures, with the paper's learning rates and repeats: 1,002,000 cells, 7,014,000 runs. Resumed with
half of them in a packed part and 100,000 parts of their own, each written by the collector's own store. The competitor is what
resuming was before: every row of every part as a Python dictionary, its key in a set, here measured on a twentieth and multiplied.
"""

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from collector.planning.work_item import everything, in_order, missing
from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.study import Study
from collector.storage import tables
from collector.storage.folder import folder
from collector.storage.part import digest, encode, part_name
from collector.storage.store import Store, move_damaged, open_store, write_metadata
from collector.studies import HAYSTACK
from study_format.checksum import Mark
from study_format.columns import SCHEMAS

LOOSE = 100_000


def study(models: int, datasets: int) -> Study:
    """So many models and datasets, two learning rates, five repeats."""
    return Study(
        replace(HAYSTACK.protocol, study="million"),
        tuple(Model(f"model-{one:04}", "", "expert", "", None, None, 1, 1, 1, "", "") for one in range(models)),
        tuple(Dataset(f"dataset-{one:03}", "natural", 2, "", "1", "", "") for one in range(datasets)),
    )


def timed(label: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call it, and print how long that took, in wall and in processor seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    found = function(*arguments)
    print(f"{label:62} {time.perf_counter() - wall:6.1f} s wall {time.process_time() - processor:6.1f} s processor", flush=True)
    return found


def write_half(made: Study, store: Store) -> None:
    """Everything of the first half of the models, packed; then parts of the next ones' fine-tunes."""
    half = made.models[: len(made.models) // 2]
    runs = [(rate, repeat) for repeat in range(5) for rate in made.protocol.learning_rates]
    cells = [(model.model, dataset.dataset) for model in half for dataset in made.datasets]
    packed("finetune", store, [(*cell, *run) for cell in cells for run in runs], ("model", "dataset", "learning_rate", "repeat"))
    proxies = [("linear", *cell, *run) for cell in cells for run in runs] + [("knn", *cell, None, 0) for cell in cells]
    packed("proxy", store, proxies, ("proxy", "model", "dataset", "learning_rate", "repeat"))
    left = LOOSE
    for model in made.models[len(half) :]:
        for dataset in made.datasets:
            for rate, repeat in runs:
                if left:
                    write_part(store, model.model, dataset.dataset, rate, repeat)
                    left -= 1


def packed(fact: str, store: Store, keys: list[tuple[Any, ...]], names: tuple[str, ...]) -> None:
    """A packed part of these keys."""
    columns = dict(zip(names, zip(*keys, strict=True), strict=True))
    types = SCHEMAS[fact]
    rest = {field.name: pa.nulls(len(keys), field.type) for field in types if field.name not in columns}
    table = pa.table({**{name: pa.array(of, types.field(name).type) for name, of in columns.items()}, **rest}).select(types.names)
    store.folder.put(store.path(fact, "packed"), encode(table, Mark(store.study, f"{fact}/packed")))


def write_part(store: Store, model: str, dataset: str, rate: float, repeat: int) -> None:
    """As the store does, but for the flush to the disk, which takes longest."""
    row = {"model": model, "dataset": dataset, "learning_rate": rate, "repeat": repeat, "test_accuracy": 0.5,
           "finished_at": datetime(2026, 1, 1), "device": "one H100", "software": "needle 0.1.0"}  # fmt: skip
    name = part_name((model, dataset), (rate, repeat))
    content = encode(pa.Table.from_pylist([row], SCHEMAS["finetune"]), Mark(store.study, f"finetune/{name}"), small=True)
    Path(store.folder.at(store.path("finetune", name))).write_bytes(content)


def as_before(path: Path) -> int:
    """A twentieth of the packed rows, as dictionaries, their keys in a set."""
    table = pq.ParquetFile(path / "finetune" / "packed.parquet").read()
    rows = table.slice(0, len(table) // 20).to_pylist()
    return len({("finetune", row["model"], row["dataset"], row["learning_rate"], row["repeat"]) for row in rows})


def main() -> None:
    path = Path(sys.argv[1])
    made = study(1000, 334)
    where = folder(path)
    items = timed("plan: all items of 1,002,000 cells", everything, made)
    timed("plan: in breadth-first order", in_order, items, "breadth")
    print(f"{len(items):,} items, {sum(len(item.runs) for item in items):,} runs")
    del items
    protocol = tables.protocol_table(made.protocol)
    write_metadata(where, tables.model_table(made.models), tables.dataset_table(made.datasets, [1] * 334), protocol)
    assert digest(protocol)
    store = open_store(where, protocol)
    try:
        timed(f"(write half, packed, and {LOOSE:,} parts)", write_half, made, store)
        items = timed("resume: what is missing", missing, made, where)
        print(f"{len(items):,} items, {sum(len(item.runs) for item in items):,} runs are missing")
        timed(f"resume: checksums of {LOOSE:,} parts and of the packed ones", move_damaged, where)
        timed("before: 1/20 of the packed fine-tunes as rows", as_before, path)
    finally:
        shutil.rmtree(path)


if __name__ == "__main__":
    main()
