"""Where to cut a network, so that a training step that computes what is between the cuts twice fits into memory.

What a step needs is counted over the traced graph: nothing is run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from collector.graph.pure_graph import NAME, PureGraph

ALIASES = ("Identity", "Reshape", "Squeeze", "ExpandDims", "StopGradient")  # the same memory under another name
SHAPES = ("Shape", "ShapeN", "Size", "Rank", "ZerosLike")  # read no value

Bytes = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """cuts: for each cut, in the order of the network, the tensors that cross it: they are kept, and what is between computed again.

    activation_bytes: what the backward pass reads of the forward pass where nothing is cut. planned_bytes: what there is at the worst
    moment of the backward pass: the tensors kept at the cuts so far, the activations of one part, and the gradients on their way
    through it. Counted are no weights, their momenta and gradients, no workspace of a convolution and no copy that a compiler makes.
    """

    cuts: Sequence[Sequence[str]]
    activation_bytes: int
    planned_bytes: int


@dataclass(frozen=True)
class _Span:
    """A tensor: the numbers of the node that makes it and of the last that takes it, and its bytes."""

    name: str
    made: int
    last: int
    size: int


def plan(graph: PureGraph, images: tf.TensorSpec, variables: Sequence[tf.Variable], budget: int) -> Plan:
    """Cut a network so that what a step needs is within the budget of bytes, with the longest part that is not computed twice; where no
    cuts are enough, so that it needs least, to a hundredth. images: with the batch size.
    """
    spans, saved = _measure(graph, images, variables)
    total, too_little = int(saved.sum()), budget
    found = _cuts(spans, saved, budget)
    if found is None:
        found = _cuts(spans, saved, 3 * total)
        assert found is not None, "where nothing is cut, no more than the activations and their gradients is needed"
        while found[1] - too_little > found[1] // 100:
            tried = _cuts(spans, saved, (found[1] + too_little) // 2)
            if tried is None:
                too_little = (found[1] + too_little) // 2
            else:
                found = tried
    cuts, needed = found
    return Plan([[span.name for span in spans if span.made <= cut < span.last] for cut in cuts], total, needed)


def _cuts(spans: Sequence[_Span], saved: Bytes, budget: int) -> tuple[list[int], int] | None:
    """The nodes to cut behind, and the bytes that are needed then, or None where nothing is within the budget.

    At each place it is enough to know the fewest bytes that can have been kept up to there: that is a shortest path.
    """
    crossed = _crossed(spans, len(saved))
    places = np.arange(len(saved) - 1)
    shared = _shared(spans, places)
    # The backward pass, at a node: the activations before it are still there, and the gradients of what crosses are there already.
    there = np.cumsum(saved) + crossed
    behind = np.append(0, np.cumsum(saved)[places])  # activations before each start of a part: the network's, and each cut
    kept = np.full(len(places) + 1, np.iinfo(np.int64).max // 4)
    kept[0] = 0
    # What a part starts with is copied (see recompute): over itself, but for what an earlier part starts with, too.
    copied = np.zeros(len(places) + 1, np.int64)
    came_from, needs = np.zeros(len(places) + 1, np.int64), np.zeros(len(places) + 1, np.int64)
    worst = np.zeros(0, np.int64)
    low = 0
    for number, place in enumerate([*places, len(saved) - 1]):
        worst = np.maximum(np.append(worst, 0), there[low : place + 1].max())  # by the start of a part that ends here
        low = place + 1
        last = number == len(places)
        needed = kept[: number + 1] + worst - behind[: number + 1] + copied[: number + 1]
        needed = np.maximum(needed, needs[: number + 1])
        fits = np.flatnonzero(needed <= budget)
        if last:
            if not len(fits):
                return None
            at, found = int(fits[0]), []
            total = int(needed[at])
            while at:
                found.append(int(places[at - 1]))
                at = int(came_from[at])
            return found[::-1], total
        if len(fits):
            again = np.where(fits > 0, shared[fits - 1, number], 0)
            best = int((kept[fits] - again).argmin())
            kept[number + 1] = kept[fits[best]] + crossed[place] - again[best]
            copied[number + 1], came_from[number + 1], needs[number + 1] = again[best], fits[best], needed[fits[best]]
    return None


def _crossed(spans: Sequence[_Span], count: int) -> Bytes:
    """The bytes that are alive behind each node."""
    change = np.zeros(count + 1, np.int64)
    for span in spans:
        change[span.made] += span.size
        change[span.last] -= span.size
    return np.cumsum(change[:-1])


def _shared(spans: Sequence[_Span], places: Bytes) -> Bytes:
    """The bytes that cross a first place and a second: [first, second]."""
    change = np.zeros((len(places) + 1, len(places) + 1), np.int64)
    first = np.searchsorted(places, [span.made for span in spans])
    end = np.searchsorted(places, [span.last for span in spans])
    np.add.at(change, (first, end), [span.size for span in spans])
    made_before = np.cumsum(change, axis=0)[:-1]  # [first, end]
    taken_after: Bytes = np.cumsum(made_before[:, ::-1], axis=1)[:, ::-1][:, 1:]
    return taken_after


def _measure(graph: PureGraph, images: tf.TensorSpec, variables: Sequence[tf.Variable]) -> tuple[list[_Span], Bytes]:
    """The tensors between the nodes that images flow through, and for each such node the bytes that the backward pass reads of it."""
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
    order = _branch_by_branch(output.op, flowing - {pixels.op})
    place = {operation: i for i, operation in enumerate(order)}
    last = {tensor: place[operation] for operation in order for tensor in operation.inputs if tensor.op in place}
    spans = [_Span(tensor.name.removeprefix(f"{NAME}/"), place[tensor.op], end, _bytes(tensor)) for tensor, end in last.items()]
    saved = np.zeros(len(order), np.int64)
    for tensor in {_origin(t) for operation in backward if operation.type not in SHAPES for t in operation.inputs}:
        if tensor.op in place:
            saved[place[tensor.op]] += _bytes(tensor)
    return spans, saved


def _branch_by_branch(output: tf.Operation, among: set[tf.Operation]) -> list[tf.Operation]:
    """The nodes that the output needs, each after its inputs, and a branch finished before the next is begun: so that little crosses."""
    done: dict[tf.Operation, None] = {}
    stack, opened = [output], set[tf.Operation]()
    while stack:
        operation = stack[-1]
        if operation in done or operation not in among:
            stack.pop()
        elif operation in opened:
            done[stack.pop()] = None
        else:
            opened.add(operation)
            stack += [tensor.op for tensor in reversed(operation.inputs) if tensor.op not in done]
    return list(done)


def _origin(tensor: tf.Tensor) -> tf.Tensor:
    while tensor.op.type in ALIASES:
        tensor = tensor.op.inputs[0]
    return tensor


def _bytes(tensor: tf.Tensor) -> int:
    count = tensor.shape.num_elements()
    return 0 if count is None else int(count * tensor.dtype.size)
