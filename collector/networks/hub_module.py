"""Loads networks through tensorflow-hub, and gives both of its formats one interface: images in, representation out, all trainable.

Regularization losses of a module are ignored in both formats: weight decay is set by the protocol, the same for all networks, and the
paper's fine-tunes (supplement; VTAB's lightweight protocol) have none.
"""

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import tensorflow as tf
import tensorflow_hub as hub
from tensorflow.python.framework.convert_to_constants import _run_inline_graph_optimization

from collector.graph.pure_graph import ImpureError, PureGraph, apply, purify
from collector.networks import tf1_module
from collector.spec.model import Model, ModuleError, too_small


@dataclass(frozen=True)
class HubModule:
    """A network: a reusable TF2 SavedModel, or a module in the hub's TF1 format.

    represent(images, training): float32 [n, height, width, 3] in the network's range -> float32 [n, feature_dim]. With training=True,
    batch-norm statistics are those of the batch and the moving averages are updated.
    pure(images, training): the same, for images of this TensorSpec, as a pure function of the images and of the variables' values in
    the order of variables. Raises ImpureError where that is not possible.
    trainable: the variables that fine-tuning changes. variables: all of them, moving averages included.
    """

    format: Literal["TF1", "TF2"]
    represent: Callable[[tf.Tensor, bool], tf.Tensor]
    pure: Callable[[tf.TensorSpec, bool], PureGraph]
    trainable: list[tf.Variable]
    variables: list[tf.Variable]


def load(handle: str) -> HubModule:
    """Load a hub handle or a folder that holds a SavedModel. Raises ModuleError where it cannot be fine-tuned."""
    try:
        folder = Path(hub.resolve(handle))
        graphs = tf1_module.meta_graphs(folder)
        return _load_tf2(handle) if graphs is None else _load_tf1(folder, graphs)
    except (OSError, ValueError, ImpureError, tf.errors.OpError) as error:
        raise ModuleError(f"{handle} cannot be loaded through tensorflow-hub: {error}") from error


def check_size(module: HubModule, model: Model, size: int) -> None:
    """Check that a network takes images of size × size pixels, by tracing it. Raises ModuleError that names the smallest size it takes."""

    def failure(side: int) -> str | None:
        function = tf.function(lambda images: module.represent(images, False), autograph=False)
        try:
            function.get_concrete_function(tf.TensorSpec([1, side, side, 3]))
        except (ModuleError, ValueError) as error:
            return f"Model {model.model!r}: {str(error).splitlines()[0]}"
        return None

    reason = failure(size)
    if reason is None:
        return
    larger = range(size + 1, model.image_size + 1)
    index = bisect_left(larger, True, key=lambda side: failure(side) is None)
    raise ModuleError(too_small(model, size, larger[index]) if index < len(larger) else reason)


def _load_tf2(handle: str) -> HubModule:
    loaded = hub.load(handle)
    if not callable(loaded) or not getattr(loaded, "trainable_variables", None):
        raise ModuleError(f"{handle} is not a reusable SavedModel: it needs __call__(images, training) and trainable_variables.")
    variables = list(loaded.variables)

    def represent(images: tf.Tensor, training: bool) -> tf.Tensor:
        try:
            return loaded(images, training=training)
        except (TypeError, ValueError) as error:
            saved = [tf.nest.flatten(function.structured_input_signature) for function in loaded.__call__.concrete_functions]
            accepted = {
                spec.shape for specs in saved for spec in specs if isinstance(spec, tf.TensorSpec) and spec.shape.rank == 4
            }
            if any(shape.is_compatible_with(images.shape) for shape in accepted):
                reason = str(error).splitlines()[0]
            else:  # no saved function takes images of this shape
                reason = f"it takes {', '.join(sorted(map(str, accepted)))}"
            raise ModuleError(f"{handle} does not take images of {images.shape} with training={training}: {reason}.") from error

    def pure(images: tf.TensorSpec, training: bool) -> PureGraph:
        function = tf.function(lambda images: represent(images, training), autograph=False)
        return inline(function.get_concrete_function(images), variables)

    return HubModule("TF2", represent, pure, list(loaded.trainable_variables), variables)


def _load_tf1(folder: Path, graphs: Mapping[frozenset[str], Any]) -> HubModule:
    inference, training_graph, variables, trainable = tf1_module.read(folder, graphs)

    def pure(images: tf.TensorSpec, training: bool) -> PureGraph:
        return training_graph if training else inference

    # A function of its own, because a gradient tape does not record imported nodes, but differentiates functions.
    @tf.function
    def represent(images, training):  # type: ignore[no-untyped-def]
        graph = training_graph if training else inference
        output, update_values = graph(images, [variable.read_value() for variable in variables], tf.zeros([2], tf.int32))
        apply(graph.updates, variables, update_values)
        return output

    return HubModule("TF1", represent, pure, trainable, variables)


def inline(function: Any, variables: list[tf.Variable]) -> PureGraph:
    """Inline all functions that a concrete function of images calls, and turn it into a pure graph. Raises ImpureError."""
    definition = _run_inline_graph_optimization(function, lower_control_flow=False, aggressive_inlining=True)
    indices = {id(variable.handle): index for index, variable in enumerate(variables)}
    captured = {inner.op.name: outer for outer, inner in function.graph.captures}
    resources = {name: indices[id(outer)] for name, outer in captured.items() if id(outer) in indices}
    (images,) = (tensor for tensor in function.inputs if tensor.op.name not in captured)
    return purify(definition, images.name, function.outputs[0].name, resources)
