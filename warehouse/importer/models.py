"""Reads what a user knows about the models of a table: a CSV file with the contract's columns of `model`."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from study_format.suggestions import nearest
from warehouse.importer.read import ImportFileError, Line, read_lines
from warehouse.importer.report import Note, note
from warehouse.importer.table import Row
from warehouse.importer.value import NOTHING, as_number

POSITIVE = ("num_params", "feature_dim", "image_size")


def read_models(path: Path, schema: pa.Schema, models: Sequence[str]) -> tuple[dict[str, Row], list[Note]]:
    """{model: its metadata} of the models of a table, and notes on models that only the file or only the table has.

    schema: the columns of `model`. What the file lacks is null. Raises ImportFileError for an unknown column, a model that stands there
    twice and a value of the wrong type.
    """
    header, lines = read_lines(path, ("model",))
    for column in header:
        if column not in schema.names:
            raise ImportFileError(
                f"{path}: unknown column {column!r}.{nearest(column, schema.names)} Accepted are {', '.join(schema.names)}."
            )
    found: dict[str, Row] = {}
    for line in lines:
        model = line.values["model"]
        if not model or model in found:
            raise ImportFileError(
                f"{line.where}: model {model!r} stands there twice." if model else f"{line.where}: model is empty."
            )
        found[model] = {column: _value(line, column, schema.field(column).type) for column in header}
    lacking, unused = [m for m in models if m not in found], [m for m in found if m not in models]
    notes = [
        *note(
            "kept", f"models that {path.name} lacks", "their metadata are null, and pools that need them are undecided", lacking
        ),
        *note("left out", "models", f"only {path.name} has them, the table does not", [m + _hint(m, lacking) for m in unused]),
    ]
    return {model: row for model, row in found.items() if model in models}, notes


def _hint(model: str, lacking: Sequence[str]) -> str:
    near = nearest(model, lacking).removeprefix(" Did you mean ").removesuffix("?")
    return f" (the table has {near})" if near else ""


def _value(line: Line, column: str, kind: pa.DataType) -> str | int | float | None:
    text = line.values[column]
    if pa.types.is_string(kind):
        return text or None
    if text.lower() in NOTHING:
        return None
    where = f"{line.where}, {column}"
    if pa.types.is_floating(kind):
        value = as_number(text, where)
        if not 0 <= value <= 1:
            raise ImportFileError(f"{where}: {text!r} is not a fraction in [0, 1].")
        return value
    if not (text.isascii() and text.isdigit()) or (column in POSITIVE and int(text) == 0):
        raise ImportFileError(f"{where}: {text!r} is not a positive whole number. Write 23500000; leave an unknown one empty.")
    return int(text)
