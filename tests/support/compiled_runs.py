"""python -m compiled_runs FOLDER… CHAIN: fine-tune these modules, compiled by XLA, on several datasets; print what each run measured.

CHAIN is fine-tuned with room for its activations and then without.
"""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import tiny

from collector.graph.checkpoint_planner import plan_checkpoints
from collector.networks import hub_module
from collector.networks.zoo import hub_format
from collector.procedures.finetune import finetune, rates
from collector.procedures.program import build_program, trace
from collector.procedures.seed import batch_order

KEYS = [(3, 0.1, 1), (3, 1.0, 1), (5, 0.1, 1), (5, 1.0, 1), (5, 1.0, 2), (3, 0.1, 1)]


def runs(handle: str, keys: list[tuple[int, float, int]] = KEYS) -> list[dict[str, object]]:
    """Two datasets with numbers of classes of their own, two learning rates, two seeds, one program; the first run again last."""
    module = hub_module.load(handle)
    protocol = replace(tiny.PROTOCOL, test_examples=150)
    program = build_program(module, tiny.model(handle), protocol, 5, xla=True)
    trace(program)
    found = []
    for classes, rate, seed in keys:
        run = finetune(program, tiny.images(classes, protocol=protocol), classes, protocol, rate, seed)
        found.append({name: value for name, value in asdict(run).items() if "seconds" not in name})
        found[-1]["sum"] = float(sum(tf.reduce_sum(tf.abs(variable)) for variable in module.variables))
    return found


def chain(folder: Path) -> str:
    """A network of six layers, each with batch normalisation: deep enough for parts that are computed twice."""
    images = x = keras.Input((None, None, 3))
    for _ in range(6):
        x = keras.layers.Conv2D(8, 3, padding="same", use_bias=False)(x)
        x = keras.layers.ReLU()(keras.layers.BatchNormalization()(x))
    hub_format.write(keras.Model(images, keras.layers.GlobalAveragePooling2D()(x)), folder)
    return str(folder)


def in_memory(handle: str, activation_bytes: int) -> dict[str, object]:
    """One run where a step's activations may take so many bytes."""
    module = hub_module.load(handle)
    protocol = replace(tiny.PROTOCOL, batch_size=48)
    images = tf.TensorSpec([48, 16, 16, 3])
    planned = plan_checkpoints(module.pure(images, True), images, module.variables, activation_bytes)
    program = build_program(module, tiny.model(handle), protocol, 5, True, activation_bytes)
    examples, order = tiny.images(3).train, batch_order(1, 48, 4, 48)
    mask = np.array([True, True, True, False, False])
    loss, _ = program.train(examples.images, examples.labels, order, rates(protocol, 0.5), mask, 1, 0, 4)
    return {
        "loss": float(loss),
        "sum": float(sum(tf.reduce_sum(tf.abs(variable)) for variable in module.variables)),
        "parts": program.segments,
        "activation_bytes": planned.activation_bytes,
        "planned_bytes": planned.planned_bytes,
    }


if __name__ == "__main__":
    tf.config.experimental.enable_op_determinism()
    tf.random.set_seed(0)
    found: list[object] = [runs(handle) for handle in sys.argv[1:-1]]
    print(json.dumps(found + [in_memory(sys.argv[-1], bytes_) for bytes_ in (10**9, 0)]))
