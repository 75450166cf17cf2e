"""Convolutions and matrix products of a network in bfloat16, for a protocol whose precision says so; all else stays float32.

As in Keras' mixed precision: weights, momenta, batch norm, the head and the loss are float32, and so are the sums inside a convolution
on a GPU. Its matrix units are several times as fast, and activations take half the memory.
"""

from typing import Any

import tensorflow as tf

from collector.graph.pure_graph import PureGraph

PRODUCTS = ("Conv2D", "DepthwiseConv2dNative", "MatMul")
LOW, HIGH = tf.bfloat16.as_datatype_enum, tf.float32.as_datatype_enum


def in_bfloat16(graph: PureGraph) -> PureGraph:
    """The same graph, with every product of float32 between two casts."""
    definition = type(graph.definition)()
    definition.CopyFrom(graph.definition)
    for node in list(definition.node):
        if node.op in PRODUCTS and node.attr["T"].type == HIGH:
            name = node.name
            node.name, node.attr["T"].type = f"{name}/product", LOW
            for i, source in enumerate(node.input):
                node.input[i] = f"{name}/low_{i}"
                _cast(definition, node.input[i], source, HIGH, LOW)
            _cast(definition, name, node.name, LOW, HIGH)
    return PureGraph(definition, graph.images, graph.output, graph.inputs, graph.updates, graph.random)


def _cast(definition: Any, name: str, source: str, before: int, after: int) -> None:
    node = definition.node.add(op="Cast", name=name, input=[source])
    node.attr["SrcT"].type, node.attr["DstT"].type = before, after
