"""Computes a network's convolutions and matrix products in bfloat16, for protocols of that precision; all else stays float32.

As in Keras' mixed precision: weights, momenta, batch norm, the head and the loss are float32, and so are the sums inside a convolution
on a GPU, whose matrix units are several times as fast in bfloat16. Activations take half the memory.
"""

from typing import Any

import tensorflow as tf

from collector.graph.pure_graph import PureGraph

PRODUCTS = ("Conv2D", "DepthwiseConv2dNative", "MatMul")
BFLOAT16, FLOAT32 = tf.bfloat16.as_datatype_enum, tf.float32.as_datatype_enum


def to_bfloat16(graph: PureGraph) -> PureGraph:
    """Cast the inputs of every float32 product in a graph to bfloat16, and its output back."""
    definition = type(graph.definition)()
    definition.CopyFrom(graph.definition)
    for node in list(definition.node):
        if node.op in PRODUCTS and node.attr["T"].type == FLOAT32:
            name = node.name
            node.name, node.attr["T"].type = f"{name}/product", BFLOAT16
            for i, source in enumerate(node.input):
                node.input[i] = f"{name}/low_{i}"
                _cast(definition, node.input[i], source, FLOAT32, BFLOAT16)
            _cast(definition, name, node.name, BFLOAT16, FLOAT32)
    return PureGraph(definition, graph.images, graph.output, graph.inputs, graph.updates, graph.random)


def _cast(definition: Any, name: str, source: str, before: int, after: int) -> None:
    node = definition.node.add(op="Cast", name=name, input=[source])
    node.attr["SrcT"].type, node.attr["DstT"].type = before, after
