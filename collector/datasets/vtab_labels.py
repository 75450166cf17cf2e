"""Computes the classes that VTAB derives from several features of an example: TensorFlow functions of one decoded example."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

# Edges of distance bins. Clevr-Dist: the nearest object, in the units of its scenes. KITTI-Dist: the nearest vehicle, in metres. A value
# on an edge belongs to the bin below it.
CLEVR_EDGES = (0.0, 8.0, 8.5, 9.0, 9.5, 10.0, 100.0)
KITTI_EDGES = (-100.0, 8.0, 20.0, 999.0)
KITTI_VEHICLES = 3  # types below it: car, van, truck
KITTI_NO_VEHICLE = 1000.0
DSPRITES_CLASSES = 16


@dataclass(frozen=True)
class Label:
    """A computed class. features: to decode, in the form of tensorflow-datasets' PartialDecoding. compute: example -> class, a scalar."""

    features: dict[str, Any]
    compute: Callable[[dict[str, Any]], tf.Tensor]


def _bin(value: tf.Tensor, edges: tuple[float, ...]) -> tf.Tensor:
    """The index of the last edge strictly below the value; -1, which is not a class, where there is none."""
    return tf.math.count_nonzero(value > tf.constant(edges)) - 1


def _clevr_count(example: dict[str, Any]) -> tf.Tensor:
    """The number of objects, from 3 to 10, as classes from 0."""
    return tf.size(example["objects"]["size"], tf.int64) - 3


def _clevr_distance(example: dict[str, Any]) -> tf.Tensor:
    return _bin(tf.reduce_min(example["objects"]["pixel_coords"][:, 2]), CLEVR_EDGES)


def _kitti_distance(example: dict[str, Any]) -> tf.Tensor:
    objects = example["objects"]
    depths = tf.boolean_mask(objects["location"][:, 2], objects["type"] < KITTI_VEHICLES)
    return _bin(tf.reduce_min(tf.concat([depths, [KITTI_NO_VEHICLE]], axis=0)), KITTI_EDGES)


def _dsprites(attribute: str, values: int) -> Label:
    """16 classes of adjacent values of an attribute."""
    return Label({attribute: True}, lambda example: example[attribute] * DSPRITES_CLASSES // values)


LABELS = {
    "clevr_count": Label({"objects": {"size"}}, _clevr_count),
    "clevr_distance": Label({"objects": {"pixel_coords"}}, _clevr_distance),
    "kitti_distance": Label({"objects": {"type", "location"}}, _kitti_distance),
    "dsprites_x_position": _dsprites("label_x_position", 32),
    "dsprites_orientation": _dsprites("label_orientation", 40),
}
