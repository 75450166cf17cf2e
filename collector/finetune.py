"""Fine-tunes one network: a linear head on the representation, everything trained by SGD with momentum (paper, supplement).

One traced program per network serves every dataset, learning rate and repeat: the head is as wide as the widest label set and the
classes that a dataset does not have are masked, and images, labels, batch order and learning rates are arguments.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from collector.hub_module import HubModule
from collector.image import Images, Split
from collector.model import Model, ModuleError
from collector.protocol import Protocol
from collector.seed import batch_order

EVALUATION_BATCH = 128
EVALUATION_PART = 4096  # images given to the device at a time: a whole test split may be larger than its memory
MASKED = -1e9  # far below every logit, and finite: its difference to the largest logit still is


@dataclass(frozen=True)
class Run:
    """What one fine-tune measured. Accuracies are fractions; final_loss is None where it was not finite."""

    validation_accuracy: float
    test_accuracy: float
    final_loss: float | None
    diverged: bool


@dataclass(frozen=True)
class Program:
    """The traced functions of one network. Images are uint8 [n, size, size, 3], labels int32 [n].

    reset() puts every variable back. train(images, labels, order [steps, batch], rates [steps], mask [classes]) -> (loss of the
    last step, whether every loss was finite). count_correct(images, labels, mask) -> int. represent(images) -> [n, feature_dim].
    """

    image_size: int
    num_classes: int
    batch_size: int
    reset: Callable[[], None]
    train: Callable[..., tuple[tf.Tensor, tf.Tensor]]
    count_correct: Callable[..., tf.Tensor]
    represent: Callable[..., tf.Tensor]


def build_program(module: HubModule, model: Model, protocol: Protocol, num_classes: int) -> Program:
    """Make the program of a network for label sets of up to num_classes; reset() goes back to the module's weights of this moment.

    Raises ModuleError where the representation is not [n, feature_dim] as registered.
    """
    size = model.input_size(protocol.image_size)
    low, high = model.input_range
    images_spec = tf.TensorSpec([None, size, size, 3], tf.uint8)
    labels_spec, mask_spec = tf.TensorSpec([None], tf.int32), tf.TensorSpec([num_classes], tf.bool)
    kernel, bias = tf.Variable(tf.zeros([model.feature_dim, num_classes])), tf.Variable(tf.zeros([num_classes]))
    trained = [*module.trainable, kernel, bias]
    momenta = [tf.Variable(tf.zeros_like(variable), trainable=False) for variable in trained]
    initial = [(variable, tf.identity(variable)) for variable in [*module.variables, kernel, bias, *momenta]]

    def representation(images: tf.Tensor, training: bool) -> tf.Tensor:
        output = module.represent(low + tf.cast(images, tf.float32) * ((high - low) / 255.0), training)
        if output.shape.rank != 2 or output.shape[1] != model.feature_dim:
            raise ModuleError(
                f"Model {model.model!r} ({model.handle}) gives a representation of shape {output.shape.as_list()}; "
                f"registered is [n, {model.feature_dim}]."
            )
        return output

    def logits(images: tf.Tensor, mask: tf.Tensor, training: bool) -> tf.Tensor:
        return tf.where(mask, representation(images, training) @ kernel + bias, MASKED)

    @tf.function(input_signature=[])
    def reset():  # type: ignore[no-untyped-def]
        for variable, value in initial:
            variable.assign(value)

    def step(images: tf.Tensor, labels: tf.Tensor, rate: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits(images, mask, True))
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, trained, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        for variable, momentum, gradient in zip(trained, momenta, gradients, strict=True):
            if protocol.weight_decay:
                gradient += protocol.weight_decay * variable
            tf.raw_ops.ResourceApplyMomentum(
                var=variable.handle, accum=momentum.handle, lr=rate, grad=gradient, momentum=protocol.momentum
            )
        return loss

    @tf.function(
        input_signature=[
            images_spec,
            labels_spec,
            tf.TensorSpec([None, protocol.batch_size], tf.int32),
            tf.TensorSpec([None], tf.float32),
            mask_spec,
        ]
    )
    def train(images, labels, order, rates, mask):  # type: ignore[no-untyped-def]
        loss, finite = tf.constant(0.0), tf.constant(True)
        for i in tf.range(tf.shape(order)[0]):
            batch = order[i]
            loss = step(tf.gather(images, batch), tf.gather(labels, batch), rates[i], mask)
            finite = finite & tf.math.is_finite(loss)
        return loss, finite

    @tf.function(input_signature=[images_spec, labels_spec, mask_spec])
    def count_correct(images, labels, mask):  # type: ignore[no-untyped-def]
        total, correct = tf.shape(images)[0], tf.constant(0)
        for start in tf.range(0, total, EVALUATION_BATCH):
            rows = tf.range(start, start + EVALUATION_BATCH)
            batch = tf.minimum(rows, total - 1)  # the last batch repeats the last image, and does not count it again
            classes = tf.argmax(logits(tf.gather(images, batch), mask, False), axis=1, output_type=tf.int32)
            correct += tf.math.count_nonzero((classes == tf.gather(labels, batch)) & (rows < total), dtype=tf.int32)
        return correct

    @tf.function(input_signature=[images_spec])
    def represent(images):  # type: ignore[no-untyped-def]
        total = tf.shape(images)[0]
        steps = (total + EVALUATION_BATCH - 1) // EVALUATION_BATCH
        parts = tf.TensorArray(tf.float32, size=steps, element_shape=[EVALUATION_BATCH, model.feature_dim])
        for i in tf.range(steps):
            batch = tf.minimum(tf.range(i * EVALUATION_BATCH, (i + 1) * EVALUATION_BATCH), total - 1)
            parts = parts.write(i, representation(tf.gather(images, batch), False))
        return parts.concat()[:total]

    return Program(size, num_classes, protocol.batch_size, reset, train, count_correct, represent)


def trace(program: Program) -> None:
    """Trace and compile everything, training nothing, so that no run's seconds hold it. Leaves the pretrained weights.

    Raises ModuleError where the representation is not as registered.
    """
    program.reset()
    image = np.zeros([1, program.image_size, program.image_size, 3], np.uint8)
    label, mask = np.zeros([1], np.int32), np.ones([program.num_classes], np.bool_)
    program.represent(image)
    program.count_correct(image, label, mask)
    program.train(image, label, np.zeros([0, program.batch_size], np.int32), np.zeros([0], np.float32), mask)


def finetune(program: Program, images: Images, classes: int, protocol: Protocol, learning_rate: float, seed: int) -> Run:
    """One run from the pretrained weights. learning_rate: initial, before it is scaled by batch_size / 256."""
    mask = tf.range(program.num_classes) < classes
    train = images.train
    order = batch_order(seed, len(train.labels), protocol.steps, protocol.batch_size)
    program.reset()
    loss, finite = program.train(train.images, train.labels, order, rates(protocol, learning_rate), mask)
    return Run(
        validation_accuracy=_accuracy(program, images.validation, mask),
        test_accuracy=_accuracy(program, images.test, mask),
        final_loss=float(loss) if np.isfinite(loss) else None,
        diverged=not bool(finite),
    )


def rates(protocol: Protocol, learning_rate: float) -> NDArray[np.float32]:
    """float32 [steps]: the learning rate of each step: scaled, warmed up linearly from 0, decayed after fractions of the steps."""
    step = np.arange(protocol.steps)
    warm = np.minimum(1.0, step / protocol.warmup_steps) if protocol.warmup_steps else np.ones(protocol.steps)
    decays = sum((step >= fraction * protocol.steps for fraction in protocol.decay_at), np.zeros(protocol.steps))
    scaled: NDArray[np.float64] = learning_rate * protocol.batch_size / 256 * warm * protocol.decay_factor**decays
    return scaled.astype(np.float32)


def _accuracy(program: Program, split: Split, mask: tf.Tensor) -> float:
    correct = sum(int(program.count_correct(images, labels, mask)) for images, labels in split.batches(EVALUATION_PART))
    return correct / len(split.labels)
