"""The small world with learning curves and seconds: validation accuracies after 2, 4 and 8 of 16 steps, and after all.

    after   1/8   1/4   1/2    1             1/8   1/4   1/2    1
pets    a   .50   .55   .60  .70   depth a   .30   .40   .50  .55     Each is the median of three repeats, at the better
        b   .40   .65   .70  .80         b   .30   .35   .40  .45     learning rate: 0.1 at first, and 0.01 from then on.
        c   .45   .60   .50  .60         c   .20   .50   .60  .65     A fine-tune takes 20 s of a, 40 s of b, 100 s of c.
"""

from collections.abc import Iterable
from pathlib import Path

import world
from world import Row

PROTOCOL = {**world.PROTOCOL, "steps": 16, "curve_at": [1 / 8, 1 / 4, 1 / 2]}
VALIDATION = {
    ("a", "pets"): (0.50, 0.55, 0.60, 0.70),
    ("b", "pets"): (0.40, 0.65, 0.70, 0.80),
    ("c", "pets"): (0.45, 0.60, 0.50, 0.60),
    ("a", "depth"): (0.30, 0.40, 0.50, 0.55),
    ("b", "depth"): (0.30, 0.35, 0.40, 0.45),
    ("c", "depth"): (0.20, 0.50, 0.60, 0.65),
}
SECONDS = {"a": 10.0, "b": 20.0, "c": 50.0}  # of a run


def finetunes() -> list[Row]:
    """The 36 runs of the small world, with these validation accuracies around their medians."""
    rows = []
    for run in world.finetunes():
        off, fast = world.AROUND[run["repeat"]], run["learning_rate"] == 0.1
        first, *others = VALIDATION[run["model"], run["dataset"]]
        curve = [first + off - (0 if fast else 0.1), *(one + off - (0.1 if fast else 0) for one in others)]
        rows.append({**run, "validation_curve": curve[:-1], "validation_accuracy": curve[-1], "seconds": SECONDS[run["model"]]})
    return rows


def write_curved(folder: Path, finetune: Iterable[Row] | None = None, **protocol: object) -> Path:
    """Write the study; protocol: columns that it has instead."""
    return world.write_study(folder, protocol={**PROTOCOL, **protocol}, finetune=finetunes() if finetune is None else finetune)
