"""Decides how a network runs: called as it was loaded, or imported as a pure graph, which XLA can compile."""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from collector.graph.checkpoint_planner import plan_checkpoints
from collector.graph.mixed_precision import to_bfloat16
from collector.graph.pure_graph import ImpureError, PureGraph
from collector.networks.hub_module import HubModule
from collector.spec.model import Model, ModuleError
from collector.spec.protocol import Protocol


@dataclass(frozen=True)
class Compilation:
    """How a network runs.

    training, inference: its pure graphs; None: it is called as it was loaded. checkpoints: names of the training graph's tensors that the
    forward pass keeps at the end of each segment but the last; the others are recomputed. xla: whether XLA compiles the graphs.
    fallback: why it does not, although it should.
    """

    training: PureGraph | None
    inference: PureGraph | None
    checkpoints: Sequence[Sequence[str]]
    xla: bool
    fallback: str | None


def choose_compilation(
    module: HubModule, model: Model, protocol: Protocol, evaluation_batch: int, xla: bool, activation_bytes: int
) -> Compilation:
    """Choose how a network runs in training (batches of the protocol's size) and in inference (of evaluation_batch images).

    xla: whether it should be compiled; a network that cannot be turned into a pure graph is called and not compiled. activation_bytes:
    for the activations of a training step; a compiled network that needs more recomputes segments. Raises ModuleError where the protocol
    asks for bfloat16 and the network cannot be turned into a pure graph.
    """
    if not (xla or protocol.precision == "bfloat16" or module.format == "TF1"):
        return Compilation(None, None, [], False, None)
    size = model.input_size(protocol.image_size)
    training_images = tf.TensorSpec([protocol.batch_size, size, size, 3])
    try:
        training = _graph(module, protocol, training_images, True)
        inference = _graph(module, protocol, tf.TensorSpec([evaluation_batch, size, size, 3]), False)
    except ImpureError as reason:
        if protocol.precision == "bfloat16":
            raise ModuleError(f"Model {model.model!r} ({model.handle}) cannot be computed in bfloat16: {reason}.") from reason
        return Compilation(None, None, [], False, str(reason))
    checkpoints: Sequence[Sequence[str]] = []
    if xla:
        checkpoints = plan_checkpoints(training, training_images, module.variables, activation_bytes).checkpoints
    return Compilation(training, inference, checkpoints, xla, None)


def _graph(module: HubModule, protocol: Protocol, images: tf.TensorSpec, training: bool) -> PureGraph:
    """The network's graph in the protocol's precision. Raises ImpureError."""
    graph = module.pure(images, training)
    return to_bfloat16(graph) if protocol.precision == "bfloat16" else graph
