"""Trains a network with a linear head on its representation: logits, loss, gradients, and a step of SGD with momentum.

All functions are called while TensorFlow traces a graph. The head is as wide as the widest label set of a study; the classes that a
dataset does not have are masked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from collector.graph.pure_graph import PureGraph, apply
from collector.graph.rematerialization import differentiate
from collector.networks.hub_module import HubModule
from collector.procedures.compilation import Compilation
from collector.spec.model import Model, ModuleError
from collector.spec.protocol import Protocol

MASKED = -1e9  # far below every logit, but finite, so that its difference from the largest logit is finite, too


@dataclass(frozen=True)
class Classifier:
    """A network with a head. kernel [feature_dim, num_classes], bias [num_classes]: the head's. trained: the variables that a step
    changes, the head's last. momenta: one for each of these."""

    module: HubModule
    model: Model
    protocol: Protocol
    compilation: Compilation
    kernel: tf.Variable
    bias: tf.Variable
    trained: Sequence[tf.Variable]
    momenta: Sequence[tf.Variable]

    @property
    def variables(self) -> list[tf.Variable]:
        """All variables: of the network, moving averages included, of the head, and the momenta."""
        return [*self.module.variables, self.kernel, self.bias, *self.momenta]


def make_classifier(
    module: HubModule, model: Model, protocol: Protocol, compilation: Compilation, num_classes: int
) -> Classifier:
    """Put a head of zeros on a network, for num_classes classes."""
    kernel, bias = tf.Variable(tf.zeros([model.feature_dim, num_classes])), tf.Variable(tf.zeros([num_classes]))
    trained = [*module.trainable, kernel, bias]
    momenta = [tf.Variable(tf.zeros_like(variable), trainable=False) for variable in trained]
    return Classifier(module, model, protocol, compilation, kernel, bias, trained, momenta)


def representation_of(classifier: Classifier, images: tf.Tensor) -> tf.Tensor:
    """Compute the representation, float32 [n, feature_dim], of images, uint8 [n, size, size, 3], in inference.

    Raises ModuleError where it does not have the registered shape.
    """
    inference = classifier.compilation.inference
    if inference is None:
        return checked(classifier.model, classifier.module.represent(pixels(classifier.model, images), False))
    values = [variable.read_value() for variable in classifier.module.variables]
    return checked(classifier.model, inference(pixels(classifier.model, images), values, tf.zeros([2], tf.int32))[0])


def logits(representation: tf.Tensor, head: Sequence[tf.Tensor], mask: tf.Tensor) -> tf.Tensor:
    """Compute the logits, float32 [n, num_classes], of representations [n, feature_dim]. head: kernel and bias. mask: bool [num_classes],
    the classes that the dataset has."""
    return tf.where(mask, representation @ head[0] + head[1], MASKED)


def train_step(
    classifier: Classifier, images: tf.Tensor, labels: tf.Tensor, rate: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor
) -> tf.Tensor:
    """Change all trained variables by one step of SGD with momentum, and update the moving averages; returns the loss before the step.

    images: uint8 [batch, size, size, 3]. labels: int32 [batch]. rate: the learning rate, a float32. mask: as of logits. seed: int32 [2],
    the run's and the number of the step. Raises ModuleError as representation_of does.
    """
    training, protocol = classifier.compilation.training, classifier.protocol
    if training is None:
        loss, gradients = _call(classifier, images, labels, mask)
    else:
        loss, gradients = _inline(classifier, training, images, labels, mask, seed)
    for variable, momentum, gradient in zip(classifier.trained, classifier.momenta, gradients, strict=True):
        if protocol.weight_decay:
            gradient += protocol.weight_decay * variable
        tf.raw_ops.ResourceApplyMomentum(
            var=variable.handle, accum=momentum.handle, lr=rate, grad=gradient, momentum=protocol.momentum
        )
    return loss


def _call(classifier: Classifier, images: tf.Tensor, labels: tf.Tensor, mask: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """The loss, and its gradients by the trained variables, of the network called as it was loaded."""
    with tf.GradientTape() as tape:
        representation = classifier.module.represent(pixels(classifier.model, images), True)
        loss = _mean_loss(classifier.model, representation, [classifier.kernel, classifier.bias], labels, mask)
    return loss, tape.gradient(loss, classifier.trained, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def _inline(
    classifier: Classifier, graph: PureGraph, images: tf.Tensor, labels: tf.Tensor, mask: tf.Tensor, seed: tf.Tensor
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """The loss, and its gradients by the trained variables, of the network's nodes imported into the current graph."""
    module = classifier.module
    values = {id(variable): variable.read_value() for variable in module.variables}
    head = [classifier.kernel.read_value(), classifier.bias.read_value()]
    loss, gradients, update_values = differentiate(
        graph,
        classifier.compilation.checkpoints,
        graph.feeds(pixels(classifier.model, images), [values[id(variable)] for variable in module.variables], seed),
        [values[id(variable)] for variable in module.trainable],
        head,
        lambda representation: _mean_loss(classifier.model, representation, head, labels, mask),
        tf.cast(seed[1] < 0, tf.float32),  # no step has a number below 0
    )
    apply(graph.updates, module.variables, update_values)
    return loss, gradients


def pixels(model: Model, images: tf.Tensor) -> tf.Tensor:
    """Scale levels from 0 to 255 into the range of values that the network takes."""
    low, high = model.input_range
    return low + tf.cast(images, tf.float32) * ((high - low) / 255.0)


def _mean_loss(
    model: Model, representation: tf.Tensor, head: Sequence[tf.Tensor], labels: tf.Tensor, mask: tf.Tensor
) -> tf.Tensor:
    """The mean softmax cross-entropy of a batch."""
    scores = logits(checked(model, representation), head, mask)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=scores))


def checked(model: Model, representation: tf.Tensor) -> tf.Tensor:
    """The representation as [n, feature_dim]. Raises ModuleError where it has another shape."""
    if representation.shape.rank == 4 and representation.shape[1:3] == [1, 1]:  # which VTAB's own code accepts, too
        representation = tf.squeeze(representation, [1, 2])
    if representation.shape.rank != 2 or representation.shape[1] != model.feature_dim:
        shape = ["n", *representation.shape.as_list()[1:]] if representation.shape.rank else []
        raise ModuleError(
            f"Model {model.model!r} ({model.handle}) gives a representation of shape [{', '.join(map(str, shape))}]; "
            f"registered is [n, {model.feature_dim}]."
        )
    return representation
