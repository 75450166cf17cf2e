"""Trains a network in less memory than its activations take, by recomputing segments of the forward pass in the backward pass.

The gradients are the same by construction. The batch stays whole, so batch-norm statistics are those of the whole batch, which they are
not where gradients of smaller batches are accumulated; moving averages are updated once, in the first forward pass. It costs up to a
third more time.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import tensorflow as tf

from collector.graph.pure_graph import PureGraph, import_tensors, subgraph

ZERO = tf.UnconnectedGradients.ZERO


def differentiate(
    graph: PureGraph,
    checkpoints: Sequence[Sequence[str]],
    feeds: dict[str, tf.Tensor],
    weights: Sequence[tf.Tensor],
    head: Sequence[tf.Tensor],
    loss_of: Callable[[tf.Tensor], tf.Tensor],
    zero: tf.Tensor,
) -> tuple[tf.Tensor, list[tf.Tensor], list[tf.Tensor]]:
    """Compute the loss, its gradients by weights and head, and the values that the graph's updates assign.

    checkpoints: as planned by `checkpoint_planner`; none: nothing is recomputed. feeds: of the graph; the weights are among its values.
    loss_of: the loss of a representation [n, feature_dim], with the head. zero: a float32 0 that a compiler cannot know to be one.
    """
    names = list({name: None for checkpoint in checkpoints for name in checkpoint})
    output, *rest = import_tensors(graph.definition, feeds, [graph.output, *graph.update_values, *names])
    update_values, kept = rest[: len(graph.updates)], dict(zip(names, rest[len(graph.updates) :], strict=True))
    loss = loss_of(output)
    last = checkpoints[-1] if checkpoints else []
    ends = [kept[name] for name in last]
    found = tf.gradients(loss, [*weights, *head, *ends], stop_gradients=ends, unconnected_gradients=ZERO)
    count = len(weights) + len(head)
    gradients, upstream = found[:count], dict(zip(last, found[count:], strict=True))
    for start, end in reversed(list(pairwise([[], *checkpoints]))):
        by_weights, upstream = _recompute(graph, feeds, weights, {name: kept[name] for name in start}, end, upstream, zero)
        gradients[: len(weights)] = [a + b for a, b in zip(gradients, by_weights, strict=False)]
    return loss, gradients, update_values


def _recompute(
    graph: PureGraph,
    feeds: dict[str, tf.Tensor],
    weights: Sequence[tf.Tensor],
    start: dict[str, tf.Tensor],
    end: Sequence[str],
    upstream: dict[str, tf.Tensor],
    zero: tf.Tensor,
) -> tuple[list[tf.Tensor], dict[str, tf.Tensor]]:
    """Compute a segment again, from the tensors at its start to those at its end, and differentiate it.

    upstream: the loss's gradients by the tensors at the end. Returns its gradients by the weights and by the tensors at the start.
    """
    computed = [name for name in end if name not in start]
    arriving = [upstream[name] for name in computed]
    # The inputs must differ from those of the first pass, or a compiler would recognise the computation and keep its results. (XLA's
    # CPU compiler drops the optimization barrier meant for this.) That they depend on an arriving gradient delays the recomputation.
    one = 1.0 + zero * tf.reshape(arriving[0], [-1])[0]
    images, starts = feeds[graph.images] * one, {name: tensor * one for name, tensor in start.items()}
    copies = {id(weight): tf.identity(weight) for weight in weights}
    segment_feeds = {name: copies.get(id(tensor), tensor) for name, tensor in feeds.items()} | starts | {graph.images: images}
    ends = import_tensors(subgraph(graph.definition, segment_feeds, computed), segment_feeds, computed)
    found = tf.gradients(ends, [*copies.values(), *starts.values()], arriving, unconnected_gradients=ZERO)
    by_start = dict(zip(starts, found[len(copies) :], strict=True))
    passed = {name: by_start[name] + upstream[name] if name in upstream else by_start[name] for name in start}
    return found[: len(copies)], passed
