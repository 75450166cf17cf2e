"""Trains a network in less memory than its activations take: parts of the forward pass are computed again in the backward pass.

The result is the same by construction. The batch stays whole, so batch-norm statistics are those of the whole batch, as they are not
when gradients of smaller batches are added up; moving averages move once, in the first forward pass. It costs up to a third more time.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import tensorflow as tf

from collector.graph.pure_graph import PureGraph, elements, part

ZERO = tf.UnconnectedGradients.ZERO


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
