"""Measures how fast one network fine-tunes in several execution modes, each in its own process. On a GPU:

    python -m bench.finetune                                 ResNet50V2, 224 px, batch 512, float32
    python -m bench.finetune --network MobileNetV2 --size 128 --batch 256
    python -m bench.finetune --network MobileNetV2 --size 32 --batch 8 --steps 4   a rehearsal, on a CPU, in minutes

The modes: `fit`, plain Keras (model.fit from tf.data, its own optimizer, XLA where Keras chooses it); `loop`, the same network under
XLA with the step in a graph loop, without the hub's format: the speed to reach; `called`, ours through tensorflow-hub without XLA;
`inlined`, ours with XLA; `recomputed`, ours with XLA and rematerialization in at least two segments; `again`, `inlined` in a second
process that finds the first one's compiled programs in XLA's persistent cache. Weights are random. One step is: a batch gathered from
800 uint8 images on the device, forward, backward, momentum SGD on every weight; batch-norm statistics are updated. Printed are images
per second in the best of three runs, seconds to trace and compile, peak memory (on a GPU), and for evaluation images per second of a
test split in main memory, and of reading it alone, which must be faster.
With --determinism, kernels are those of `needle collect`, which give the same bits each time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

EXAMPLES, TEST, CLASSES, RATE = 800, 4096, 397, 0.01
MODES = ("fit", "loop", "called", "inlined", "recomputed", "again")
Numbers = dict[str, float]


def network(name: str, size: int) -> Any:
    import tf_keras

    tf_keras.utils.set_random_seed(0)
    return getattr(tf_keras.applications, name)(weights=None, include_top=False, pooling="avg", input_shape=(size, size, 3))


def write(name: str, size: int, folder: Path) -> None:
    """Save the network as a reusable SavedModel, the format of TensorFlow Hub."""
    import tensorflow as tf

    net = network(name, size)
    function = tf.function(lambda images, training=False: net(images, training=training), autograph=False)
    for training in (False, True):
        function.get_concrete_function(tf.TensorSpec([None, size, size, 3], tf.float32), training=training)
    module = tf.train.Checkpoint()
    module.__call__ = function
    module.variables, module.trainable_variables, module.regularization_losses = net.variables, net.trainable_variables, []
    tf.saved_model.save(module, str(folder))


def data(size: int) -> tuple[Any, Any]:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (EXAMPLES, size, size, 3), np.uint8)
    return images, generator.integers(0, CLASSES, EXAMPLES).astype(np.int32)


def best(steps: int, batch: int, run: Callable[[], object]) -> float:
    """Images per second in the fastest of three runs."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return steps * batch / min(seconds)


def fit(arguments: argparse.Namespace, folder: Path) -> Numbers:
    import tensorflow as tf
    import tf_keras

    images, labels = data(arguments.size)
    net = network(arguments.network, arguments.size)
    model = tf_keras.Sequential([tf_keras.layers.Rescaling(1 / 255), net, tf_keras.layers.Dense(CLASSES)])
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf_keras.optimizers.SGD(RATE, momentum=0.9), loss)
    examples = tf.data.Dataset.from_tensor_slices((images, labels)).shuffle(EXAMPLES, seed=0).repeat()
    batches = examples.batch(arguments.batch, drop_remainder=True).prefetch(4)
    start = time.perf_counter()
    model.fit(batches, steps_per_epoch=2, verbose=0)
    compiled = time.perf_counter() - start
    speed = best(arguments.steps, arguments.batch, lambda: model.fit(batches, steps_per_epoch=arguments.steps, verbose=0))
    return {"train": speed, "compile": compiled}


def loop(arguments: argparse.Namespace, folder: Path) -> Numbers:
    import tensorflow as tf

    images, labels = (tf.constant(values) for values in data(arguments.size))
    net = network(arguments.network, arguments.size)
    kernel = tf.Variable(tf.zeros([net.output_shape[-1], CLASSES]))
    trained = [*net.trainable_variables, kernel]
    momenta = [tf.Variable(tf.zeros_like(variable)) for variable in trained]

    @tf.function(jit_compile=True)
    def train(order, count):  # type: ignore[no-untyped-def]
        i, loss = tf.constant(0), tf.constant(0.0)
        while i < count:
            batch = order[i]
            with tf.GradientTape() as tape:
                logits = net(tf.cast(tf.gather(images, batch), tf.float32) / 255.0, training=True) @ kernel
                each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.gather(labels, batch), logits=logits)
                loss = tf.reduce_mean(each)
            for variable, momentum, gradient in zip(trained, momenta, tape.gradient(loss, trained), strict=True):
                momentum.assign(0.9 * momentum + gradient)
                variable.assign_sub(RATE * momentum)
            i += 1
        return loss

    order = tf.random.uniform([arguments.steps, arguments.batch], 0, EXAMPLES, tf.int32)
    start = time.perf_counter()
    float(train(order, 0))
    compiled = time.perf_counter() - start
    return {"train": best(arguments.steps, arguments.batch, lambda: float(train(order, arguments.steps))), "compile": compiled}


def ours(arguments: argparse.Namespace, folder: Path, xla: bool, activation_bytes: int | None = None) -> Numbers:
    from dataclasses import replace

    import tensorflow as tf

    from collector.networks.hub_module import load
    from collector.procedures.program import ACTIVATION_BYTES, build_program, trace
    from collector.spec.model import Model
    from collector.studies import QUICK

    images, labels = data(arguments.size)
    module = load(str(folder))
    feature_dim = int(module.represent(tf.zeros([1, arguments.size, arguments.size, 3]), False).shape[1])
    model = Model(arguments.network, str(folder), "imagenet", "", None, None, 0, feature_dim, arguments.size, "", "")
    protocol = replace(
        QUICK.protocol, image_size=arguments.size, batch_size=arguments.batch, steps=arguments.steps, train_examples=EXAMPLES
    )
    start = time.perf_counter()
    program = build_program(
        module, model, protocol, CLASSES, xla, ACTIVATION_BYTES if activation_bytes is None else activation_bytes
    )
    trace(program)
    compiled = time.perf_counter() - start
    generator = np.random.default_rng(0)
    order = generator.integers(0, EXAMPLES, (arguments.steps, arguments.batch)).astype(np.int32)
    rates, mask = np.full(arguments.steps, RATE, np.float32), np.ones(CLASSES, np.bool_)

    def train() -> None:
        program.reset()
        float(program.train(images, labels, order, rates, mask, 0, 0, arguments.steps)[0])

    found = {"train": best(arguments.steps, arguments.batch, train), "compile": compiled, "segments": program.segments}
    count = min(TEST, 8 * arguments.batch)
    test, test_labels = np.tile(images, (count // EXAMPLES + 1, 1, 1, 1))[:count], np.zeros(count, np.int32)
    found["evaluate"] = best(1, count, lambda: program.count_correct(test, test_labels, mask))
    # The cost of reading a memory-mapped test split, batch by batch.
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file.name, test)
        mapped = np.load(file.name, mmap_mode="r")
        size = arguments.batch
        found["read"] = best(1, count, lambda: [tf.constant(np.asarray(mapped[i : i + size])) for i in range(0, count, size)])
    return found


def measure(mode: str, arguments: argparse.Namespace, folder: Path) -> Numbers:
    """Measure one mode, in this process."""
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    for gpu in gpus:
        tf.config.experimental.set_memory_growth(gpu, True)
    if arguments.determinism:
        tf.config.experimental.enable_op_determinism()
        tf.random.set_seed(0)
    tf.get_logger().setLevel("ERROR")
    modes: dict[str, Callable[[], Numbers]] = {
        "fit": lambda: fit(arguments, folder),
        "loop": lambda: loop(arguments, folder),
        "called": lambda: ours(arguments, folder, xla=False),
        "inlined": lambda: ours(arguments, folder, xla=True),
        "recomputed": lambda: ours(arguments, folder, xla=True, activation_bytes=0),
        "again": lambda: ours(arguments, folder, xla=True),
    }
    found = modes[mode]()
    if gpus:
        found["memory"] = tf.config.experimental.get_memory_info("GPU:0")["peak"]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="fine-tuning speed in several execution modes")
    parser.add_argument("--network", default="ResNet50V2", help="of tf_keras.applications")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--batch", type=int, default=512)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    parser.add_argument("--determinism", action="store_true")
    parser.add_argument("--one", choices=("write", *MODES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if arguments.one == "write":
        write(arguments.network, arguments.size, arguments.folder)
    elif arguments.one:
        print(json.dumps(measure(arguments.one, arguments, arguments.folder)))
    else:
        compare(arguments)


def compare(arguments: argparse.Namespace) -> None:
    """Measure each mode in its own process, so that they share no memory, threads or programs."""
    with tempfile.TemporaryDirectory() as folder:
        cache = f"--tf_xla_persistent_cache_directory={folder}"
        command = [sys.executable, "-W", "ignore", "-m", "bench.finetune", *sys.argv[1:], "--folder", f"{folder}/module", "--one"]
        subprocess.run([*command, "write"], check=True, stderr=subprocess.DEVNULL)
        print(
            f"{arguments.network}, {arguments.size} px, batch {arguments.batch}, {arguments.steps} steps, float32, "
            f"determinism {arguments.determinism}, load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n"
            f"{'':12}{'train, images/s':>17}{'of loop':>9}{'compile':>10}{'memory':>10}{'evaluate':>10}{'read':>8}",
            flush=True,
        )
        reached = None
        for mode in ("loop", *(mode for mode in arguments.modes if mode != "loop")):
            environment = {**os.environ, "TF_XLA_FLAGS": cache if mode in ("inlined", "again") else ""}
            done = subprocess.run([*command, mode], env=environment, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{mode:12}failed: {(done.stderr.strip().splitlines() or ['killed'])[-1][:100]}", flush=True)
                continue
            found = json.loads(done.stdout.splitlines()[-1])
            reached = reached or found["train"]
            memory = f"{found['memory'] / 1e9:.1f} GB" if "memory" in found else ""
            rest = f"{found['evaluate']:10.0f}{found['read']:8.0f}" if "read" in found else ""
            segments = f"  {found['segments']} segments" if found.get("segments", 1) > 1 else ""
            print(
                f"{mode:12}{found['train']:17.1f}{found['train'] / reached:9.2f}{found['compile']:8.1f} s{memory:>10}{rest}{segments}",
                flush=True,
            )


if __name__ == "__main__":
    main()
