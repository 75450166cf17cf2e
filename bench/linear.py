"""Compares the linear probe (collector.procedures.linear) with one Keras fit after another, in time and memory.

    python -m bench.linear [--rounds 5]

800 representations of 2,048 dimensions, 100 classes; ten heads (2 learning rates x 5 repeats) of 2,500 steps, batch 512, momentum
0.9. Keras: Sequential([Dense(100)]) with SGD, model.fit on a shuffled, repeated tf.data pipeline from memory. After a trial
of each configuration below, two are compared: the fastest with compile's defaults, and the fastest of all. A network is built, traced and
compiled once, outside the timed region, and reset for each fit.
Ours: all ten heads from the raw representations to accuracies, in a separate process that never loads TensorFlow.
The machine may be busy, so both take turns: in each round all ten heads of ours, then a share of Keras' ten fits. Ratios are of Keras'
ten fits to the mean of our rounds; nothing is extrapolated. The ratio of processor seconds (all cores) is printed, too: it varies less
on a busy machine, but does not show how well the cores are used. So is the ratio of the least disturbed runs: ten times the shortest fit
to our shortest round.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from collector.procedures.linear import Floats, Head, Labels, train

EXAMPLES, VALIDATION, DIMENSIONS, CLASSES = 800, 200, 2048, 100
LEARNING_RATES, REPEATS, STEPS, BATCH, MOMENTUM = (0.1, 0.01), 5, 2500, 512, 0.9
FITS = [(rate, repeat) for repeat in range(REPEATS) for rate in LEARNING_RATES]
TRIAL_STEPS = 200
# compile's defaults come first.
PER_EXECUTION = (1, 50)
XLA: tuple[str | bool, ...] = ("auto", False)
FEEDS = ("tf.data slices", "rows gathered from a tensor")


@dataclass(frozen=True)
class Run:
    seconds: float
    processor_seconds: float
    accuracies: list[float]
    peak_bytes: int = 0


def representations() -> tuple[Floats, Labels, Floats, Labels]:
    """Return train x, y and validation x, y from a fixed seed: non-negative like pooled ReLU features, with overlapping classes."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, CLASSES, EXAMPLES + VALIDATION)
    centres = generator.normal(size=(CLASSES, DIMENSIONS))
    x = np.maximum(0.15 * centres[labels] + generator.normal(size=(len(labels), DIMENSIONS)), 0).astype(np.float32)
    return x[:EXAMPLES], labels[:EXAMPLES], x[EXAMPLES:], labels[EXAMPLES:]


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Run a function. Returns its result, its wall time and its processor time in seconds."""
    before, processor_before = time.perf_counter(), time.process_time()
    found = work()
    return found, time.perf_counter() - before, time.process_time() - processor_before


def ours() -> Run:
    train_x, train_y, validation_x, validation_y = representations()
    heads = [Head(rate, repeat, seed=repeat) for rate, repeat in FITS]
    accuracies, seconds, processor_seconds = timed(
        lambda: train(train_x, train_y, validation_x, validation_y, CLASSES, heads, STEPS, BATCH, MOMENTUM)
    )
    # Not getrusage, whose maximum survives exec on Linux: it would include the parent process with Keras.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return Run(seconds, processor_seconds, accuracies, int(status["VmHWM"].split()[0]) * 1024)


def ours_in_its_own_process() -> Run:
    command = [sys.executable, "-m", "bench.linear", "--ours-only"]
    return Run(**json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout))


def keras_fit(xla: str | bool, steps_per_execution: int, feed: str) -> Callable[[float, int, int], Run]:
    """Compile a Keras network. Returns a function of learning rate, seed and steps that fits it from zero, and times fit() alone."""
    import keras
    import tensorflow as tf

    train_x, train_y, validation_x, validation_y = representations()
    network = keras.Sequential([keras.Input((DIMENSIONS,)), keras.layers.Dense(CLASSES, kernel_initializer="zeros")])
    optimizer = keras.optimizers.SGD(LEARNING_RATES[0], momentum=MOMENTUM)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(optimizer, loss, jit_compile=xla, steps_per_execution=steps_per_execution)

    def batches(seed: int) -> Any:
        if feed == "tf.data slices":
            examples = tf.data.Dataset.from_tensor_slices((train_x, train_y))
            return examples.shuffle(EXAMPLES, seed=seed).repeat().batch(BATCH, drop_remainder=True).prefetch(4)
        x, y = tf.constant(train_x), tf.constant(train_y)
        rows = tf.data.Dataset.range(EXAMPLES).shuffle(EXAMPLES, seed=seed).repeat().batch(BATCH, drop_remainder=True)
        return rows.map(lambda chosen: (tf.gather(x, chosen), tf.gather(y, chosen))).prefetch(4)

    def fit(learning_rate: float, seed: int, steps: int) -> Run:
        for variable in (*network.trainable_variables, *optimizer.variables):
            variable.assign(np.zeros(variable.shape, variable.dtype))
        optimizer.learning_rate = learning_rate
        dataset = batches(seed)
        _, seconds, processor_seconds = timed(lambda: network.fit(dataset, steps_per_epoch=steps, epochs=1, verbose=0))
        correct = network.predict_on_batch(validation_x).argmax(axis=1) == validation_y
        return Run(seconds, processor_seconds, [float(correct.mean())])

    fit(LEARNING_RATES[0], 0, 2 * steps_per_execution)  # trace and compile
    return fit


def competitors() -> dict[str, Callable[[float, int, int], Run]]:
    """The fastest configuration with compile's defaults, and the fastest of all, by name; one entry where they are the same."""
    trials = []
    for (steps_per_execution, xla), feed in itertools.product(itertools.product(PER_EXECUTION, XLA), FEEDS):
        name = f"jit_compile {xla}, steps_per_execution {steps_per_execution}, {feed}"
        fit = keras_fit(xla, steps_per_execution, feed)
        seconds = min(fit(LEARNING_RATES[0], 0, TRIAL_STEPS).seconds for _ in range(3)) / TRIAL_STEPS
        print(f"  {seconds * 1000:6.2f} ms a step  {name}", flush=True)
        trials.append((seconds, name, fit))
    defaults = trials[: len(FEEDS)]
    fastest = (min(some, key=lambda trial: trial[0]) for some in (defaults, trials))
    return {name: fit for _, name, fit in fastest}


def main() -> None:
    parser = argparse.ArgumentParser(description="the linear probe against one Keras fit after another")
    parser.add_argument("--rounds", type=int, choices=(1, 2, 5, 10), default=5, help="over which the ten fits are divided")
    parser.add_argument("--ours-only", action="store_true", help="one run of ours, printed as JSON")
    arguments = parser.parse_args()
    if arguments.ours_only:
        print(json.dumps(asdict(ours())))
        return

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    print(
        f"{EXAMPLES} x {DIMENSIONS}, {CLASSES} classes, {len(FITS)} heads x {STEPS} steps, batch {BATCH}, {os.cpu_count()} cores"
    )
    print(f"load average before the start {os.getloadavg()[0]:.1f}\nKeras, trials:", flush=True)
    fits = competitors()
    our_runs: list[Run] = []
    keras_runs: dict[str, list[Run]] = {name: [] for name in fits}
    for turn in np.array_split(np.array(FITS), arguments.rounds):
        our_runs.append(ours_in_its_own_process())
        for name, fit in fits.items():
            keras_runs[name] += [fit(float(rate), int(repeat), STEPS) for rate, repeat in turn]
        keras_seconds = [f"{sum(run.seconds for run in runs[-len(turn) :]):.1f} s" for runs in keras_runs.values()]
        print(f"  round {len(our_runs)}: ours {our_runs[-1].seconds:.1f} s; {len(turn)} Keras fits {', '.join(keras_seconds)}; "
              f"load average {os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip

    seconds, processor = np.mean([(run.seconds, run.processor_seconds) for run in our_runs], axis=0)
    peak = max(run.peak_bytes for run in our_runs) / 1e6
    print(f"ours, ten heads: {seconds:.1f} s, {processor:.1f} s of processor, peak memory {peak:.0f} MB")
    print(f"  accuracies {[f'{accuracy:.3f}' for accuracy in our_runs[0].accuracies]}")
    for name, runs in keras_runs.items():
        keras, keras_processor = np.sum([(run.seconds, run.processor_seconds) for run in runs], axis=0)
        print(f"Keras, ten fits ({name}): {keras:.1f} s, {keras_processor:.1f} s of processor")
        print(f"  accuracies {[f'{run.accuracies[0]:.3f}' for run in runs]}")
        least = len(FITS) * min(run.seconds for run in runs) / min(run.seconds for run in our_runs)
        print(f"  ratio {keras / seconds:.1f} ({keras_processor / processor:.1f} of processor time, {least:.1f} least disturbed)")
    print(f"to repeat: python -m bench.linear --rounds {arguments.rounds}")


if __name__ == "__main__":
    main()
