"""Keeps representations in the cache, one file for each model and dataset of a study, so that a new proxy needs no forward pass.

float32, as the networks compute them: with float16 a score may move (`python -m bench.float16`), and room is cheap.
"""

import json
import os
import secrets
import zipfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from collector.artifacts.cache import cache_dir
from collector.storage.part import part_name


@dataclass(frozen=True)
class Origin:
    """What a representation was computed from. study: the digest of the protocol. network: the checksum of its weights. dataset: its
    version."""

    study: str
    network: str
    dataset: str


@dataclass(frozen=True)
class Representation:
    """One network's view of one dataset: train [n, d] and validation [m, d], float32, with labels [n] and [m], int32.

    source_logits [n, z], float32: what the network's own classification head says of the training half; None where nobody asked it.
    source_seconds: what that took beyond the representation.
    """

    train: npt.NDArray[np.float32]
    train_labels: npt.NDArray[np.int32]
    validation: npt.NDArray[np.float32]
    validation_labels: npt.NDArray[np.int32]
    source_logits: npt.NDArray[np.float32] | None = None
    source_seconds: float = 0.0


def load(model: str, dataset: str, origin: Origin) -> Representation | None:
    """Return the stored representation; None where there is none, it has another origin, or its file is damaged."""
    try:
        # Opened here, because np.load leaves a damaged file open.
        with _path(model, dataset, origin).open("rb") as file, np.load(file, allow_pickle=False) as stored:
            if stored["origin"].item() != _text(origin):
                return None
            found = {field.name: stored[field.name] for field in fields(Representation) if field.name in stored}
    except (FileNotFoundError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    return Representation(**{**found, "source_seconds": float(found["source_seconds"])})


def save(model: str, dataset: str, origin: Origin, representation: Representation) -> None:
    """Store a representation. The file appears complete or not at all, in place of an earlier one."""
    path = _path(model, dataset, origin)
    path.parent.mkdir(parents=True, exist_ok=True)
    arrays = {name: value for name, value in vars(representation).items() if value is not None}
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.npz")
    try:
        np.savez(temporary, allow_pickle=False, origin=np.array(_text(origin)), **arrays)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _path(model: str, dataset: str, origin: Origin) -> Path:
    return cache_dir() / "representations" / origin.study / f"{part_name((model, dataset))}.npz"


def _text(origin: Origin) -> str:
    return json.dumps(asdict(origin), sort_keys=True)
