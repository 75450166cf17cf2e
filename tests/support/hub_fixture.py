"""Exports the same tiny network in each of the hub's formats: a convolution, batch normalisation, a depthwise convolution.

TF2 as `tiny.network` saves it. TF1 as hub.Module read it: a graph for inference without tags, and one tagged "train", each with its
collections, sharing one checkpoint; with reference variables (as the older modules have) or resource variables.
"""

from pathlib import Path
from typing import Literal

import tensorflow as tf
import tiny
from tensorflow.core.protobuf import meta_graph_pb2

from collector.spec.model import Model

Format = Literal["TF2", "TF1 resource", "TF1 reference"]
FORMATS: tuple[Format, ...] = ("TF2", "TF1 resource", "TF1 reference")
MOMENTUM = 0.9

v1 = tf.compat.v1


def write(folder: Path, kind: Format, seed: int = 0, feature_dim: int = 8) -> Model:
    """Save the network in this format; return its row."""
    if kind == "TF2":
        return tiny.network(folder, seed, feature_dim)
    write_tf1(folder, seed, feature_dim, resource=kind == "TF1 resource")
    return tiny.model(str(folder), feature_dim)


def write_tf1(
    folder: Path,
    seed: int = 0,
    feature_dim: int = 8,
    resource: bool = True,
    dropout: bool = False,
    train: bool = True,
    flat: bool = True,
    shrink: int = 1,
) -> None:
    """train=False: without a graph tagged "train". flat=False: the representation is [n, 1, 1, feature_dim]. shrink: as tiny.network's."""
    builder = v1.saved_model.builder.SavedModelBuilder(str(folder))
    for tags, training in [([], False), (["train"], True)][: 1 + train]:
        with tf.Graph().as_default(), v1.Session() as session, v1.variable_scope("module", use_resource=resource):
            images = v1.placeholder(tf.float32, [None, None, None, 3], "images")
            smaller = images[:, ::shrink, ::shrink] if shrink > 1 else images
            output = _network(smaller, training, seed, feature_dim, dropout)
            if not flat:
                output = output[:, None, None, :]
            signature = v1.saved_model.signature_def_utils.build_signature_def(
                {"images": _info(images)}, {"default": _info(output)}, "default"
            )
            if training:
                builder.add_meta_graph(tags, {"default": signature})
            else:
                session.run(v1.global_variables_initializer())
                builder.add_meta_graph_and_variables(session, tags, {"default": signature})
    builder.save()
    (folder / "tfhub_module.pb").write_bytes(b"\x08\x03")  # ModuleDef: format FORMAT_V3


def _network(images: tf.Tensor, training: bool, seed: int, feature_dim: int, dropout: bool) -> tf.Tensor:
    kernel = _variable("conv/weights", [3, 3, 3, feature_dim], v1.glorot_uniform_initializer(seed=seed + 1))
    v1.add_to_collection(v1.GraphKeys.REGULARIZATION_LOSSES, 0.01 * tf.nn.l2_loss(kernel))
    x = _batch_norm(tf.nn.conv2d(images, kernel, 2, "SAME"), training, feature_dim)
    if training and dropout:
        x *= tf.floor(0.5 + tf.random.uniform(tf.shape(x), seed=1)) / 0.5
    depthwise = _variable("depthwise/weights", [3, 3, feature_dim, 1], v1.glorot_uniform_initializer(seed=seed + 2))
    x = tf.nn.depthwise_conv2d(tf.nn.relu(x), depthwise, [1, 1, 1, 1], "SAME")
    return tf.reduce_mean(x, [1, 2])


def _batch_norm(x: tf.Tensor, training: bool, feature_dim: int) -> tf.Tensor:
    gamma = _variable("bn/gamma", [feature_dim], v1.ones_initializer())
    beta = _variable("bn/beta", [feature_dim], v1.zeros_initializer())
    mean = _variable("bn/moving_mean", [feature_dim], v1.zeros_initializer(), trainable=False)
    variance = _variable("bn/moving_variance", [feature_dim], v1.ones_initializer(), trainable=False)
    if not training:
        return v1.nn.fused_batch_norm(x, gamma, beta, mean, variance, 1e-3, is_training=False)[0]
    x, batch_mean, batch_variance = v1.nn.fused_batch_norm(x, gamma, beta, epsilon=1e-3)
    for average, value in ((mean, batch_mean), (variance, batch_variance)):
        update = v1.assign_sub(average, (average - value) * (1 - MOMENTUM))
        v1.add_to_collection(v1.GraphKeys.UPDATE_OPS, update)
    return x


def _variable(name: str, shape: list[int], initializer: object, trainable: bool = True) -> tf.Variable:
    return v1.get_variable(name, shape, initializer=initializer, trainable=trainable)


def _info(tensor: tf.Tensor) -> meta_graph_pb2.TensorInfo:
    return meta_graph_pb2.TensorInfo(name=tensor.name, dtype=tensor.dtype.as_datatype_enum, tensor_shape=tensor.shape.as_proto())
