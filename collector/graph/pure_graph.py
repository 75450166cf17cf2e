"""Turns a network's graph into a pure function: images and weights go in, the representation and the new moving averages come out.

Both of the hub's formats are brought to this form. Once reads and writes of variables are removed, XLA does not treat weights as
constants, a step differentiates by one tensor per weight, and a segment of the network can be recomputed without updating a moving
average twice.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

ASSIGN = {"Assign": "assign", "AssignAdd": "assign_add", "AssignSub": "assign_sub",
          "AssignVariableOp": "assign", "AssignAddVariableOp": "assign_add", "AssignSubVariableOp": "assign_sub"}  # fmt: skip
# By the random operation, which keeps a state: the operation that draws the representative distribution from a seed.
STATELESS = {"RandomUniform": "StatelessRandomUniform", "RandomStandardNormal": "StatelessRandomNormal",
             "TruncatedNormal": "StatelessTruncatedNormal"}  # fmt: skip
UNSUPPORTED_RANDOM = ("RandomUniformInt", "RandomShuffle", "Multinomial", "ParameterizedTruncatedNormal", "RandomGamma")
REFERENCE_VARIABLES = ("VariableV2", "Variable")  # their output is the value itself
NAME = "network"  # the name scope of imported nodes


class ImpureError(Exception):
    """A graph cannot be turned into a pure function of images and weights; the message is the reason."""


@dataclass(frozen=True)
class Update:
    """An assignment to run with each training step: variables[variable].<method>(the tensor named value)."""

    variable: int
    method: str
    value: str


@dataclass(frozen=True)
class PureGraph:
    """A network without state.

    definition: a GraphDef without control inputs, in topological order. images, output: names of tensors. inputs: {name of a tensor to
    feed: index of the variable whose value it is}. random: names of the nodes that draw random numbers, as dropout does.
    """

    definition: Any
    images: str
    output: str
    inputs: Mapping[str, int]
    updates: Sequence[Update]
    random: Sequence[str] = ()

    def __call__(self, images: tf.Tensor, values: Sequence[tf.Tensor], seed: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Import the nodes into the current graph. Returns the representation, and the values that the updates assign, in order.

        images: float32 [n, height, width, 3]. values: of all variables, by index. seed: int32 [2] (XLA takes no longer one), the run's
        and the step's, which determines all random numbers.
        """
        output, *update_values = import_tensors(
            self.definition, self.feeds(images, values, seed), [self.output, *self.update_values]
        )
        return output, update_values

    @property
    def update_values(self) -> list[str]:
        """The names of the tensors that the updates assign."""
        return [update.value for update in self.updates]

    def feeds(self, images: tf.Tensor, values: Sequence[tf.Tensor], seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """The tensors that the definition takes, by name."""
        weights = {name: values[index] for name, index in self.inputs.items()}
        seeds = {_seed_tensor(name): seed + tf.constant([7919 * index, 0]) for index, name in enumerate(self.random)}
        return {self.images: images, **weights, **seeds}


def apply(updates: Sequence[Update], variables: Sequence[tf.Variable], values: Sequence[tf.Tensor]) -> None:
    """Run the updates, with one value for each."""
    for update, value in zip(updates, values, strict=True):
        getattr(variables[update.variable], update.method)(value)


def import_tensors(definition: Any, feeds: Mapping[str, tf.Tensor], fetches: Sequence[str]) -> list[tf.Tensor]:
    """Import a definition into the current graph, with tensors in place of some of its own. Returns the tensors named by fetches."""
    used = {_tensor_name(name) for node in definition.node for name in node.input}
    missing = [name for name in fetches if name not in feeds]
    input_map = {name: tensor for name, tensor in feeds.items() if name in used}
    imported = iter(tf.graph_util.import_graph_def(definition, input_map, missing, name=NAME))
    return [feeds[name] if name in feeds else next(imported) for name in fetches]


def purify(
    definition: Any, images: str, output: str, resources: Mapping[str, int], update_ops: Sequence[str] | None = None
) -> PureGraph:
    """Remove the reads and writes of variables from a graph.

    definition: a GraphDef. images, output: names of tensors. resources: {name of the node that stands for a variable: its index}.
    update_ops: names of the nodes whose writes belong to a training step; None: all writes do.
    Raises ImpureError where a variable is read after it was written or is not among the resources, or a node keeps a state of its own.
    """
    nodes = {node.name: node for node in definition.node}
    written: dict[str, frozenset[int]] = {}  # by node: indices of the variables written before it
    inputs: dict[str, int] = {}
    updates: list[Update] = []
    in_step = None if update_ops is None else _ancestors(nodes, [name.split(":")[0].lstrip("^") for name in update_ops])
    for name in _topological_order(nodes, None if in_step is None else {*in_step, *_ancestors(nodes, [output.split(":")[0]])}):
        node = nodes[name]
        before = frozenset[int]().union(*(written.get(_node_name(source), frozenset()) for source in node.input))
        written[name] = before
        references = {
            resources[_node_name(s)]
            for s in node.input
            if _node_name(s) in resources and nodes[_node_name(s)].op in REFERENCE_VARIABLES
        }
        if references & before:
            raise ImpureError(f"{name} uses a variable after it was written in the same step")
        if node.op in REFERENCE_VARIABLES and name in resources:
            inputs[f"{name}:0"] = resources[name]
        elif node.op == "ReadVariableOp" or node.op in ASSIGN:
            index = _variable_index(nodes, node.input[0], resources)
            if index in before:
                raise ImpureError(f"{name} uses a variable after it was written in the same step")
            if node.op == "ReadVariableOp":
                inputs[f"{name}:0"] = index
            else:
                written[name] = before | {index}
                if in_step is None or name in in_step:
                    updates.append(Update(index, ASSIGN[node.op], _tensor_name(node.input[1])))
    return _prune(definition, PureGraph(definition, images, output, inputs, updates))


def subgraph(definition: Any, feeds: Collection[str], fetches: Sequence[str]) -> Any:
    """The nodes that compute the tensors named by fetches from those named by feeds."""
    nodes = {node.name: node for node in definition.node}
    kept = _data_ancestors(nodes, fetches, feeds)
    found = type(definition)(versions=definition.versions, library=definition.library)
    found.node.extend(node for node in definition.node if node.name in kept)
    return found


def _prune(definition: Any, graph: PureGraph) -> PureGraph:
    """Keep the nodes that the output and the updates need, equal computations once, without control inputs, devices and colocation."""
    nodes = {node.name: node for node in definition.node}
    feeds = {graph.images, *graph.inputs}
    kept = _data_ancestors(nodes, [graph.output, *graph.update_values], feeds)
    pruned = type(definition)(versions=definition.versions, library=definition.library)
    random: list[str] = []
    first: dict[bytes, str] = {}  # by what a node computes: the first node that computes it
    representative: dict[str, str] = {}  # by name of a node: the first node that computes the same

    def deduplicated(source: str) -> str:
        name = _node_name(source)
        return source if source in feeds else source.replace(name, representative.get(name, name), 1)

    for name in _topological_order(nodes, kept):
        node = nodes[name]
        if node.op in ASSIGN:
            raise ImpureError(f"{name} reads a variable after writing it")
        if node.op in ("Placeholder", "VarHandleOp") or node.op in REFERENCE_VARIABLES:
            raise ImpureError(f"{name} is neither the images nor a weight")
        if node.op in UNSUPPORTED_RANDOM:
            raise ImpureError(f"{name} draws random numbers from a state")
        copy = type(node)()
        copy.CopyFrom(node)
        copy.device = ""
        copy.attr.pop("_class", None)
        copy.ClearField("experimental_debug_info")  # the name in its original function
        del copy.input[:]
        copy.input.extend(deduplicated(source) for source in node.input if not source.startswith("^"))
        if node.op in STATELESS:
            random.append(name)
            copy.op = STATELESS[node.op]
            copy.input.append(_seed_tensor(name))
            del copy.attr["seed"], copy.attr["seed2"]
            copy.attr["Tseed"].type = tf.int32.as_datatype_enum
        copy.name = ""
        representative[name] = first.setdefault(copy.SerializeToString(deterministic=True), name)
        if representative[name] == name:
            copy.name = name
            pruned.node.append(copy)
    updates = [replace(update, value=deduplicated(update.value)) for update in graph.updates]
    used = {_tensor_name(source) for node in pruned.node for source in node.input} | {update.value for update in updates}
    inputs = {name: index for name, index in graph.inputs.items() if name in used}
    return PureGraph(pruned, graph.images, deduplicated(graph.output), inputs, updates, random)


def _variable_index(nodes: Mapping[str, Any], source: str, resources: Mapping[str, int]) -> int:
    """The index of the variable that is read or written."""
    name = _node_name(source)
    while name not in resources and name in nodes and nodes[name].op == "Identity":
        name = _node_name(nodes[name].input[0])
    if name not in resources:
        raise ImpureError(f"{name} is not a variable of the network")
    return resources[name]


def _data_ancestors(nodes: Mapping[str, Any], tensors: Sequence[str], feeds: Collection[str]) -> set[str]:
    """The names of the nodes that compute these tensors from the feeds."""
    found: set[str] = set()
    pending = [tensor for tensor in tensors if tensor not in feeds]
    while pending:
        name = _node_name(pending.pop())
        if name not in found:
            found.add(name)
            pending += [_tensor_name(s) for s in nodes[name].input if not s.startswith("^") and _tensor_name(s) not in feeds]
    return found


def _ancestors(nodes: Mapping[str, Any], names: Sequence[str]) -> set[str]:
    """These nodes and all that must run before them, by data or control inputs."""
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found and name in nodes:
            found.add(name)
            pending += [_node_name(source) for source in nodes[name].input]
    return found


def _topological_order(nodes: Mapping[str, Any], among: set[str] | None) -> list[str]:
    """Node names, each after its inputs. Without recursion, because networks are deeper than Python's stack."""
    done: dict[str, None] = {}
    for first in nodes:
        stack = [first] if among is None or first in among else []
        opened = set[str]()
        while stack:
            name = stack[-1]
            if name in done or name not in nodes:
                stack.pop()
            elif name in opened:
                stack.pop()
                done[name] = None
            else:
                opened.add(name)
                sources = (_node_name(source) for source in nodes[name].input)
                stack += [source for source in sources if source not in done and (among is None or source in among)]
    return list(done)


def _node_name(source: str) -> str:
    return source.lstrip("^").split(":")[0]


def _tensor_name(source: str) -> str:
    return source if ":" in source else f"{source}:0"


def _seed_tensor(random_node: str) -> str:
    return f"{random_node}/seed:0"
