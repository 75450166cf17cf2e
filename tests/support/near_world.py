"""A study of six datasets on a line, as a probe sees them, with three models and no proxies: for strategies with memory."""

from pathlib import Path

import world

# By the mean of their embedding alone they stand on a line. Cats and dogs share their pictures.
PLACES = {"cats": 0.0, "dogs": 0.0, "maps": 1.0, "roads": 3.0, "cells": 6.0, "moon": 10.0}
DATASETS = [{"dataset": name, "source": "pets: tasks" if name in ("cats", "dogs") else name, "num_classes": 2} for name in PLACES]
MODELS = [{**model, "feature_dim": 2} for model in world.MODELS]
ACCURACY = {
    "cats": (0.9, 0.1, 0.1), "dogs": (0.9, 0.2, 0.2), "maps": (0.3, 0.6, 0.5), "roads": (0.2, 0.5, 0.9), "cells": (0.7, 0.4, 0.7),
    "moon": (0.9, 0.1, 0.1),
}  # fmt: skip
PROTOCOL = {"study": "near", "repeats": 1, "proxies": None, "linear_repeats": None, "probes": ["a"]}


def embedding(dataset: str, **different: object) -> world.Row:
    row = {"probe": "a", "dataset": dataset, "mean": [PLACES[dataset], 0.0], "variance": [1.0, 1.0], "fisher": [1.0, 1.0]}
    return {**row, "seconds": 0.5, "device": "x", **different}


def study(folder: Path, embeddings: list[world.Row] | None = None, protocol: world.Row = PROTOCOL) -> Path:
    finetune = [
        {"model": model, "dataset": dataset, "repeat": 0, "test_accuracy": value, "seconds": 100.0, "device": "x"}
        for dataset, values in ACCURACY.items()
        for model, value in zip("abc", values, strict=True)
    ]
    world.write_study(folder, models=MODELS, datasets=DATASETS, protocol=protocol, finetune=finetune, proxy=[])
    world.write(folder / "embedding" / "part.parquet", [embedding(name) for name in PLACES] if embeddings is None else embeddings)
    passes = [{"model": m, "dataset": d, "representation_seconds": 2.0, "device": "x"} for m in "abc" for d in PLACES]
    world.write(folder / "representation" / "part.parquet", passes)
    return folder
