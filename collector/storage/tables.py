"""Turns a study's models, datasets and protocol into Arrow tables."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import get_type_hints

import pyarrow as pa

from collector.spec.dataset import Dataset
from collector.spec.model import Model
from collector.spec.protocol import Protocol
from collector.storage.part import GROWING

MODEL = ("model", "handle", "family", "upstream", "upstream_examples", "imagenet_accuracy", "num_params", "feature_dim", "image_size",
         "licence", "source", "source_classes")  # fmt: skip
DATASET = ("dataset", "vtab_group", "num_classes", "source", "version", "licence")
ARROW = {
    str: pa.string(),
    str | None: pa.string(),
    int: pa.int64(),
    int | None: pa.int64(),
    float: pa.float64(),
    float | None: pa.float64(),
    bool: pa.bool_(),
    tuple[float, ...]: pa.list_(pa.float64()),
    tuple[float, ...] | None: pa.list_(pa.float64()),
    tuple[str, ...]: pa.list_(pa.string()),
    tuple[str, ...] | None: pa.list_(pa.string()),
}


def model_table(models: Sequence[Model]) -> pa.Table:
    """One row per model."""
    return pa.Table.from_pylist([{name: getattr(model, name) for name in MODEL} for model in models], _schema(Model, MODEL))


def dataset_table(datasets: Sequence[Dataset], num_test: Sequence[int]) -> pa.Table:
    """One row per dataset. num_test: of each, the number of test examples that its accuracies are measured on."""
    rows = [{name: getattr(dataset, name) for name in DATASET} for dataset in datasets]
    table = pa.Table.from_pylist(rows, _schema(Dataset, DATASET))
    return table.append_column("num_test", pa.array(num_test, pa.int64()))


def protocol_table(protocol: Protocol) -> pa.Table:
    """The one row of a study's protocol."""
    return pa.Table.from_pylist([asdict(protocol)], _schema(Protocol, tuple(asdict(protocol))))


def grown(protocol: pa.Table, other: pa.Table) -> pa.Table:
    """Return a protocol with the proxies that the other one lists besides."""
    (row,), (more,) = protocol.to_pylist(), other.to_pylist()
    for name in GROWING:
        listed = dict.fromkeys([*(row.get(name) or ()), *(more.get(name) or ())])
        row[name] = list(listed) or row.get(name)
    growing = pa.schema([field for field in other.schema if field.name in GROWING])
    schema = pa.unify_schemas([protocol.schema, growing], promote_options="permissive")  # either may be of before a column was
    return pa.Table.from_pylist([row], schema)


def _schema(row: type, names: Sequence[str]) -> pa.Schema:
    types = get_type_hints(row)
    return pa.schema([(name, ARROW[types[name]]) for name in names])
