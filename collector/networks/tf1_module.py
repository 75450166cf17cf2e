"""Reads modules in the hub's TF1 format: a graph for inference and one for training, which share the weights of a checkpoint.

tensorflow-hub loads these for inference only, and hides weights that are reference variables, as in older modules. Here the weights
become our own variables, by name, and both graphs become pure functions of them. So a trained module is evaluated with the moving
averages that training updated, and both kinds of variables train in the same way.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow.core.framework import variable_pb2
from tensorflow.core.protobuf import saved_model_pb2

from collector.graph.pure_graph import PureGraph, purify

SIGNATURE, IMAGES, OUTPUT = "default", "images", "default"
TRAIN = frozenset({"train"})


def meta_graphs(folder: Path) -> dict[frozenset[str], Any] | None:
    """Read the module's graphs, by their tags; None where the folder holds no SavedModel or one of TF2. Raises OSError, ValueError."""
    file = folder / "saved_model.pb"
    if not file.exists():
        return None
    try:
        saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    except DecodeError as error:
        raise ValueError(f"its saved_model.pb of {file.stat().st_size} bytes is not a SavedModel; it may be cut off") from error
    if any(graph.object_graph_def.nodes for graph in saved.meta_graphs):
        return None
    return {frozenset(graph.meta_info_def.tags): graph for graph in saved.meta_graphs}


def read(folder: Path, graphs: Mapping[frozenset[str], Any]) -> tuple[PureGraph, PureGraph, list[tf.Variable], list[tf.Variable]]:
    """Read the graphs for inference and for training, all variables (which the graphs refer to by index), and the trainable ones.

    A module without a graph tagged "train" behaves the same in training: its only graph serves for both. Raises ImpureError, and
    ValueError where it has no signature from images to one representation, or a variable is not in its checkpoint.
    """
    train = graphs.get(TRAIN)
    infer = graphs.get(frozenset(), next((graph for tags, graph in graphs.items() if tags != TRAIN), train))
    train = train or infer
    names = list({name: None for graph in (train, infer) for name in _variables(graph, "variables")})
    checkpoint = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    for name in names:
        if not checkpoint.has_tensor(name):
            raise ValueError(f"its checkpoint has no variable '{name}'")
    trained = set(_variables(train, "trainable_variables"))
    variables = [tf.Variable(checkpoint.get_tensor(name), trainable=name in trained, name=name) for name in names]
    indices = {name: index for index, name in enumerate(names)}
    inference, training = (_pure(graph, indices) for graph in (infer, train))
    # A graph may contain variables that the signature's output does not depend on, such as those of a classifier.
    used = sorted(set(training.inputs.values()))
    trainable = [variables[index] for index in used if names[index] in trained]
    if not trainable:
        raise ValueError("its representation depends on no trainable variable")
    return inference, training, variables, trainable


def _pure(graph: Any, indices: dict[str, int]) -> PureGraph:
    if SIGNATURE not in graph.signature_def:
        raise ValueError(f"it has no signature '{SIGNATURE}', only {', '.join(sorted(graph.signature_def)) or 'none'}")
    signature = graph.signature_def[SIGNATURE]
    images = _only(signature.inputs, IMAGES, "input")
    output = _only(signature.outputs, OUTPUT, "output")
    definition = graph.graph_def
    handles = {node.name for node in definition.node if node.op in ("VarHandleOp", "VariableV2", "Variable")}
    resources = {name: index for name, index in indices.items() if name in handles}
    updates = list(graph.collection_def["update_ops"].node_list.value) if "update_ops" in graph.collection_def else []
    return purify(definition, images, output, resources, updates)


def _only(tensors: Any, wanted: str, kind: str) -> str:
    """The name of the tensor with the wanted key, or of the only one. Raises ValueError."""
    if wanted in tensors:
        return str(tensors[wanted].name)
    if len(tensors) == 1:
        return str(next(iter(tensors.values())).name)
    raise ValueError(f"its signature '{SIGNATURE}' has no {kind} '{wanted}', only {', '.join(sorted(tensors)) or 'none'}")


def _variables(graph: Any, collection: str) -> list[str]:
    """The names of the variables in a collection."""
    if collection not in graph.collection_def:
        return []
    stored = graph.collection_def[collection].bytes_list.value
    return [variable_pb2.VariableDef.FromString(data).variable_name.split(":")[0] for data in stored]
