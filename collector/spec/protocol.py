"""Describes what every run of a study shares: the settings of its procedures, stored with its results as one row."""

import math
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Protocol:
    """The settings of one study's procedures (paper, supplement; VTAB's lightweight protocol).

    image_size: width and height in pixels; a network with a smaller native size, or that takes no other, gets its own. antialias: whether
    the bilinear resize does. *_examples: how many of a split are used, from its first (test_examples None: all).
    learning_rates: initial, before scaling by batch_size / 256. warmup_steps: linear, from 0. decay_at: fractions of the steps
    after which the learning rate is multiplied by decay_factor. weight_decay: of fine-tuning; the linear proxy has none.
    precision: float32 or bfloat16, of convolutions and matrix products; all else is float32.
    linear_*: of the linear proxy, whose learning rate is constant and not scaled. proxies: those that every cell has beside fine-tunes;
    head_proxies: those of them that only networks with a classification head of their own have (None: none).
    probes: the networks that embed every dataset, so that near ones are found; learned: proxies that `needle learn` fits to the other
    datasets (None: none). These four may grow later.
    curve_at: fractions of the steps after which a fine-tune's validation accuracy is measured; None: only at the end.
    Raises ValueError where curve_at is not ascending within (0, 1), has two fractions at one step, or one at the last.
    """

    study: str
    image_size: int
    antialias: bool
    train_examples: int
    validation_examples: int
    test_examples: int | None
    steps: int
    batch_size: int
    momentum: float
    weight_decay: float
    warmup_steps: int
    decay_at: tuple[float, ...]
    decay_factor: float
    learning_rates: tuple[float, ...]
    repeats: int
    linear_steps: int
    linear_batch_size: int
    linear_momentum: float
    linear_learning_rates: tuple[float, ...]
    linear_repeats: int
    precision: str = "float32"
    head_initial: str = "zeros"
    proxies: tuple[str, ...] = ("knn", "linear")
    curve_at: tuple[float, ...] | None = None
    head_proxies: tuple[str, ...] | None = None
    probes: tuple[str, ...] | None = None
    learned: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if any(later <= earlier for earlier, later in pairwise((0, *self.curve_steps, self.steps))):
            raise ValueError(
                f"curve_at is {self.curve_at}: it lists fractions of the {self.steps} steps between 0 and 1, ascending, no two at one "
                "step and none at the last"
            )

    @property
    def curve_steps(self) -> tuple[int, ...]:
        """The number of steps done at each fraction of curve_at, rounded up."""
        # Rounded, because 0.07 * 100 is a little more than 7; schema.sql does the same.
        return tuple(math.ceil(round(at * self.steps, 9)) for at in self.curve_at or ())
