"""Finds the local copies of networks. Loads no TensorFlow.

$NEEDLE_HUB is a folder of SavedModels, named by handle without https://tfhub.dev/: $NEEDLE_HUB/vtab/sup-100/1/saved_model.pb. A network
that was never published is named by its model name: $NEEDLE_HUB/jft/Bag/saved_model.pb.
"""

import os
from pathlib import Path

from collector.spec.model import UNPUBLISHED, Model

SITE = "https://tfhub.dev/"
SETTING = "NEEDLE_HUB"


def local_copy_path(model: Model) -> Path:
    """The path where a local copy of the network is looked for. It starts with $NEEDLE_HUB itself where that is not set."""
    name = model.handle.removeprefix(UNPUBLISHED).removeprefix(SITE).removeprefix("https://")
    return Path(os.environ.get(SETTING) or f"${SETTING}") / name


def local_copy(model: Model) -> Path | None:
    """The folder of a network on this machine: the handle where that is a path, or its copy in $NEEDLE_HUB; None where there is none."""
    if model.published and "://" not in model.handle:
        return Path(model.handle)
    path = local_copy_path(model)
    return path if os.environ.get(SETTING) and path.is_dir() else None
