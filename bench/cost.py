"""Measures what one pass through each network costs on one core, for collector/planning/cost.py: python -m bench.cost [SIZE] [MODEL…]

Milliseconds to train on one image (forward, backward, momentum SGD; batches of 32), the best of three, after compiling.
"""

import dataclasses
import sys
import time

import numpy as np

from collector.execution.runner import set_up
from collector.networks.hub_module import load
from collector.networks.zoo import ZOO, saved_model
from collector.procedures.program import build_program, trace
from collector.studies import QUICK

BATCH, STEPS, CLASSES = 32, 4, 16


def main(size: int, names: list[str]) -> None:
    set_up()
    generator = np.random.default_rng(0)
    for model in ZOO:
        if names and model.model not in names:
            continue
        protocol = dataclasses.replace(QUICK.protocol, image_size=size, batch_size=BATCH, train_examples=BATCH, steps=STEPS)
        start = time.perf_counter()
        program = build_program(load(str(saved_model(model))), model, protocol, CLASSES)
        trace(program)
        compiled = time.perf_counter() - start
        side = program.image_size
        images = generator.integers(0, 255, (BATCH, side, side, 3)).astype(np.uint8)
        labels, mask = np.zeros(BATCH, np.int32), np.ones(CLASSES, np.bool_)
        order, rates = np.tile(np.arange(BATCH, dtype=np.int32), (STEPS, 1)), np.zeros(STEPS, np.float32)
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            program.train(images, labels, order, rates, mask, 0, 0, STEPS)
            seconds.append(time.perf_counter() - start)
        print(
            f"{model.model:28} {side:4} px {1000 * min(seconds) / STEPS / BATCH:8.1f} ms an image, {compiled:5.1f} s to compile"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 48, sys.argv[2:])
