"""Times every proxy of `collector.proxies` on one cell, on one core.

    python -m bench.proxies [--rounds 5]

800 representations of 1,280 dimensions to train and 200 to validate, 54 classes, a head of 1,000 source classes. Processor seconds, the
least of the rounds: other work on the machine does not add to them, though it slows the caches. The first call, which loads code, is
not timed.
"""

import argparse
import time
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from collector.proxies.registry import PROXIES


def cell(n: int = 800, m: int = 200, d: int = 1280, classes: int = 54, source_classes: int = 1000) -> dict[str, Any]:
    """Return everything that a proxy may need, by name, from a fixed seed: float32, non-negative like pooled ReLU features."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, classes, n + m)
    centres = generator.normal(size=(classes, d))
    x = np.maximum(0.15 * centres[labels] + 0.7 * generator.normal(size=(n + m, d)), 0).astype(np.float32)
    logits = (x[:n] @ generator.normal(size=(d, source_classes)) / np.sqrt(d)).astype(np.float32)
    exponentials = np.exp(logits.astype(np.float64))
    return {
        "representation": x[:n],
        "labels": labels[:n],
        "classes": classes,
        "validation_representation": x[n:],
        "validation_labels": labels[n:],
        "source_probabilities": exponentials / exponentials.sum(axis=1, keepdims=True),
        "source_logits": logits,
    }


def seconds(inputs: dict[str, Any]) -> dict[str, float]:
    """Return the processor seconds of each proxy, on one thread."""
    found = {}
    with threadpool_limits(1):
        for proxy in PROXIES.values():
            arguments = {name: inputs[name] for name in proxy.needs}
            before = time.process_time()
            proxy.score(**arguments)
            found[proxy.name] = time.process_time() - before
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="seconds of every proxy on one cell")
    parser.add_argument("--rounds", type=int, default=5, help="of which the least counts")
    rounds = parser.parse_args().rounds
    seconds(cell(n=200, d=64, classes=10))
    inputs = cell()
    runs = [seconds(inputs) for _ in range(rounds)]
    least = {name: min(run[name] for run in runs) for name in PROXIES}
    print("| proxy | s |\n| --- | --- |")
    for name, value in least.items():
        print(f"| {name} | {value:.3f} |")
    print(f"| all | {sum(least.values()):.2f} |")


if __name__ == "__main__":
    main()
