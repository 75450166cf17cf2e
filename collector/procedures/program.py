"""Traces one network's functions: to train it, to count what it gets right, to represent images.

One traced program per network serves every dataset, learning rate and repeat: the head is as wide as the widest label set and the
classes that a dataset does not have are masked, and images, labels, batch order and learning rates are arguments.

On a GPU XLA compiles it. For that the network's nodes are put into the program's own graph as a pure function: a loaded network that is
called instead gives XLA every weight as a constant, and a new program at every step. A CPU runs it sooner without XLA.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from collector.graph.checkpoint_planner import plan
from collector.graph.mixed_precision import in_bfloat16
from collector.graph.pure_graph import ImpureError, PureGraph, apply
from collector.graph.rematerialization import differentiate
from collector.networks.hub_module import HubModule, check_size
from collector.spec.model import Model, ModuleError
from collector.spec.protocol import Protocol

# Images at a time: a GPU needs many to be busy.
EVALUATION_BATCH, GPU_EVALUATION_BATCH = 128, 512
MASKED = -1e9  # far below every logit, and finite: its difference to the largest logit still is

# Of a GPU of 80 GB: room is left for weights, momenta, gradients on their way and a convolution's workspace.
ACTIVATION_BYTES = 48 * 10**9

Batch = tuple[NDArray[np.uint8], NDArray[np.int32], int]


@dataclass(frozen=True)
class Program:
    """The functions of one network. Images are uint8 [n, size, size, 3], labels int32 [n].

    reset() puts every variable back. train(images, labels, order [steps, batch], rates [steps], mask [classes], seed, start, stop) ->
    (loss of the last step, whether every loss was finite) of the steps from start to before stop, which go on from where the network
    is: in two parts they end in the same bits as in one. count_correct(images, labels, mask) -> int, and changes nothing.
    represent(images) -> float32 [n, feature_dim]. trained: the network's trainable variables and the head's. traced: the TensorFlow
    functions behind the others.
    xla: whether XLA compiles it. fallback: why not, where it should. parts: of the network; all but the last are computed twice where
    there are several, because their activations would not fit.
    """

    image_size: int
    num_classes: int
    protocol: Protocol
    reset: Callable[[], None]
    train: Callable[..., tuple[tf.Tensor, tf.Tensor]]
    count_correct: Callable[[NDArray[np.uint8], NDArray[np.int32], tf.Tensor], int]
    represent: Callable[[NDArray[np.uint8]], NDArray[np.float32]]
    trained: Sequence[tf.Variable]
    traced: Sequence[Any]
    xla: bool
    fallback: str | None
    parts: int

    @property
    def way(self) -> str | None:
        """How the network runs, where that is not plainly TensorFlow: in a row's software."""
        if self.fallback:
            return f"without XLA ({self.fallback})"
        if not self.xla:
            return None
        return "XLA" if self.parts == 1 else f"XLA, activations recomputed in {self.parts} parts"


def build_program(
    module: HubModule,
    model: Model,
    protocol: Protocol,
    num_classes: int,
    xla: bool | None = None,
    activation_bytes: int = ACTIVATION_BYTES,
) -> Program:
    """Make the program of a network for label sets of up to num_classes; reset() goes back to the module's weights of this moment.

    xla: None for what suits the device. A network that is no pure function is called, and not compiled by XLA. activation_bytes: of
    a step; a compiled network that needs more computes parts of itself twice.
    Raises ModuleError where the network does not take images of the protocol's size, or the representation is not [n, feature_dim] as
    registered.
    """
    size = model.input_size(protocol.image_size)
    check_size(module, model, size)
    gpu = bool(tf.config.list_physical_devices("GPU"))
    evaluation_batch = GPU_EVALUATION_BATCH if gpu else EVALUATION_BATCH
    wanted = gpu if xla is None else xla
    to_train, to_infer, fallback = None, None, None
    if wanted or protocol.precision == "bfloat16" or module.format == "TF1":
        try:
            to_train, to_infer = _graphs(module, protocol, size, evaluation_batch)
        except ImpureError as reason:
            if protocol.precision == "bfloat16":
                raise ModuleError(f"Model {model.model!r} ({model.handle}) cannot be had in bfloat16: {reason}.") from reason
            fallback = str(reason)
    compiled = wanted and to_train is not None
    cuts: Sequence[Sequence[str]] = []
    if compiled and to_train is not None:
        cuts = plan(to_train, tf.TensorSpec([protocol.batch_size, size, size, 3]), module.variables, activation_bytes).cuts
    low, high = model.input_range
    batch_spec, mask_spec = tf.TensorSpec([evaluation_batch, size, size, 3], tf.uint8), tf.TensorSpec([num_classes], tf.bool)
    kernel, bias = tf.Variable(tf.zeros([model.feature_dim, num_classes])), tf.Variable(tf.zeros([num_classes]))
    trained = [*module.trainable, kernel, bias]
    momenta = [tf.Variable(tf.zeros_like(variable), trainable=False) for variable in trained]
    initial = [(variable, tf.identity(variable)) for variable in [*module.variables, kernel, bias, *momenta]]

    def pixels(images: tf.Tensor) -> tf.Tensor:
        return low + tf.cast(images, tf.float32) * ((high - low) / 255.0)

    def checked(representation: tf.Tensor) -> tf.Tensor:
        if representation.shape.rank == 4 and representation.shape[1:3] == [1, 1]:  # as VTAB's own code takes them
            representation = tf.squeeze(representation, [1, 2])
        if representation.shape.rank != 2 or representation.shape[1] != model.feature_dim:
            shape = ["n", *representation.shape.as_list()[1:]] if representation.shape.rank else []
            raise ModuleError(
                f"Model {model.model!r} ({model.handle}) gives a representation of shape [{', '.join(map(str, shape))}]; "
                f"registered is [n, {model.feature_dim}]."
            )
        return representation

    def logits(representation: tf.Tensor, head: Sequence[tf.Tensor], mask: tf.Tensor) -> tf.Tensor:
        return tf.where(mask, representation @ head[0] + head[1], MASKED)

    def mean_loss(representation: tf.Tensor, head: Sequence[tf.Tensor], labels: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
        scores = logits(checked(representation), head, mask)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=scores))

    def called(images: tf.Tensor, labels: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        with tf.GradientTape() as tape:
            loss = mean_loss(module.represent(pixels(images), True), [kernel, bias], labels, mask)
        return loss, tape.gradient(loss, trained, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    def inlined(
        graph: PureGraph, images: tf.Tensor, labels: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        values = {id(variable): variable.read_value() for variable in module.variables}
        head = [kernel.read_value(), bias.read_value()]
        loss, gradients, new = differentiate(
            graph,
            cuts,
            graph.given(pixels(images), [values[id(variable)] for variable in module.variables], seed),
            [values[id(variable)] for variable in module.trainable],
            head,
            lambda representation: mean_loss(representation, head, labels, mask),
            tf.cast(seed[1] < 0, tf.float32),  # no step has a number below 0
        )
        apply(graph.updates, module.variables, new)
        return loss, gradients

    def step(images: tf.Tensor, labels: tf.Tensor, rate: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        if to_train is None:
            loss, gradients = called(images, labels, mask)
        else:
            loss, gradients = inlined(to_train, images, labels, mask, seed)
        for variable, momentum, gradient in zip(trained, momenta, gradients, strict=True):
            if protocol.weight_decay:
                gradient += protocol.weight_decay * variable
            tf.raw_ops.ResourceApplyMomentum(
                var=variable.handle, accum=momentum.handle, lr=rate, grad=gradient, momentum=protocol.momentum
            )
        return loss

    @tf.function(input_signature=[], autograph=False)
    def reset():  # type: ignore[no-untyped-def]
        for variable, value in initial:
            variable.assign(value)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None, size, size, 3], tf.uint8),
            tf.TensorSpec([None], tf.int32),
            tf.TensorSpec([None, protocol.batch_size], tf.int32),
            tf.TensorSpec([None], tf.float32),
            mask_spec,
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.int32),
            tf.TensorSpec([], tf.int32),
        ],
        jit_compile=compiled,
        autograph=False,
    )
    def train(images, labels, order, rates, mask, seed, start, stop):  # type: ignore[no-untyped-def]
        def body(i: tf.Tensor, loss: tf.Tensor, finite: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            batch = tf.ensure_shape(order[i], [protocol.batch_size])
            loss = step(tf.gather(images, batch), tf.gather(labels, batch), rates[i], mask, tf.stack([seed, i]))
            return i + 1, loss, finite & tf.math.is_finite(loss)

        _, loss, finite = tf.while_loop(lambda i, *_: i < stop, body, [start, 0.0, True])
        return loss, finite

    @tf.function(input_signature=[batch_spec], jit_compile=compiled, autograph=False)
    def represent(images):  # type: ignore[no-untyped-def]
        if to_infer is None:
            return checked(module.represent(pixels(images), False))
        values = [variable.read_value() for variable in module.variables]
        return checked(to_infer(pixels(images), values, tf.zeros([2], tf.int32))[0])

    @tf.function(input_signature=[batch_spec, tf.TensorSpec([evaluation_batch], tf.int32), mask_spec], autograph=False)
    def count_correct(images, labels, mask):  # type: ignore[no-untyped-def]
        classes = tf.argmax(logits(represent(images), [kernel, bias], mask), axis=1, output_type=tf.int32)
        return tf.math.count_nonzero(classes == labels, dtype=tf.int32)

    def count_all_correct(images: NDArray[np.uint8], labels: NDArray[np.int32], mask: tf.Tensor) -> int:
        # The device counts one batch while the next is read: no result is waited for before the end.
        counts = [count_correct(batch, of_batch, mask) for batch, of_batch, _ in _batches(images, labels, evaluation_batch)]
        return int(tf.add_n(counts))

    def represent_all(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        labels = np.zeros(len(images), np.int32)
        parts = [represent(batch).numpy()[:count] for batch, _, count in _batches(images, labels, evaluation_batch)]
        return np.concatenate(parts)

    traced = (train, count_correct, represent, reset)
    return Program(
        size,
        num_classes,
        protocol,
        reset,
        train,
        count_all_correct,
        represent_all,
        trained,
        traced,
        compiled,
        fallback,
        len(cuts) + 1,
    )


def _graphs(module: HubModule, protocol: Protocol, size: int, evaluation_batch: int) -> tuple[PureGraph, PureGraph]:
    """The network to train and to infer, in the protocol's precision. Raises ImpureError."""
    to_train = module.pure(tf.TensorSpec([protocol.batch_size, size, size, 3]), True)
    to_infer = module.pure(tf.TensorSpec([evaluation_batch, size, size, 3]), False)
    if protocol.precision == "bfloat16":
        return in_bfloat16(to_train), in_bfloat16(to_infer)
    return to_train, to_infer


def traced_program(module: HubModule, model: Model, protocol: Protocol, num_classes: int, xla: bool | None = None) -> Program:
    """The network's program for this device, traced and compiled. One that XLA does not know an operation of does without it.

    Raises ModuleError where the representation is not as registered.
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
    """Trace and compile everything, so that no run's seconds hold it. Leaves the pretrained weights.

    Raises ModuleError where the representation is not as registered.
    """
    program.reset()
    protocol, size = program.protocol, program.image_size
    # XLA compiles for these very shapes: those of every run of the study.
    images = np.zeros([protocol.train_examples, size, size, 3], np.uint8)
    labels, mask = np.zeros([protocol.train_examples], np.int32), np.ones([program.num_classes], np.bool_)
    program.count_correct(images[:1], labels[:1], mask)
    order = np.zeros([protocol.steps, protocol.batch_size], np.int32)
    program.train(
        images, labels, order, np.zeros([protocol.steps], np.float32), mask, 0, 0, 1
    )  # a step, in which a GPU loads its kernels
    program.reset()


def _batches(images: NDArray[np.uint8], labels: NDArray[np.int32], size: int) -> Iterator[Batch]:
    """Images and labels, always size of them, and how many are real: the last batch is filled up with the label -1."""
    for start in range(0, len(labels), size):
        batch, of_batch = np.asarray(images[start : start + size]), labels[start : start + size]
        count = len(of_batch)
        if count < size:
            batch = np.concatenate([batch, np.zeros((size - count, *batch.shape[1:]), np.uint8)])
            of_batch = np.concatenate([of_batch, np.full(size - count, -1, np.int32)])
        yield batch, of_batch, count
