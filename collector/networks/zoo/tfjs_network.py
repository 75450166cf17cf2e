"""Rebuilds a part of a TensorFlow.js graph in Keras layers, for images of any size, with all weights trainable.

In the files, convolutions are fused with their bias and activation, for which TensorFlow has no gradient, and batch normalisation is
folded into them, so the rebuilt networks have none. An unsupported operation is an error that names it.
"""

from typing import Any

import numpy as np
from keras import layers, ops

from collector.networks.zoo.error import ZooError
from collector.networks.zoo.tfjs_file import Graph, attribute, order, producer
from collector.networks.zoo.weighted import Weighted

ACTIVATIONS = {"Relu": layers.ReLU, "Relu6": lambda: layers.ReLU(6.0), "Sigmoid": lambda: layers.Activation("sigmoid")}


def rebuild(graph: Graph, source: str, output: str, images: Any) -> Any:
    """Return the Keras tensor of the node `output`, with `images` in place of the node `source`. Raises ZooError."""
    made: dict[str, Any] = {source: images}
    for name in order(graph, source, output):
        if name in graph.weights:
            made[name] = graph.weights[name]
        elif name != source:
            node = graph.nodes[name]
            made[name] = _apply(node, [made[producer(part)] for part in node.input if not part.startswith("^")])
    return made[output]


def _apply(node: Any, inputs: list[Any]) -> Any:
    x = inputs[0]
    match node.op:
        case "Conv2D" | "_FusedConv2D" | "DepthwiseConv2dNative" | "FusedDepthwiseConv2dNative":
            return _convolution(node, inputs)
        case "Relu" | "Relu6" | "Sigmoid":
            return ACTIVATIONS[node.op]()(x)
        case "Add" | "AddV2" | "AddN" | "BiasAdd" | "Mul" | "Sub":
            return _combine(node, inputs)
        case "MaxPool":
            return layers.MaxPooling2D(_middle(node, "ksize"), _middle(node, "strides"), _padding(node))(x)
        case "Mean" | "Max" if sorted(np.ravel(inputs[1]).tolist()) == [1, 2]:
            pool = layers.GlobalAveragePooling2D if node.op == "Mean" else layers.GlobalMaxPooling2D
            return pool(keepdims=attribute(node, "keep_dims").b)(x)
        case "Pad":
            return ops.pad(x, [tuple(pair) for pair in inputs[1].tolist()])
        case "Abs":
            return ops.abs(x)
        case "Identity":
            return x
    raise ZooError(f"its graph has {node.op} ({node.name}), which cannot be rebuilt")


def _convolution(node: Any, inputs: list[Any]) -> Any:
    kernel = inputs[1]
    parts = [part.decode() for part in attribute(node, "fused_ops").list.s]
    biased = parts[:1] == ["BiasAdd"]
    options = {
        "kernel_size": kernel.shape[:2],
        "strides": _middle(node, "strides"),
        "padding": _padding(node),
        "dilation_rate": _middle(node, "dilations") if attribute(node, "dilations").list.i else (1, 1),
        "use_bias": biased,
    }
    if "Depthwise" in node.op:
        layer: Any = layers.DepthwiseConv2D(depth_multiplier=kernel.shape[3], **options)
    else:
        layer = layers.Conv2D(filters=kernel.shape[3], **options)
    x = layer(inputs[0])
    layer.set_weights([kernel, inputs[2].ravel()] if biased else [kernel])
    for part in parts[biased:]:
        if part not in ACTIVATIONS:
            raise ZooError(f"its graph has a convolution fused with {part} ({node.name}), which cannot be rebuilt")
        x = ACTIVATIONS[part]()(x)
    return x


def _combine(node: Any, inputs: list[Any]) -> Any:
    """Add, subtract or multiply two feature maps, a map and a weight, or a map and a plain number, which is not trainable."""
    constants = [value for value in inputs if isinstance(value, np.ndarray)]
    if not constants:
        layer = {"Mul": layers.Multiply, "Sub": layers.Subtract}.get(node.op, layers.Add)
        return layer()(inputs)
    (x,) = (value for value in inputs if not isinstance(value, np.ndarray))
    (values,) = constants
    if values.size == 1:
        number = float(values.ravel()[0])
        if node.op == "Sub":
            return x - number if inputs[0] is x else number - x
        return x * number if node.op == "Mul" else x + number
    if node.op == "Sub":
        raise ZooError(f"its graph takes the difference of a map and a weight ({node.name}), which cannot be rebuilt")
    return Weighted(values.reshape(values.shape[-1]), node.op == "Mul")(x)


def _middle(node: Any, name: str) -> tuple[int, int]:
    """The rows and columns of an attribute [1, rows, columns, 1]."""
    numbers = list(attribute(node, name).list.i)
    return numbers[1], numbers[2]


def _padding(node: Any) -> str:
    padding: str = attribute(node, "padding").s.decode().lower()
    if padding == "explicit" and not any(attribute(node, "explicit_paddings").list.i):
        return "valid"
    return padding
