"""Describes an upstream model: a pretrained network, as plain data."""

from dataclasses import dataclass

# Prefix of the handle of a network that its authors never published.
UNPUBLISHED = "unpublished:"


class ModuleError(Exception):
    """A network cannot be used as registered: which one, and why."""


@dataclass(frozen=True)
class Model:
    """A pretrained network that a strategy may pick.

    model: key, unique in a study. handle: what is loaded: a hub handle, a folder, `zoo:NAME` for a network converted from a package,
    or `unpublished:NAME`, which only a local copy can stand for. family: imagenet | expert | vtab | scratch. upstream_examples,
    imagenet_accuracy (fraction): None where unpublished. num_params: of the representation, without any head. feature_dim: length of
    the representation. image_size: native width and height in pixels. input_range: the values of black and white at the
    input. fixed_size: whether it takes images of its native size only. smallest_size: the smallest width and height in pixels that it
    takes, as far as that is known without the network. source_classes: how many classes its own classification head tells apart; None
    where it has none that could be used.
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
    fixed_size: bool = False
    smallest_size: int = 1
    source_classes: int | None = None

    @property
    def published(self) -> bool:
        return not self.handle.startswith(UNPUBLISHED)

    def input_size(self, image_size: int) -> int:
        """Width and height in pixels of the images that it gets under a protocol's image_size: at most its native size, and exactly that
        where it takes no other."""
        return self.image_size if self.fixed_size else min(image_size, self.image_size)


def too_small(model: Model, size: int, smallest: int) -> str:
    """The error message for a network that takes images of smallest × smallest pixels at least, and was to get size × size."""
    return (
        f"Model {model.model!r} ({model.handle}) does not take images of {size} × {size} pixels: the smallest that it takes are "
        f"{smallest} × {smallest}."
    )
