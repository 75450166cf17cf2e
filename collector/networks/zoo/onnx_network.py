"""Rebuilds a part of an ONNX graph in Keras layers: channels last, for images of any size, with all weights trainable.

An unsupported operation is an error that names it. onnx only reads the file; its reference implementation computes some of these graphs
incorrectly (depthwise convolutions), so tests compare with onnxruntime.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from keras import layers, ops
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from collector.networks.zoo.error import ZooError
from collector.networks.zoo.weighted import Weighted

Values = dict[str, Any]


@dataclass(frozen=True)
class Graph:
    """An ONNX file. proto: its content. weights: its constants by name."""

    proto: Any
    weights: dict[str, NDArray[Any]]


def parse(content: bytes) -> Graph:
    """Parse a file's bytes; constants may be initializers or nodes."""
    proto = onnx.load_from_string(content)
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in proto.graph.initializer}
    for node in proto.graph.node:
        if node.op_type == "Constant":
            weights[node.output[0]] = numpy_helper.to_array(helper.get_node_attr_value(node, "value"))
    return Graph(proto, weights)


def nodes_of(graph: Graph, op: str) -> list[Any]:
    """The nodes of one operation, in the file's order."""
    return [node for node in graph.proto.graph.node if node.op_type == op]


def rebuild(graph: Graph, source: str, output: str, images: Any) -> Any:
    """Return the Keras tensor of the value `output`, with `images` [n, rows, columns, channels] in place of `source`. Raises ZooError."""
    made: Values = {source: images, **graph.weights}
    needed = _needed(graph, source, output)
    for node in graph.proto.graph.node:
        if node.output[0] in needed and node.output[0] not in made:
            made[node.output[0]] = _apply(node, [made[name] for name in node.input if name])
    return made[output]


def _needed(graph: Graph, source: str, output: str) -> set[str]:
    """The names of all values that the output depends on, up to the source."""
    makers = {node.output[0]: node for node in graph.proto.graph.node}
    found: set[str] = set()
    pending = [output]
    while pending:
        name = pending.pop()
        if name and name not in found:
            found.add(name)
            if name != source and name in makers:
                pending += makers[name].input
    return found


def _apply(node: Any, inputs: list[Any]) -> Any:
    attributes = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
    if node.op_type not in OPS:
        raise ZooError(f"its graph has {node.op_type} ({node.output[0]}), which cannot be rebuilt")
    return OPS[node.op_type](node, inputs, attributes)


def _convolution(node: Any, inputs: list[Any], attributes: Values) -> Any:
    x, kernel = inputs[:2]
    if attributes.get("auto_pad", b"NOTSET") != b"NOTSET" or list(attributes.get("dilations", [1, 1])) != [1, 1]:
        raise ZooError(
            f"its graph has a convolution with automatic padding or dilation ({node.output[0]}), which cannot be rebuilt"
        )
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    if top or left or bottom or right:
        x = layers.ZeroPadding2D(((top, bottom), (left, right)))(x)
    rows, columns = attributes.get("strides", [1, 1])
    biased, groups = len(inputs) == 3, attributes.get("group", 1)
    size = kernel.shape[2:]
    layer: Any
    if groups == 1:
        layer = layers.Conv2D(kernel.shape[0], size, (rows, columns), use_bias=biased)
        values, skipped = kernel.transpose(2, 3, 1, 0), (1, 1)  # [out, in, row, column] → [row, column, in, out]
    elif groups == kernel.shape[0] and kernel.shape[1] == 1:
        # TensorFlow's depthwise kernels need equal strides: otherwise, stride 1 is used, and the rows and columns between are dropped.
        skipped = (1, 1) if rows == columns else (rows, columns)
        layer = layers.DepthwiseConv2D(size, rows if rows == columns else 1, use_bias=biased)
        values = kernel.transpose(2, 3, 0, 1)
    else:
        raise ZooError(f"its graph has a convolution of {groups} groups ({node.output[0]}), which cannot be rebuilt")
    y = layer(x)
    layer.set_weights([values, inputs[2]] if biased else [values])
    return y if skipped == (1, 1) else y[:, :: skipped[0], :: skipped[1], :]


def _normalization(_: Any, inputs: list[Any], attributes: Values) -> Any:
    layer = layers.BatchNormalization(epsilon=attributes.get("epsilon", 1e-5))
    y = layer(inputs[0])
    layer.set_weights(inputs[1:])
    return y


def _combine(operation: Callable[[Any, Any], Any]) -> Callable[[Any, list[Any], Values], Any]:
    """Combine two feature maps, a map and a weight (one number, or one per channel), or a map and a constant."""

    def apply(node: Any, inputs: list[Any], _: Values) -> Any:
        constants = [(name, value) for name, value in zip(node.input, inputs, strict=True) if isinstance(value, np.ndarray)]
        if not constants:
            return operation(*inputs)
        if len(constants) == 2:
            return operation(*inputs)
        ((name, value),) = constants
        (x,) = (value for value in inputs if not isinstance(value, np.ndarray))
        if "constant" in name.lower():
            return operation(x, float(value.ravel()[0])) if inputs[0] is x else operation(float(value.ravel()[0]), x)
        if node.op_type not in ("Add", "Mul"):
            raise ZooError(f"its graph has {node.op_type} with a weight ({node.output[0]}), which cannot be rebuilt")
        return Weighted(value.ravel(), node.op_type == "Mul")(x)

    return apply


def _reshape(node: Any, inputs: list[Any], _: Values) -> Any:
    if not isinstance(inputs[0], np.ndarray):
        raise ZooError(f"its graph has a Reshape of a map ({node.output[0]}), which cannot be rebuilt")
    return inputs[0]


def _max_pool(_: Any, inputs: list[Any], attributes: Values) -> Any:
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    x = ops.pad(inputs[0], [(0, 0), (top, bottom), (left, right), (0, 0)], constant_values=-1e30)
    return layers.MaxPooling2D(attributes["kernel_shape"], attributes["strides"])(x)


OPS: dict[str, Callable[[Any, list[Any], Values], Any]] = {
    "Conv": _convolution,
    "BatchNormalization": _normalization,
    "Add": _combine(lambda one, other: one + other),
    "Mul": _combine(lambda one, other: one * other),
    "Div": _combine(lambda one, other: one / other),
    "Relu": lambda _, inputs, __: layers.ReLU()(inputs[0]),
    "Clip": lambda _, inputs, __: ops.clip(inputs[0], float(inputs[1]), float(inputs[2])),
    "HardSigmoid": lambda _, inputs, attributes: ops.clip(inputs[0] * attributes["alpha"] + attributes["beta"], 0.0, 1.0),
    "GlobalAveragePool": lambda _, inputs, __: layers.GlobalAveragePooling2D(keepdims=True)(inputs[0]),
    "MaxPool": _max_pool,
    "Reshape": _reshape,
}
