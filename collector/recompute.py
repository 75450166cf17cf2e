"""Trains a network in less memory than its activations take: parts of the forward pass are computed again in the backward pass.

The result is the same by construction. The batch stays whole, so batch-norm statistics are those of the whole batch, as they are not
when gradients of smaller batches are added up; moving averages move once, in the first forward pass. It costs up to a third more time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import tensorflow as tf

from collector.pure_graph import PureGraph, elements, part

PARTS = 32  # at most, of a network
NAME = "network"
ZERO = tf.UnconnectedGradients.ZERO
ALIASES = ("Identity", "Reshape", "Squeeze", "ExpandDims", "StopGradient")  # the same memory under another name
SHAPES = ("Shape", "ShapeN", "Size", "Rank", "ZerosLike")  # read no value


@dataclass(frozen=True)
class Plan:
    """cuts: for each cut, in the order of the network, the tensors that cross it: they are kept, and what is between computed again.

    activation_bytes: what the backward pass reads of the forward pass where nothing is cut. planned_bytes: with the cuts.
    """

    cuts: Sequence[Sequence[str]]
    activation_bytes: int
    planned_bytes: int


def plan(graph: PureGraph, images: tf.TensorSpec, variables: Sequence[tf.Variable], budget: int) -> Plan:
    """Cut a network where little crosses, into as few parts as keep its activations within the budget of bytes; where none do, into
    those that need least. images: with the batch size.
    """
    crossing, sizes, saved = _measure(graph, images, variables)
    total = sum(saved)
    passed = [0]
    for size in saved:
        passed.append(passed[-1] + size)
    crossed = [sum(sizes[tensor] for tensor in tensors) for tensors in crossing]
    best = Plan([], total, total)
    for count in range(2, PARTS + 1):
        if best.planned_bytes <= budget:
            break
        cuts = []
        for i in range(1, count):
            near = [j for j in range(len(saved)) if abs(passed[j + 1] - total * i / count) <= total / count / 2]
            cuts.append(min(near, key=lambda j: crossed[j], default=0))
        largest = max(high - low for low, high in pairwise([0, *(passed[cut + 1] for cut in cuts), total]))
        kept = {tensor for cut in cuts for tensor in crossing[cut]}
        needed = largest + sum(sizes[tensor] for tensor in kept)
        if needed < best.planned_bytes:
            best = Plan([crossing[cut] for cut in sorted(set(cuts))], total, needed)
    return best


def _measure(
    graph: PureGraph, images: tf.TensorSpec, variables: Sequence[tf.Variable]
) -> tuple[list[list[str]], dict[str, int], list[int]]:
    """Along the nodes that the images flow through: the tensors that cross behind each, their bytes, and the bytes of each that the
    backward pass reads.
    """
    with tf.Graph().as_default():
        pixels = tf.compat.v1.placeholder(tf.float32, images.shape)
        values = [tf.compat.v1.placeholder(variable.dtype, variable.shape) for variable in variables]
        output, _ = graph(pixels, values, tf.zeros([2], tf.int32))
        forward = output.graph.get_operations()
        tf.gradients(output, [value for value in values if value.dtype.is_floating])
        backward = output.graph.get_operations()[len(forward) :]
    flowing = {pixels.op}
    for operation in forward:
        if any(tensor.op in flowing for tensor in operation.inputs):
            flowing.add(operation)
    needed = set()
    left = [output.op]
    while left:
        operation = left.pop()
        if operation in flowing and operation not in needed:
            needed.add(operation)
            left += [tensor.op for tensor in operation.inputs]
    order = [operation for operation in forward if operation in needed and operation is not pixels.op]
    place = {operation: i for i, operation in enumerate(order)}
    last = {tensor: place[operation] for operation in order for tensor in operation.inputs if tensor.op in place}
    crossing: list[list[str]] = [[] for _ in order]
    sizes = {}
    for tensor, end in last.items():
        name = tensor.name.removeprefix(f"{NAME}/")
        sizes[name] = _bytes(tensor)
        for i in range(place[tensor.op], end):
            crossing[i].append(name)
    saved = [0] * len(order)
    for tensor in {_origin(t) for operation in backward if operation.type not in SHAPES for t in operation.inputs}:
        if tensor.op in place:
            saved[place[tensor.op]] += _bytes(tensor)
    return crossing, sizes, saved


def _origin(tensor: tf.Tensor) -> tf.Tensor:
    while tensor.op.type in ALIASES:
        tensor = tensor.op.inputs[0]
    return tensor


def _bytes(tensor: tf.Tensor) -> int:
    count = tensor.shape.num_elements()
    return 0 if count is None else int(count * tensor.dtype.size)


def differentiate(
    graph: PureGraph,
    cuts: Sequence[Sequence[str]],
    given: dict[str, tf.Tensor],
    weights: Sequence[tf.Tensor],
    head: Sequence[tf.Tensor],
    loss_of: Callable[[tf.Tensor], tf.Tensor],
    zero: tf.Tensor,
) -> tuple[tf.Tensor, list[tf.Tensor], list[tf.Tensor]]:
    """The loss, its gradients by weights and head, and the values of the graph's updates.

    given: of the graph; the weights are among its values. loss_of: of the representation, with the head. zero: a float32 0 that a
    compiler cannot know to be one.
    """
    names = list({name: None for cut in cuts for name in cut})
    output, *rest = elements(graph.definition, given, [graph.output, *graph.new, *names])
    new, kept = rest[: len(graph.new)], dict(zip(names, rest[len(graph.new) :], strict=True))
    loss = loss_of(output)
    ends = [kept[name] for name in cuts[-1]] if cuts else []
    found = tf.gradients(loss, [*weights, *head, *ends], stop_gradients=ends, unconnected_gradients=ZERO)
    gradients, backward = (
        found[: len(weights) + len(head)],
        dict(zip(cuts[-1] if cuts else [], found[len(found) - len(ends) :], strict=True)),
    )
    for start, end in reversed(list(pairwise([[], *cuts]))):
        inner, backward = _again(graph, given, weights, {name: kept[name] for name in start}, end, backward, zero)
        gradients[: len(weights)] = [a + b for a, b in zip(gradients, inner, strict=False)]
    return loss, gradients, new


def _again(
    graph: PureGraph,
    given: dict[str, tf.Tensor],
    weights: Sequence[tf.Tensor],
    start: dict[str, tf.Tensor],
    end: Sequence[str],
    backward: dict[str, tf.Tensor],
    zero: tf.Tensor,
) -> tuple[list[tf.Tensor], dict[str, tf.Tensor]]:
    """Compute a part again, from the tensors at its start to those at its end, and differentiate it.

    backward: the loss's gradients by the tensors at the end. Returns those by the weights and by the tensors at the start.
    """
    made = [name for name in end if name not in start]
    arriving = [backward[name] for name in made]
    # A compiler would see that all this was computed before, and keep it, were its inputs not other ones. (XLA has a barrier against
    # that, which its CPU compiler drops.) That one depends on what arrives makes it wait.
    one = 1.0 + zero * tf.reshape(arriving[0], [-1])[0]
    images, starts = given[graph.images] * one, {name: tensor * one for name, tensor in start.items()}
    fresh = {id(weight): tf.identity(weight) for weight in weights}
    here = {name: fresh.get(id(tensor), tensor) for name, tensor in given.items()} | starts | {graph.images: images}
    ends = elements(part(graph.definition, here, made), here, made)
    found = tf.gradients(ends, [*fresh.values(), *starts.values()], arriving, unconnected_gradients=ZERO)
    by_start = dict(zip(starts, found[len(fresh) :], strict=True))
    passing = {name: by_start[name] + backward[name] if name in backward else by_start[name] for name in start}
    return found[: len(fresh)], passing
