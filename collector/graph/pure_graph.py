"""A network's graph as a pure function: images and weights go in, the representation and the new moving averages come out.

Both of the hub's formats come to this form. With the reads and writes of variables taken out, XLA takes no weight for a constant,
a step differentiates one tensor a weight, and a part of the network can be computed a second time without moving an average twice.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

ASSIGN = {"Assign": "assign", "AssignAdd": "assign_add", "AssignSub": "assign_sub",
          "AssignVariableOp": "assign", "AssignAddVariableOp": "assign_add", "AssignSubVariableOp": "assign_sub"}  # fmt: skip
# Their numbers come from a state; those of the others from a seed.
STATELESS = {"RandomUniform": "StatelessRandomUniform", "RandomStandardNormal": "StatelessRandomNormal",
             "TruncatedNormal": "StatelessTruncatedNormal"}  # fmt: skip
STATEFUL = ("RandomUniformInt", "RandomShuffle", "Multinomial", "ParameterizedTruncatedNormal", "RandomGamma")
VARIABLES = ("VariableV2", "Variable")  # reference variables, whose output is the value itself
NAME = "network"  # of the nodes in the graph that they are put into


class ImpureError(Exception):
    """A graph that is no pure function of images and weights: why."""


@dataclass(frozen=True)
class Update:
    """variables[variable].<method>(the tensor called value), to run with each training step."""

    variable: int
    method: str
    value: str


@dataclass(frozen=True)
class PureGraph:
    """definition: nodes without control inputs, in the order of their data. inputs: {name of a tensor that no node makes: number
    of the variable whose value it is}; images, output: names of tensors. random: nodes that draw numbers, as dropout does."""

    definition: Any
    images: str
    output: str
    inputs: Mapping[str, int]
    updates: Sequence[Update]
    random: Sequence[str] = ()

    def __call__(self, images: tf.Tensor, values: Sequence[tf.Tensor], seed: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Put the nodes into the current graph: the representation, and the values of the updates, in their order.

        values: of the variables, by their numbers. seed: int32 [2] (XLA takes no longer one), the run's and the step's: what is
        drawn follows from it.
        """
        output, *new = elements(self.definition, self.given(images, values, seed), [self.output, *self.new])
        return output, new

    @property
    def new(self) -> list[str]:
        """The tensors that the updates take."""
        return [update.value for update in self.updates]

    def given(self, images: tf.Tensor, values: Sequence[tf.Tensor], seed: tf.Tensor) -> dict[str, tf.Tensor]:
        """What the definition does not make, by name."""
        weights = {name: values[number] for name, number in self.inputs.items()}
        drawn = {_seed(name): seed + tf.constant([7919 * number, 0]) for number, name in enumerate(self.random)}
        return {self.images: images, **weights, **drawn}


def apply(updates: Sequence[Update], variables: Sequence[tf.Variable], new: Sequence[tf.Tensor]) -> None:
    """Run the updates."""
    for update, value in zip(updates, new, strict=True):
        getattr(variables[update.variable], update.method)(value)


def elements(definition: Any, given: Mapping[str, tf.Tensor], wanted: Sequence[str]) -> list[tf.Tensor]:
    """The wanted tensors, from the nodes put into the current graph."""
    used = {_tensor(name) for node in definition.node for name in node.input}
    imported = [name for name in wanted if name not in given]
    mapped = {name: tensor for name, tensor in given.items() if name in used}
    made = iter(tf.graph_util.import_graph_def(definition, mapped, imported, name=NAME))
    return [given[name] if name in given else next(made) for name in wanted]


def purify(
    definition: Any, images: str, output: str, resources: Mapping[str, int], update_ops: Sequence[str] | None = None
) -> PureGraph:
    """Take the reads and writes of variables out of a graph.

    images, output: names of tensors. resources: {name of the node that stands for a variable: its number}. update_ops: names of the
    nodes whose writes belong to a step; None: every write does. Raises ImpureError: a variable is read after it was written or is
    not among the resources, or a node keeps a state of its own.
    """
    nodes = {node.name: node for node in definition.node}
    written: dict[str, frozenset[int]] = {}  # by node: the variables that are written before it
    inputs: dict[str, int] = {}
    updates: list[Update] = []
    wanted = None if update_ops is None else _before(nodes, [name.split(":")[0].lstrip("^") for name in update_ops])
    for name in _order(nodes, None if wanted is None else {*wanted, *_before(nodes, [output.split(":")[0]])}):
        node = nodes[name]
        before = frozenset[int]().union(*(written.get(_node(source), frozenset()) for source in node.input))
        written[name] = before
        references = {resources[_node(s)] for s in node.input if _node(s) in resources and nodes[_node(s)].op in VARIABLES}
        if references & before:
            raise ImpureError(f"{name} uses a variable after it was written in the same step")
        if node.op in VARIABLES and name in resources:
            inputs[f"{name}:0"] = resources[name]
        elif node.op == "ReadVariableOp" or node.op in ASSIGN:
            number = _variable(nodes, node.input[0], resources)
            if number in before:
                raise ImpureError(f"{name} uses a variable after it was written in the same step")
            if node.op == "ReadVariableOp":
                inputs[f"{name}:0"] = number
            else:
                written[name] = before | {number}
                if wanted is None or name in wanted:
                    updates.append(Update(number, ASSIGN[node.op], _tensor(node.input[1])))
    return _cut(definition, PureGraph(definition, images, output, inputs, updates))


def part(definition: Any, given: Collection[str], wanted: Sequence[str]) -> Any:
    """Only the nodes that the wanted tensors need, not looking behind the given ones."""
    nodes = {node.name: node for node in definition.node}
    kept = _data_before(nodes, wanted, given)
    found = type(definition)(versions=definition.versions, library=definition.library)
    found.node.extend(node for node in definition.node if node.name in kept)
    return found


def _cut(definition: Any, graph: PureGraph) -> PureGraph:
    """Only the nodes that the output and the updates need, each computation once, without control inputs, devices and colocation."""
    nodes = {node.name: node for node in definition.node}
    given = {graph.images, *graph.inputs}
    kept = _data_before(nodes, [graph.output, *graph.new], given)
    pruned = type(definition)(versions=definition.versions, library=definition.library)
    random: list[str] = []
    first: dict[bytes, str] = {}  # by what it computes
    same: dict[str, str] = {}  # by its name: the first node that computes the same

    def once(source: str) -> str:
        name = _node(source)
        return source if source in given else source.replace(name, same.get(name, name), 1)

    for name in _order(nodes, kept):
        node = nodes[name]
        if node.op in ASSIGN:
            raise ImpureError(f"{name} gives a variable's value after writing it")
        if node.op in ("Placeholder", "VarHandleOp") or node.op in VARIABLES:
            raise ImpureError(f"{name} is neither the images nor a weight")
        if node.op in STATEFUL:
            raise ImpureError(f"{name} draws random numbers from a state")
        copy = type(node)()
        copy.CopyFrom(node)
        copy.device = ""
        copy.attr.pop("_class", None)
        copy.ClearField("experimental_debug_info")  # its name in the function that it comes from
        del copy.input[:]
        copy.input.extend(once(source) for source in node.input if not source.startswith("^"))
        if node.op in STATELESS:
            random.append(name)
            copy.op = STATELESS[node.op]
            copy.input.append(_seed(name))
            del copy.attr["seed"], copy.attr["seed2"]
            copy.attr["Tseed"].type = tf.int32.as_datatype_enum
        copy.name = ""
        same[name] = first.setdefault(copy.SerializeToString(deterministic=True), name)
        if same[name] == name:
            copy.name = name
            pruned.node.append(copy)
    updates = [replace(update, value=once(update.value)) for update in graph.updates]
    used = {_tensor(source) for node in pruned.node for source in node.input} | {update.value for update in updates}
    inputs = {name: number for name, number in graph.inputs.items() if name in used}
    return PureGraph(pruned, graph.images, once(graph.output), inputs, updates, random)


def _variable(nodes: Mapping[str, Any], source: str, resources: Mapping[str, int]) -> int:
    """The number of the variable that a read or a write is about."""
    name = _node(source)
    while name not in resources and name in nodes and nodes[name].op == "Identity":
        name = _node(nodes[name].input[0])
    if name not in resources:
        raise ImpureError(f"{name} is no variable of the network")
    return resources[name]


def _data_before(nodes: Mapping[str, Any], tensors: Sequence[str], given: Collection[str]) -> set[str]:
    """The nodes that these tensors are computed by, not looking behind the given tensors."""
    found: set[str] = set()
    left = [tensor for tensor in tensors if tensor not in given]
    while left:
        name = _node(left.pop())
        if name not in found:
            found.add(name)
            left += [_tensor(s) for s in nodes[name].input if not s.startswith("^") and _tensor(s) not in given]
    return found


def _before(nodes: Mapping[str, Any], names: Sequence[str]) -> set[str]:
    """These nodes and all that run before them, for their data or by order."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found and name in nodes:
            found.add(name)
            left += [_node(source) for source in nodes[name].input]
    return found


def _order(nodes: Mapping[str, Any], among: set[str] | None) -> list[str]:
    """Names in an order in which each comes after its inputs. No recursion: networks are deeper than Python's stack."""
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
                sources = (_node(source) for source in nodes[name].input)
                stack += [source for source in sources if source not in done and (among is None or source in among)]
    return list(done)


def _node(source: str) -> str:
    return source.lstrip("^").split(":")[0]


def _tensor(source: str) -> str:
    return source if ":" in source else f"{source}:0"


def _seed(random_node: str) -> str:
    return f"{random_node}/seed:0"
