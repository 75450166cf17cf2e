"""Chooses the checkpoints of a network, so that a training step that recomputes what lies between them fits into memory.

This is gradient checkpointing (rematerialization): the tensors at the checkpoints are kept, and the segments between them are computed
again in the backward pass. Memory is counted over the traced graph; nothing is run.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from collector.graph.pure_graph import NAME, PureGraph

ALIASES = ("Identity", "Reshape", "Squeeze", "ExpandDims", "StopGradient")  # their output shares the memory of their input
SHAPES = ("Shape", "ShapeN", "Size", "Rank", "ZerosLike")  # they do not read the values of their input

Bytes = NDArray[np.int64]


@dataclass(frozen=True)
class CheckpointPlan:
    """Where to keep tensors, and how much memory that takes.

    checkpoints: for each one, in the order of the network, the names of the tensors that are alive there, all of which are kept.
    activation_bytes: what the backward pass reads of the forward pass without checkpoints. planned_bytes: the peak of the backward
    pass: the tensors kept at earlier checkpoints, the activations of one segment, and the gradients inside it. Not counted: weights,
    their momenta and gradients, the workspace of convolutions, and copies that a compiler makes.
    """

    checkpoints: Sequence[Sequence[str]]
    activation_bytes: int
    planned_bytes: int


@dataclass(frozen=True)
class _Lifetime:
    """When a tensor is alive: from the node that computes it to the last that reads it, by position in the order. size: in bytes."""

    name: str
    first: int
    last: int
    size: int


def plan_checkpoints(graph: PureGraph, images: tf.TensorSpec, variables: Sequence[tf.Variable], budget: int) -> CheckpointPlan:
    """Choose the checkpoints with which a training step stays within a budget of bytes, and recomputes as little as possible.

    images: float32 [batch, height, width, 3]. variables: the graph's, by index. Where no choice fits the budget, the plan is the one
    that needs the least memory, within 1 %.
    """
    lifetimes, activations = _measure(graph, images, variables)
    total, infeasible = int(activations.sum()), budget
    found = _choose(lifetimes, activations, budget)
    if found is None:
        found = _choose(lifetimes, activations, 3 * total)
        assert found is not None, "without checkpoints, a step needs no more than the activations and their gradients"
        while found[1] - infeasible > found[1] // 100:
            tried = _choose(lifetimes, activations, (found[1] + infeasible) // 2)
            if tried is None:
                infeasible = (found[1] + infeasible) // 2
            else:
                found = tried
    positions, needed = found
    checkpoints = [[tensor.name for tensor in lifetimes if tensor.first <= position < tensor.last] for position in positions]
    return CheckpointPlan(checkpoints, total, needed)


def _choose(lifetimes: Sequence[_Lifetime], activations: Bytes, budget: int) -> tuple[list[int], int] | None:
    """The positions behind which to place checkpoints, and the peak in bytes; None where nothing fits the budget.

    activations: bytes that the backward pass reads, by node. For each position it is enough to know the fewest bytes that can have been
    kept up to there, so this is a shortest-path problem.
    """
    alive = _alive(lifetimes, len(activations))
    positions = np.arange(len(activations) - 1)
    shared = _alive_at_both(lifetimes, positions)
    # At a node of the backward pass, the activations before it are still in memory, and so are the gradients of the tensors alive there.
    peak = np.cumsum(activations) + alive
    before = np.append(0, np.cumsum(activations)[positions])  # activations before each possible start of a segment
    kept = np.full(len(positions) + 1, np.iinfo(np.int64).max // 4)
    kept[0] = 0
    # The inputs of a segment are copied (see rematerialization), which replaces them unless an earlier segment has them as inputs, too.
    copied = np.zeros(len(positions) + 1, np.int64)
    previous, peaks = np.zeros(len(positions) + 1, np.int64), np.zeros(len(positions) + 1, np.int64)
    worst = np.zeros(0, np.int64)
    low = 0
    for number, position in enumerate([*positions, len(activations) - 1]):
        worst = np.maximum(np.append(worst, 0), peak[low : position + 1].max())  # by the start of a segment that ends here
        low = position + 1
        last = number == len(positions)
        needed = kept[: number + 1] + worst - before[: number + 1] + copied[: number + 1]
        needed = np.maximum(needed, peaks[: number + 1])
        fits = np.flatnonzero(needed <= budget)
        if last:
            if not len(fits):
                return None
            at, found = int(fits[0]), []
            total = int(needed[at])
            while at:
                found.append(int(positions[at - 1]))
                at = int(previous[at])
            return found[::-1], total
        if len(fits):
            repeated = np.where(fits > 0, shared[fits - 1, number], 0)
            best = int((kept[fits] - repeated).argmin())
            kept[number + 1] = kept[fits[best]] + alive[position] - repeated[best]
            copied[number + 1], previous[number + 1], peaks[number + 1] = repeated[best], fits[best], needed[fits[best]]
    return None


def _alive(lifetimes: Sequence[_Lifetime], count: int) -> Bytes:
    """The bytes of the tensors that are alive behind each of count nodes."""
    change = np.zeros(count + 1, np.int64)
    for tensor in lifetimes:
        change[tensor.first] += tensor.size
        change[tensor.last] -= tensor.size
    return np.cumsum(change[:-1])


def _alive_at_both(lifetimes: Sequence[_Lifetime], positions: Bytes) -> Bytes:
    """The bytes of the tensors that are alive at a first position and at a second: [first, second]."""
    change = np.zeros((len(positions) + 1, len(positions) + 1), np.int64)
    first = np.searchsorted(positions, [tensor.first for tensor in lifetimes])
    end = np.searchsorted(positions, [tensor.last for tensor in lifetimes])
    np.add.at(change, (first, end), [tensor.size for tensor in lifetimes])
    computed_before = np.cumsum(change, axis=0)[:-1]  # [first, end]
    read_after: Bytes = np.cumsum(computed_before[:, ::-1], axis=1)[:, ::-1][:, 1:]
    return read_after


def _measure(graph: PureGraph, images: tf.TensorSpec, variables: Sequence[tf.Variable]) -> tuple[list[_Lifetime], Bytes]:
    """The lifetimes of the tensors that depend on the images, and the bytes that the backward pass reads, by node that computes them."""
    with tf.Graph().as_default():
        pixels = tf.compat.v1.placeholder(tf.float32, images.shape)
        values = [tf.compat.v1.placeholder(variable.dtype, variable.shape) for variable in variables]
        output, _ = graph(pixels, values, tf.zeros([2], tf.int32))
        forward = output.graph.get_operations()
        tf.gradients(output, [value for value in values if value.dtype.is_floating])
        backward = output.graph.get_operations()[len(forward) :]
    dependent = {pixels.op}
    for operation in forward:
        if any(tensor.op in dependent for tensor in operation.inputs):
            dependent.add(operation)
    order = _depth_first_order(output.op, dependent - {pixels.op})
    position = {operation: i for i, operation in enumerate(order)}
    last = {tensor: position[operation] for operation in order for tensor in operation.inputs if tensor.op in position}
    lifetimes = [
        _Lifetime(tensor.name.removeprefix(f"{NAME}/"), position[tensor.op], end, _bytes(tensor)) for tensor, end in last.items()
    ]
    activations = np.zeros(len(order), np.int64)
    for tensor in {_origin(t) for operation in backward if operation.type not in SHAPES for t in operation.inputs}:
        if tensor.op in position:
            activations[position[tensor.op]] += _bytes(tensor)
    return lifetimes, activations


def _depth_first_order(output: tf.Operation, among: set[tf.Operation]) -> list[tf.Operation]:
    """The nodes that the output needs, each after its inputs, one branch after another, so that few tensors are alive."""
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
    """The tensor whose memory this one shares."""
    while tensor.op.type in ALIASES:
        tensor = tensor.op.inputs[0]
    return tensor


def _bytes(tensor: tf.Tensor) -> int:
    count = tensor.shape.num_elements()
    return 0 if count is None else int(count * tensor.dtype.size)
