"""Defines the columns of a study's fact files, as Arrow types. schema.sql documents them; a test keeps the two in agreement."""

from typing import Any

import pyarrow as pa

Row = dict[str, Any]

FINISHED = [("finished_at", pa.timestamp("us")), ("device", pa.string()), ("software", pa.string())]
SCHEMAS = {
    "finetune": pa.schema(
        [
            ("model", pa.string()),
            ("dataset", pa.string()),
            ("learning_rate", pa.float64()),
            ("repeat", pa.int32()),
            ("validation_accuracy", pa.float64()),
            ("test_accuracy", pa.float64()),
            ("seconds", pa.float64()),
            ("validation_curve", pa.list_(pa.float64())),
            ("final_loss", pa.float64()),
            ("diverged", pa.bool_()),
            ("seed", pa.int64()),
            *FINISHED,
        ]
    ),
    "proxy": pa.schema(
        [
            ("proxy", pa.string()),
            ("model", pa.string()),
            ("dataset", pa.string()),
            ("learning_rate", pa.float64()),
            ("repeat", pa.int32()),
            ("score", pa.float64()),
            ("seconds", pa.float64()),
            ("seed", pa.int64()),
            ("fold", pa.string()),
            *FINISHED,
        ]
    ),
    "representation": pa.schema(
        [("model", pa.string()), ("dataset", pa.string()), ("representation_seconds", pa.float64()), *FINISHED]
    ),
    "embedding": pa.schema(
        [
            ("probe", pa.string()),
            ("dataset", pa.string()),
            ("mean", pa.list_(pa.float32())),
            ("variance", pa.list_(pa.float32())),
            ("fisher", pa.list_(pa.float32())),
            ("seconds", pa.float64()),
            *FINISHED,
        ]
    ),
}
# Of PREDICTIONS in `layout`: names of classes, and the image, small, as JPEG; null where it is not kept.
PREDICTION = pa.schema(
    [("label", pa.string()), ("predicted", pa.string()), ("probability", pa.float64()), ("picture", pa.binary())]
)
# The columns that identify a row.
KEYS = {
    "finetune": ("model", "dataset", "learning_rate", "repeat"),
    "proxy": ("proxy", "model", "dataset", "learning_rate", "repeat"),
    "representation": ("model", "dataset"),
    "embedding": ("probe", "dataset"),
}
