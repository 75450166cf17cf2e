"""The upstream models: one frozen row per pretrained network, as plain data."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    """A pretrained network that a strategy may pick.

    model: key, unique in a study. handle: what is loaded: a hub handle, a folder, or `zoo:NAME` for a network converted from a
    package. family: imagenet | expert | vtab | scratch. upstream_examples, imagenet_accuracy (fraction): None where unpublished.
    num_params: of the representation, without any head. feature_dim: length of the representation. image_size: native width and
    height in pixels. input_range: the values that black and white have at the input.
    """

    model: str
    handle: str
    family: str
    upstream: str
    upstream_examples: int | None
    imagenet_accuracy: float | None
    num_params: int
    feature_dim: int
    image_size: int
    licence: str
    source: str
    input_range: tuple[float, float] = (0.0, 1.0)
