"""python -m compiled_runs FOLDER…: fine-tune these modules, compiled by XLA, on several datasets; print what each run measured."""

import json
import sys
from dataclasses import asdict, replace

import tensorflow as tf
import tiny

from collector import hub_module
from collector.finetune import finetune
from collector.program import build_program, trace


def runs(handle: str) -> list[dict[str, object]]:
    """Two datasets with numbers of classes of their own, two learning rates, two seeds, one program; the first run again last."""
    module = hub_module.load(handle)
    protocol = replace(tiny.PROTOCOL, test_examples=150)
    program = build_program(module, tiny.model(handle), protocol, 5, xla=True)
    trace(program)
    keys = [(3, 0.1, 1), (3, 1.0, 1), (5, 0.1, 1), (5, 1.0, 1), (5, 1.0, 2)]
    found = []
    for classes, rate, seed in [*keys, keys[0]]:
        found.append(asdict(finetune(program, tiny.images(classes, protocol=protocol), classes, protocol, rate, seed)))
        found[-1]["sum"] = float(sum(tf.reduce_sum(tf.abs(variable)) for variable in module.variables))
    return found


if __name__ == "__main__":
    tf.config.experimental.enable_op_determinism()
    tf.random.set_seed(0)
    print(json.dumps([runs(handle) for handle in sys.argv[1:]]))
