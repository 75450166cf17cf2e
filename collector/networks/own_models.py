"""Reads a table of one's own networks: any TensorFlow Hub handle or SavedModel folder, described in the columns of the relation model."""

from dataclasses import fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from collector.spec.model import Model, ModuleError
from study_format.suggestions import nearest

NEEDED = ("model", "handle", "num_params", "feature_dim", "image_size")
NUMBERS = ("num_params", "feature_dim", "image_size")


def own_models(path: Path) -> tuple[Model, ...]:
    """Read the networks of a CSV or Parquet file, one a row. A handle that is a folder is relative to the file.

    Needs the columns model, handle, num_params (of the representation), feature_dim (its length) and image_size (native, pixels); the
    others of the relation may be there. Raises ModuleError for a file that cannot be read, columns that are missing or unknown, with the
    nearest name, and values that are empty, no numbers from 1, or a name twice.
    """
    rows = _read(path).to_pylist()
    if not rows:
        raise ModuleError(f"{path} has no row: each is a network.")
    names = [row["model"] for row in rows]
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise ModuleError(f"{path} has {twice[0]} twice.")
    return tuple(_model(path, number, row) for number, row in enumerate(rows, 1))


def _read(path: Path) -> pa.Table:
    try:
        table = pq.read_table(path) if path.suffix == ".parquet" else pa_csv.read_csv(path)
    except (OSError, pa.ArrowException) as error:
        raise ModuleError(f"{path} cannot be read as a table of networks: {error}") from error
    allowed = {field.name for field in fields(Model)}
    for name in table.column_names:
        if name not in allowed:
            raise ModuleError(f"{path} has a column {name!r}, which the relation model lacks.{nearest(name, sorted(allowed))}")
    absent = [name for name in NEEDED if name not in table.column_names]
    if absent:
        raise ModuleError(f"{path} has no column {absent[0]}: it needs {', '.join(NEEDED)}.")
    return table


def _model(path: Path, number: int, row: dict[str, Any]) -> Model:
    for name in NEEDED:
        value = row[name]
        if value is None or value == "" or (name in NUMBERS and not (isinstance(value, int) and value > 0)):
            kind = "a whole number from 1" if name in NUMBERS else "a text"
            raise ModuleError(f"{path}, row {number}: {name} is {value!r}, and should be {kind}.")
    folder = path.parent / row["handle"]
    handle = str(folder.resolve()) if folder.is_dir() else str(row["handle"])
    return Model(
        model=str(row["model"]),
        handle=handle,
        family=row.get("family") or "own",
        upstream=row.get("upstream") or "",
        upstream_examples=row.get("upstream_examples"),
        imagenet_accuracy=row.get("imagenet_accuracy"),
        num_params=row["num_params"],
        feature_dim=row["feature_dim"],
        image_size=row["image_size"],
        licence=row.get("licence") or "",
        source=row.get("source") or "",
    )
