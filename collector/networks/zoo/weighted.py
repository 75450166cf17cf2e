"""A layer for weights outside other layers: an offset or a factor, for which Keras has no layer."""

from typing import Any

import numpy as np
from keras import layers
from numpy.typing import NDArray


class Weighted(layers.Layer):  # type: ignore[misc]
    """Adds a trainable weight to its input, or multiplies by it: one number, or one per channel."""

    def __init__(self, values: NDArray[np.float32], multiply: bool) -> None:
        super().__init__()
        self.multiply = multiply
        self.weight = self.add_weight(shape=values.shape, name="gamma" if multiply else "beta")
        self.weight.assign(values)

    def call(self, x: Any) -> Any:
        return x * self.weight if self.multiply else x + self.weight

    def compute_output_shape(self, shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return shape
