"""Where a network's local copy is. Loads no TensorFlow.

$NEEDLE_HUB is a folder of SavedModels named by handle without https://tfhub.dev/: $NEEDLE_HUB/vtab/sup-100/1/saved_model.pb, and for
a network that was never published by its name: $NEEDLE_HUB/jft/Bag/saved_model.pb.
"""

import os
from pathlib import Path

from collector.spec.model import UNPUBLISHED, Model

SITE = "https://tfhub.dev/"
SETTING = "NEEDLE_HUB"


def place(model: Model) -> Path:
    """Where a copy would be."""
    name = model.handle.removeprefix(UNPUBLISHED).removeprefix(SITE).removeprefix("https://")
    return Path(os.environ.get(SETTING) or f"${SETTING}") / name


def local_copy(model: Model) -> Path | None:
    """The folder that the handle itself is, or its copy in $NEEDLE_HUB if there is one."""
    if model.published and "://" not in model.handle:
        return Path(model.handle)
    return place(model) if os.environ.get(SETTING) and place(model).is_dir() else None
