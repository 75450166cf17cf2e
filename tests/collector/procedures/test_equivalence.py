"""Fine-tuning against a plain implementation of the paper's schedule, in both of the hub's formats, with and without XLA."""

import re
from dataclasses import replace

import hub_fixture
import numpy as np
import pytest
import tensorflow as tf
import tiny
from numpy.typing import NDArray

from collector.networks import hub_module
from collector.networks.hub_module import HubModule
from collector.procedures.finetune import finetune
from collector.procedures.program import Program, build_program, trace
from collector.procedures.seed import batch_order

pytestmark = pytest.mark.slow

CLASSES, SEED, RATE = 3, 2, 1.6
# The paper's, with fewer steps of smaller batches.
PROTOCOL = replace(tiny.PROTOCOL, steps=30, batch_size=32, warmup_steps=3, decay_at=(1 / 3, 2 / 3, 9 / 10))
WEIGHTS = ("kernel", "bias", "gamma", "beta", "depthwise", "depthwise_bias", "head", "head_bias")
NAMES = {
    "conv2d/kernel": "kernel",
    "conv2d/bias": "bias",
    "batch_normalization/gamma": "gamma",
    "batch_normalization/beta": "beta",
    "batch_normalization/moving_mean": "mean",
    "batch_normalization/moving_variance": "variance",
    "depthwise_conv2d/kernel": "depthwise",
    "depthwise_conv2d/bias": "depthwise_bias",
    "module/conv/weights": "kernel",
    "module/bn/gamma": "gamma",
    "module/bn/beta": "beta",
    "module/bn/moving_mean": "mean",
    "module/bn/moving_variance": "variance",
    "module/depthwise/weights": "depthwise",
}

Weights = dict[str, NDArray[np.float32]]


@pytest.fixture(scope="module", autouse=True)
def deterministic() -> None:
    tf.config.experimental.enable_op_determinism()
    tf.random.set_seed(0)
    tf.get_logger().setLevel("ERROR")  # that several programs are built here is no retracing


# Once read, resource and reference variables are the same: one of them is compiled.
PATHS = [*((kind, False) for kind in hub_fixture.FORMATS), ("TF2", True), ("TF1 reference", True)]


@pytest.fixture(scope="module", params=PATHS, ids=str)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[HubModule, Program]:
    kind, xla = request.param
    model = hub_fixture.write(tmp_path_factory.mktemp("module") / "module", kind)
    module = hub_module.load(model.handle)
    program = build_program(module, model, PROTOCOL, 5, xla)
    assert program.xla == xla
    assert program.fallback is None
    trace(program)
    return module, program


def values(module: HubModule) -> Weights:
    # Keras counts the layers of a process in their names.
    return {NAMES[re.sub(r"_\d+/|:0", lambda found: "/" * ("/" in found[0]), v.name)]: v.numpy() for v in module.variables}


def represent(images: NDArray[np.uint8], weights: dict[str, tf.Tensor], training: bool) -> tuple[tf.Tensor, ...]:
    """The tiny network by its formulas: the representation, and the batch's mean and variance."""
    x = tf.nn.conv2d(images / np.float32(255), weights["kernel"], 2, "SAME") + weights["bias"]
    mean, variance = tf.nn.moments(x, [0, 1, 2]) if training else (weights["mean"], weights["variance"])
    x = tf.nn.relu(weights["gamma"] * (x - mean) / tf.sqrt(variance + 1e-3) + weights["beta"])
    x = tf.nn.depthwise_conv2d(x, weights["depthwise"], [1, 1, 1, 1], "SAME") + weights["depthwise_bias"]
    return tf.reduce_mean(x, [1, 2]), mean, variance


def papers_rate(step: int) -> float:
    """Of 30 steps: warm-up over 3, then 0.1 of it from each of the steps 10, 20 and 27 on."""
    scaled = RATE * 32 / 256
    if step < 3:
        return scaled * step / 3
    return scaled * (1.0 if step < 10 else 0.1 if step < 20 else 0.01 if step < 27 else 0.001)


def plainly_trained(
    start: Weights, images: NDArray[np.uint8], labels: NDArray[np.int32], unbiased: bool
) -> tuple[Weights, float]:
    """v = 0.9 v + g, w = w - rate v, step by step, without a graph; moving averages by hand. unbiased: their variance."""
    weights = {"bias": np.zeros(8, np.float32), "depthwise_bias": np.zeros(8, np.float32), **start}
    weights |= {"head": np.zeros((8, CLASSES), np.float32), "head_bias": np.zeros(CLASSES, np.float32)}
    changed = [name for name in WEIGHTS if name not in ("bias", "depthwise_bias") or name in start]
    velocities = {name: np.zeros_like(weights[name]) for name in changed}
    loss = tf.constant(0.0)
    for step, batch in enumerate(batch_order(SEED, len(labels), 30, 32)):
        tensors = {name: tf.constant(value) for name, value in weights.items()}
        with tf.GradientTape() as tape:
            tape.watch([tensors[name] for name in changed])
            representation, mean, variance = represent(images[batch], tensors, True)
            logits = representation @ tensors["head"] + tensors["head_bias"]
            loss = -tf.reduce_mean(tf.gather(tf.nn.log_softmax(logits), labels[batch], axis=1, batch_dims=1))
        gradients = tape.gradient(loss, {name: tensors[name] for name in changed})
        count = 32 * 8 * 8  # positions that a channel's statistics are taken over
        batch_variance = variance * count / (count - 1) if unbiased else variance
        weights["mean"] = 0.9 * weights["mean"] + 0.1 * mean.numpy()
        weights["variance"] = 0.9 * weights["variance"] + 0.1 * batch_variance.numpy()
        for name in changed:
            velocities[name] = 0.9 * velocities[name] + gradients[name].numpy()
            weights[name] = weights[name] - np.float32(papers_rate(step)) * velocities[name]
    return weights, float(loss)


def test_thirty_steps_of_the_papers_schedule_equal_a_plain_implementation(made: tuple[HubModule, Program]) -> None:
    module, program = made
    images = tiny.images(CLASSES)
    program.reset()
    start = values(module)
    found = finetune(program, images, CLASSES, PROTOCOL, RATE, SEED)
    expected, loss = plainly_trained(start, images.train.images, images.train.labels, unbiased=module.format == "TF1")
    assert found.final_loss == pytest.approx(loss, abs=1e-5)
    for name, value in values(module).items():
        assert value == pytest.approx(expected[name], abs=1e-5), name
        if name != "bias":  # batch normalisation takes a constant out again: its gradient is rounding
            assert np.abs(value - start[name]).max() > 1e-4, f"{name} is not trained"
    representation, _, _ = represent(images.test.images, expected, False)
    right = np.argmax(representation @ expected["head"] + expected["head_bias"], axis=1) == images.test.labels
    assert found.test_accuracy == pytest.approx(right.mean()), "evaluated with the moving averages that training updated"
    assert program.represent(images.test.images) == pytest.approx(representation.numpy(), abs=1e-4)
