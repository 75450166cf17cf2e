"""Traces the functions of one network: training, evaluation, and the representation of images.

One traced program per network serves every dataset, learning rate and repeat: the head is as wide as the widest label set, classes
that a dataset does not have are masked, and images, labels, batch order and learning rates are arguments.

On a GPU, XLA compiles it. For that the network's nodes are imported into the program's own graph as a pure function: if the loaded
network were called, XLA would treat every weight as a constant and compile a new program at every step. A CPU is faster without XLA.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from collector.networks.hub_module import HubModule, check_size
from collector.procedures.classifier import Classifier, logits, make_classifier, representation_of, train_step
from collector.procedures.compilation import choose_compilation
from collector.spec.model import Model
from collector.spec.protocol import Protocol

# Images per batch: a GPU needs many to be busy.
EVALUATION_BATCH, GPU_EVALUATION_BATCH = 128, 512

# On a GPU of 80 GB. The rest is for weights, momenta, gradients and the workspace of convolutions.
ACTIVATION_BYTES = 48 * 10**9

Batch = tuple[NDArray[np.uint8], NDArray[np.int32], int]


@dataclass(frozen=True)
class Program:
    """The traced functions of one network. Images are uint8 [n, size, size, 3], labels int32 [n], masks bool [num_classes].

    reset() restores the initial value of every variable. train(images, labels, order [steps, batch], rates [steps], mask, seed, start,
    stop) runs the steps start to stop - 1 from the network's current state, and returns the loss of the last one and whether every loss
    was finite; two calls that share the steps end in the same bits as one. count_correct(images, labels, mask) -> int changes nothing.
    represent(images) -> float32 [n, feature_dim]. classifier: the network and the head that they change and ask. traced: the TensorFlow
    functions behind the others.
    xla: whether XLA compiles it. fallback: why it does not, although it should. segments: of the network, all but the last of which are
    recomputed in the backward pass; 1 where all activations fit into memory.
    """

    image_size: int
    num_classes: int
    protocol: Protocol
    reset: Callable[[], None]
    train: Callable[..., tuple[tf.Tensor, tf.Tensor]]
    count_correct: Callable[[NDArray[np.uint8], NDArray[np.int32], tf.Tensor], int]
    represent: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    classifier: Classifier
    traced: Sequence[Any]
    xla: bool
    fallback: str | None
    segments: int

    @property
    def execution_mode(self) -> str | None:
        """How the network runs, for a row's column software; None for TensorFlow without XLA on a device where that is the rule."""
        if self.fallback:
            return f"without XLA ({self.fallback})"
        if not self.xla:
            return None
        return "XLA" if self.segments == 1 else f"XLA, activations recomputed in {self.segments} parts"


def build_program(
    module: HubModule,
    model: Model,
    protocol: Protocol,
    num_classes: int,
    xla: bool | None = None,
    activation_bytes: int = ACTIVATION_BYTES,
) -> Program:
    """Build the program of a network for label sets of up to num_classes. reset() restores the module's weights at this moment.

    xla: whether to compile; None: on a GPU. A network that cannot be turned into a pure function is called and not compiled.
    activation_bytes: for the activations of a step; a compiled network that needs more recomputes segments.
    Raises ModuleError where the network does not take images of the protocol's size, or its representation is not [n, feature_dim] as
    registered.
    """
    size = model.input_size(protocol.image_size)
    check_size(module, model, size)
    gpu = bool(tf.config.list_physical_devices("GPU"))
    evaluation_batch = GPU_EVALUATION_BATCH if gpu else EVALUATION_BATCH
    compilation = choose_compilation(module, model, protocol, evaluation_batch, gpu if xla is None else xla, activation_bytes)
    classifier = make_classifier(module, model, protocol, compilation, num_classes)
    images, mask = tf.TensorSpec([evaluation_batch, size, size, 3], tf.uint8), tf.TensorSpec([num_classes], tf.bool)
    reset = _reset_function(classifier)
    train = _train_function(classifier, size, mask)
    represent = _represent_function(classifier, images)
    count_correct = _count_correct_function(classifier, represent, images, mask)

    def count_all_correct(images: NDArray[np.uint8], labels: NDArray[np.int32], mask: tf.Tensor) -> int:
        # No result is waited for before the end, so that the device counts one batch while the next is read.
        counts = [
            count_correct(batch, batch_labels, mask) for batch, batch_labels, _ in _batches(images, labels, evaluation_batch)
        ]
        return int(tf.add_n(counts))

    def represent_all(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        labels = np.zeros(len(images), np.int32)
        return np.concatenate(
            [represent(batch).numpy()[:count] for batch, _, count in _batches(images, labels, evaluation_batch)]
        )

    return Program(
        image_size=size,
        num_classes=num_classes,
        protocol=protocol,
        reset=reset,
        train=train,
        count_correct=count_all_correct,
        represent=represent_all,
        classifier=classifier,
        traced=(train, count_correct, represent, reset),
        xla=compilation.xla,
        fallback=compilation.fallback,
        segments=len(compilation.checkpoints) + 1,
    )


def _reset_function(classifier: Classifier) -> Any:
    """Make the function that restores the values that all variables have now."""
    initial = [(variable, tf.identity(variable)) for variable in classifier.variables]

    @tf.function(input_signature=[], autograph=False)
    def reset():  # type: ignore[no-untyped-def]
        for variable, value in initial:
            variable.assign(value)

    return reset


def _train_function(classifier: Classifier, size: int, mask: tf.TensorSpec) -> Any:
    """Make the function behind Program.train. size: of the images."""
    batch_size = classifier.protocol.batch_size

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, size, size, 3], tf.uint8),
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([None, batch_size], tf.int32),
            tf.TensorSpec([None], tf.float32),
            mask,
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.int32),
        ],
        jit_compile=classifier.compilation.xla,
        autograph=False,
    )
    def train(images, labels, order, rates, mask, seed, start, stop):  # type: ignore[no-untyped-def]
        def body(i: tf.Tensor, loss: tf.Tensor, finite: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            batch = tf.ensure_shape(order[i], [batch_size])
            loss = train_step(classifier, tf.gather(images, batch), tf.gather(labels, batch), rates[i], mask, tf.stack([seed, i]))
            return i + 1, loss, finite & tf.math.is_finite(loss)

        _, loss, finite = tf.while_loop(lambda i, *_: i < stop, body, [start, 0.0, True])
        return loss, finite

    return train


def _represent_function(classifier: Classifier, images: tf.TensorSpec) -> Any:
    """Make the function behind Program.represent, for one batch of images."""

    @tf.function(input_signature=[images], jit_compile=classifier.compilation.xla, autograph=False)
    def represent(images):  # type: ignore[no-untyped-def]
        return representation_of(classifier, images)

    return represent


def _count_correct_function(classifier: Classifier, represent: Any, images: tf.TensorSpec, mask: tf.TensorSpec) -> Any:
    """Make the function behind Program.count_correct, for one batch of images."""

    @tf.function(input_signature=[images, tf.TensorSpec([images.shape[0]], tf.int32), mask], autograph=False)
    def count_correct(images, labels, mask):  # type: ignore[no-untyped-def]
        scores = logits(represent(images), [classifier.kernel, classifier.bias], mask)
        classes = tf.argmax(scores, axis=1, output_type=tf.int32)
        return tf.math.count_nonzero(classes == labels, dtype=tf.int32)

    return count_correct


def traced_program(module: HubModule, model: Model, protocol: Protocol, num_classes: int, xla: bool | None = None) -> Program:
    """Build, trace and compile a network's program for this device; without XLA where XLA does not support one of its operations.

    Raises ModuleError as build_program does.
    """
    program = build_program(module, model, protocol, num_classes, xla)
    try:
        trace(program)
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
        if not program.xla:
            raise
        found = re.search(r"unsupported operations.*?_JIT: (\w+)", str(error))
        reason = f"it does not know {found[1]}" if found else str(error).strip().splitlines()[0]
        program = replace(build_program(module, model, protocol, num_classes, xla=False), fallback=reason)
        trace(program)
    return program


def trace(program: Program) -> None:
    """Trace and compile all functions, so that no run's seconds include it, and reset the program.

    Raises ModuleError where the representation is not as registered.
    """
    program.reset()
    protocol, size = program.protocol, program.image_size
    # XLA compiles for exactly these shapes, those of every run of the study.
    images = np.zeros([protocol.train_examples, size, size, 3], np.uint8)
    labels, mask = np.zeros([protocol.train_examples], np.int32), np.ones([program.num_classes], np.bool_)
    program.count_correct(images[:1], labels[:1], mask)
    order = np.zeros([protocol.steps, protocol.batch_size], np.int32)
    program.train(
        images, labels, order, np.zeros([protocol.steps], np.float32), mask, 0, 0, 1
    )  # a step, in which a GPU loads its kernels
    program.reset()


def _batches(images: NDArray[np.uint8], labels: NDArray[np.int32], size: int) -> Iterator[Batch]:
    """Yield batches of exactly size images and labels, with the number of real ones: the last batch is padded with the label -1."""
    for start in range(0, len(labels), size):
        batch, batch_labels = np.asarray(images[start : start + size]), labels[start : start + size]
        count = len(batch_labels)
        if count < size:
            batch = np.concatenate([batch, np.zeros((size - count, *batch.shape[1:]), np.uint8)])
            batch_labels = np.concatenate([batch_labels, np.full(size - count, -1, np.int32)])
        yield batch, batch_labels, count
