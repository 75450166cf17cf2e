"""Builds networks of the paper that Keras does not have, untrained, to measure their memory. Tests check their numbers of parameters.

All return [n, feature_dim]. Drop path and spectral norm are left out.
"""

from typing import Any

import tensorflow as tf
import tf_keras
from tf_keras import layers


def pnasnet_large(size: int) -> tf_keras.Model:
    """PNASNet-5 (N = 4, F = 216) of Liu et al. 2018: the cell of their figure 1, twice as stem, then three times four."""
    images = layers.Input((size, size, 3))
    x = _norm(layers.Conv2D(96, 3, 2, use_bias=False)(images))
    before = None
    for filters, stride in ((54, 2), (108, 2), *[(216, 1)] * 4, (432, 2), *[(432, 1)] * 3, (864, 2), *[(864, 1)] * 3):
        before, x = x, _cell(x, before, filters, stride)
    return tf_keras.Model(images, layers.GlobalAveragePooling2D()(tf.nn.relu(x)))


def _cell(x: Any, before: Any, filters: int, stride: int) -> Any:
    earlier = x if before is None else before
    if before is not None and before.shape[1] != x.shape[1]:
        padded = tf.nn.relu(before)
        shifted = tf.pad(padded, [[0, 0], [0, 1], [0, 1], [0, 0]])[:, 1:, 1:]
        halves = [_pointwise(tf.nn.avg_pool2d(half, 1, 2, "VALID"), filters // 2) for half in (padded, shifted)]
        earlier = _norm(tf.concat(halves, 3))
    elif before is not None and before.shape[3] != filters:
        earlier = _norm(_pointwise(tf.nn.relu(before), filters))
    x = _norm(_pointwise(tf.nn.relu(x), filters))
    first = _separable(earlier, filters, 5, stride) + _pooled(earlier, filters, stride)
    second = _separable(x, filters, 7, stride) + _pooled(x, filters, stride)
    third = _separable(x, filters, 5, stride) + _separable(x, filters, 3, stride)
    fourth = _separable(third, filters, 3, 1) + _pooled(x, filters, stride)
    same = x if stride == 1 else _norm(_pointwise(tf.nn.relu(x), filters, stride))
    fifth = _separable(earlier, filters, 3, stride) + same
    return tf.concat([first, second, third, fourth, fifth], 3)


def _separable(x: Any, filters: int, kernel: int, stride: int) -> Any:
    for step in (stride, 1):
        x = _norm(layers.SeparableConv2D(filters, kernel, step, "same", use_bias=False)(tf.nn.relu(x)))
    return x


def _pooled(x: Any, filters: int, stride: int) -> Any:
    pooled = layers.MaxPooling2D(3, stride, "same")(x)
    return pooled if pooled.shape[3] == filters else _norm(_pointwise(pooled, filters))


def _pointwise(x: Any, filters: int, stride: int = 1) -> Any:
    return layers.Conv2D(filters, 1, stride, use_bias=False)(x)


def _norm(x: Any) -> Any:
    return layers.BatchNormalization(epsilon=1e-3)(x)


def biggan(size: int) -> tf_keras.Model:
    """The discriminator of BigGAN at 128 pixels, as Lucic et al. 2019 built it: a non-local block behind the first of six blocks."""
    x = images = layers.Input((size, size, 3))
    for number, filters in enumerate((96, 192, 384, 768, 1536, 1536)):
        y = layers.Conv2D(filters, 3, padding="same")(tf.nn.relu(x))
        y = layers.Conv2D(filters, 3, padding="same")(tf.nn.relu(y))
        if filters != x.shape[3]:
            x = layers.AveragePooling2D()(layers.Conv2D(filters, 1)(x))
            y = layers.AveragePooling2D()(y)
        x = x + y if number < 5 else y
        if number == 0:
            x = _NonLocal()(x)
    return tf_keras.Model(images, tf.reduce_sum(tf.nn.relu(x), [1, 2]))


class _NonLocal(layers.Layer):  # type: ignore[misc]
    def build(self, shape: Any) -> None:
        self.products = [
            layers.Conv2D(filters, 1, use_bias=False) for filters in (shape[3] // 8, shape[3] // 8, shape[3] // 2, shape[3])
        ]
        self.sigma = self.add_weight("sigma", [])

    def call(self, x: Any) -> Any:
        height, width = x.shape[1:3]
        theta, phi, values, last = self.products
        query = tf.reshape(theta(x), [-1, height * width, theta.filters])
        pooled = [tf.nn.max_pool2d(product(x), 2, 2, "VALID") for product in (phi, values)]
        key, value = (tf.reshape(tensor, [-1, height * width // 4, tensor.shape[3]]) for tensor in pooled)
        attended = tf.nn.softmax(tf.matmul(query, key, transpose_b=True)) @ value
        return x + self.sigma * last(tf.reshape(attended, [-1, height, width, values.filters]))


def group_norm_resnet(size: int) -> tf_keras.Model:
    """ResNet-50-V2 with group normalization and standardized weights (BiT-M R50x1), as the public experts are."""
    images = layers.Input((size, size, 3))
    x = layers.ZeroPadding2D(1)(_Standardized(64, 7, 2)(layers.ZeroPadding2D(3)(images)))
    x = layers.MaxPooling2D(3, 2)(x)
    for filters, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for number in range(count):
            step = stride if number == 0 else 1
            y = layers.ReLU()(layers.GroupNormalization(32)(x))
            shortcut = x if number else _Standardized(4 * filters, 1, step)(y)
            y = layers.ReLU()(layers.GroupNormalization(32)(_Standardized(filters, 1, 1)(y)))
            y = layers.ReLU()(layers.GroupNormalization(32)(_Standardized(filters, 3, step, "same")(y)))
            x = shortcut + _Standardized(4 * filters, 1, 1)(y)
    x = layers.ReLU()(layers.GroupNormalization(32)(x))
    return tf_keras.Model(images, layers.GlobalAveragePooling2D()(x))


class _Standardized(layers.Conv2D):  # type: ignore[misc]
    def __init__(self, filters: int, kernel: int, stride: int, padding: str = "valid") -> None:
        super().__init__(filters, kernel, stride, padding, use_bias=False)

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        mean, variance = tf.nn.moments(kernel, [0, 1, 2])
        return super().convolution_op(inputs, (kernel - mean) / tf.sqrt(variance + 1e-10))
