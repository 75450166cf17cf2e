"""Compares the memory that `checkpoint_planner` plans with XLA's for a step: python -m bench.memory_xla [NETWORK SIZE BATCH [SHARE…]]

XLA compiles the step of the collector's own program for the CPU and reports how much memory it would allocate; nothing is run. Measured
are the step without checkpoints, and with a budget of each share of what that needs. XLA's bytes are its temporary buffers: activations
and gradients, including those of weights. Index arrays: for the gradient of each max pooling, the CPU compiler stores the position of
every pixel during the whole step.
"""

import dataclasses
import os
import re
import sys
import tempfile
from pathlib import Path

CASES = ("ResNet50V2 224 512 0.5", "MobileNetV2 224 512 0.5")


def main(name: str, size: int, batch: int, shares: list[float], folder: Path) -> None:
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="2", XLA_FLAGS=f"--xla_dump_to={folder} --xla_llvm_disable_expensive_passes=true")
    import numpy as np
    import tensorflow as tf

    from bench.memory import network
    from collector.graph.checkpoint_planner import plan_checkpoints
    from collector.networks.hub_module import HubModule, inline
    from collector.procedures.program import build_program
    from collector.spec.model import Model
    from collector.studies import PAPER

    protocol = dataclasses.replace(PAPER.protocol, batch_size=batch, image_size=size, steps=1)
    made = network(name, size)

    def represent(images: tf.Tensor, training: bool) -> tf.Tensor:
        return made(images, training=training)

    def pure(images: tf.TensorSpec, training: bool) -> object:
        function = tf.function(lambda images: represent(images, training), autograph=False)
        return inline(function.get_concrete_function(images), list(made.variables))

    module = HubModule("TF2", represent, pure, list(made.trainable_variables), list(made.variables))  # type: ignore[arg-type]
    model = Model(name, name, "imagenet", "none", 0, None, 0, made.output_shape[1], size, "", "")
    images = tf.TensorSpec([batch, size, size, 3])
    weights = sum(variable.shape.num_elements() * 4 for variable in made.trainable_variables)
    whole = plan_checkpoints(module.pure(images, True), images, module.variables, 10**15)
    for share in (1.0, *shares):
        budget = 10**15 if share == 1 else int(share * whole.planned_bytes)
        planned = plan_checkpoints(module.pure(images, True), images, module.variables, budget)
        program = build_program(module, model, protocol, 10, True, budget)
        before = set(folder.glob("*buffer-assignment.txt"))
        program.traced[0].experimental_get_compiler_ir(
            np.zeros([batch, size, size, 3], np.uint8), np.zeros([batch], np.int32), np.zeros([1, batch], np.int32),
            np.zeros([1], np.float32), np.ones([10], np.bool_), 0, 0, 1,
        )(stage="optimized_hlo")  # fmt: skip
        (report,) = set(folder.glob("*buffer-assignment.txt")) - before
        text = report.read_text()
        xla = max(int(size) for size in re.findall(r"size (\d+), preallocated-temp", text))
        peak = text[text.index("(peak):") :].split("\n\n")[0]
        indices = sum(int(size) for size in re.findall(r"iota[\w.]*\{\}: (\d+) bytes", peak))
        print(
            f"{name}, {size} px, batch {batch}, {program.segments} segments: planned {planned.planned_bytes / 1e9:.2f} GB, "
            f"gradients of weights {weights / 1e9:.2f} GB, XLA {xla / 1e9:.2f} GB: {xla / (planned.planned_bytes + weights):.2f} times; "
            f"without index arrays of {indices / 1e9:.2f} GB {(xla - indices) / (planned.planned_bytes + weights):.2f} times",
            flush=True,
        )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:  # XLA reads its flags once
        for case in [" ".join(sys.argv[1:])] if sys.argv[1:] else CASES:
            name, size, batch, *shares = case.split()
            main(name, int(size), int(batch), [float(share) for share in shares], Path(folder))
