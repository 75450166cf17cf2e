"""Reads and runs graph models of TensorFlow.js: a GraphDef written as JSON, and one file of raw weights.

TensorFlow runs a graph unchanged; rebuilt networks are compared with its output.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from google.protobuf import json_format
from numpy.typing import NDArray

FUSED = {"_FusedConv2D": "Conv2D", "FusedDepthwiseConv2dNative": "DepthwiseConv2dNative", "_FusedMatMul": "MatMul"}


@dataclass(frozen=True)
class Graph:
    """A graph model. nodes: TensorFlow's NodeDef by name, including constants. weights: the values of the constants."""

    nodes: Mapping[str, Any]
    weights: Mapping[str, NDArray[Any]]


def parse(model: bytes, weights: bytes) -> Graph:
    """Parse a graph from its model.json and its weight file."""
    described = json.loads(model)
    topology = json_format.ParseDict(described["modelTopology"], tf.compat.v1.GraphDef(), ignore_unknown_fields=True)
    return Graph({node.name: node for node in topology.node}, parse_weights(described["weightsManifest"], weights))


def parse_weights(manifest: Any, weights: bytes) -> dict[str, NDArray[Any]]:
    """Parse the arrays of a weight file, by name. Quantised ones are stored as scale × number + min, or as float16.

    Raises ValueError where the file is longer than its manifest says.
    """
    found, offset = {}, 0
    for entry in (entry for group in manifest for entry in group["weights"]):
        quantised = entry.get("quantization", {})
        kind = np.dtype(quantised.get("dtype", entry["dtype"])).newbyteorder("<")
        values = np.frombuffer(weights, kind, int(np.prod(entry["shape"])), offset).reshape(entry["shape"])
        offset += values.nbytes
        if "scale" in quantised:
            values = values * np.float64(quantised["scale"]) + np.float64(quantised["min"])
        found[entry["name"]] = values.astype(entry["dtype"])
    if offset != len(weights):
        raise ValueError(f"the weights have {len(weights)} bytes, their manifest describes {offset}")
    return found


def run(graph: Graph, source: str, images: NDArray[np.float32], output: str) -> NDArray[np.float32]:
    """Run a graph in TensorFlow: the value of the node `output`, with images in offset of the node `source`.

    Fused nodes are split into the operations that they combine, because TensorFlow has no kernels for some of them.
    """
    plain = tf.compat.v1.GraphDef()
    for name in order(graph, source, output):
        if name == source:
            continue
        if name in graph.weights:
            values = graph.weights[name]
            node = plain.node.add(name=name, op="Const")
            node.attr["dtype"].type = tf.as_dtype(values.dtype).as_datatype_enum
            node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(values))
        else:
            _add_plain(plain, graph.nodes[name])
    placeholder = plain.node.add(name=source, op="Placeholder")
    placeholder.attr["dtype"].type = tf.float32.as_datatype_enum

    def call(values: Any) -> Any:
        return tf.graph_util.import_graph_def(plain, input_map={source: values}, return_elements=[f"{output}:0"])[0]

    found: NDArray[np.float32] = tf.function(call, autograph=False)(tf.constant(images)).numpy()
    return found


def order(graph: Graph, source: str, output: str) -> list[str]:
    """The names of the nodes that the output depends on, each after its inputs."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        if name not in found:
            if name != source:
                for part in graph.nodes[name].input:
                    visit(producer(part))
            found[name] = None

    visit(output)
    return list(found)


def attribute(node: Any, name: str) -> Any:
    """An attribute of a node, empty where it has none. (Reading it from the node would add an empty one, which operations reject.)"""
    return node.attr[name] if name in node.attr else tf.compat.v1.AttrValue()


def producer(part: str) -> str:
    """The name of the node in an input such as `^node` or `node:1`."""
    return part.lstrip("^").split(":")[0]


def _add_plain(plain: Any, node: Any) -> None:
    if node.op not in FUSED:
        plain.node.add().CopyFrom(node)
        return
    parts = [part.decode() for part in attribute(node, "fused_ops").list.s]
    inner = {"T", "strides", "padding", "dilations", "data_format", "explicit_paddings", "transpose_a", "transpose_b"}
    names = [f"{node.name}/plain{index}" for index in range(len(parts))] + [node.name]
    first = plain.node.add(name=names[0], op=FUSED[node.op], input=node.input[:2])
    for key, value in node.attr.items():
        if key in inner and not (key.startswith("transpose") and "Conv" in node.op):
            first.attr[key].CopyFrom(value)
    for index, part in enumerate(parts):
        inputs = [names[index], *([node.input[2]] if part == "BiasAdd" else [])]
        added = plain.node.add(name=names[index + 1], op=part, input=inputs)
        added.attr["T"].CopyFrom(node.attr["T"])
