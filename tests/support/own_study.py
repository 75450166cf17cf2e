"""A study of somebody's own images as `needle recommend --finetune` leaves it, in the world's form: every number is chosen by hand.

Of the three models of world.py, b has no score of kNN. The trained model took 3 pictures of 7 for another class, 2 of them foxes for cats.
"""

import json
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import world
from PIL import Image

from study_format.columns import PREDICTION

DATASETS: list[world.Row] = [{"dataset": "photos", "num_classes": 3, "num_test": 7, "source": "own images"}]
PROTOCOL: world.Row = {**world.PROTOCOL, "study": "photos", "proxies": ["knn", "logme"]}
LOGME = {"a": 0.25, "b": 0.75, "c": 0.25}  # a tie goes to the first name
SECONDS = {"a": 2.0, "b": 8.0, "c": 4.0}
HOSTILE = "<img src=x onerror=alert(1)> `*fox*`"
ANSWERS = [
    ("cat", "cat", 0.9),
    ("cat", "dog", 0.6),
    ("dog", "dog", 0.8),
    (HOSTILE, "cat", 0.7),
    (HOSTILE, HOSTILE, 0.5),
    (HOSTILE, "cat", 0.95),
    (HOSTILE, HOSTILE, 0.99),
]


def picture(level: int) -> bytes:
    file = BytesIO()
    Image.new("RGB", (8, 8), (level, 0, 0)).save(file, "JPEG")
    return file.getvalue()


def write_own(folder: Path) -> Path:
    """Write the study with its fine-tunes and its trained model."""
    key = {"dataset": "photos", "repeat": 0}
    scores = [{**key, "proxy": "logme", "model": model, "score": score} for model, score in LOGME.items()]
    scores += [{**key, "proxy": "knn", "model": model, "score": score} for model, score in (("a", 0.4), ("c", 0.6))]
    runs = [
        {**key, "model": "b", "learning_rate": rate, "validation_accuracy": found, "test_accuracy": found}
        for rate, found in ((0.1, 0.5), (0.01, 0.875))
    ]
    world.write_study(folder, world.MODELS, DATASETS, PROTOCOL, runs, scores)
    passes = [{"model": model, "dataset": "photos", "representation_seconds": found} for model, found in SECONDS.items()]
    world.write(folder / "representation" / "part.parquet", passes)
    (folder / "study.json").write_text(json.dumps({"strategy": "logme", "pool": "num_params < 3e7"}))
    metadata = {
        "made_of": {"model": "b", "learning_rate": 0.01},
        "validation_accuracy": 0.875,
        "test_accuracy": 4 / 7,
    }
    (folder / "model").mkdir()
    (folder / "model" / "metadata.json").write_text(json.dumps(metadata))
    write_answers(folder / "model" / "predictions.parquet", [picture(30 * number) for number in range(len(ANSWERS))])
    return folder


def write_answers(path: Path, pictures: list[bytes | None]) -> None:
    """Write the answers with these pictures."""
    rows = [
        {"label": label, "predicted": predicted, "probability": probability, "picture": one}
        for (label, predicted, probability), one in zip(ANSWERS, pictures, strict=True)
    ]
    pq.write_table(pa.Table.from_pylist(rows, PREDICTION), path)
