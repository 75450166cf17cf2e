"""Real pretrained networks out of ordinary packages, as modules that load like those of TensorFlow Hub.

`saved_model` converts a network once, into the cache; after that it is a folder for `hub.load`, and nothing in the collector
knows where it came from.
"""

import hashlib
import json
import os
import tempfile
from pathlib import Path

from collector.artifacts.cache import cache_dir
from collector.networks.zoo.error import ZooError
from collector.networks.zoo.registry import PACKAGES, PREFIX, ZOO
from collector.spec.model import Model
from study_format.suggestions import nearest

__all__ = ["ZOO", "ZooError", "saved_model"]

# Goes up with every change of what the converters write, so that no cache keeps what an older one wrote.
CONVERTER = 2


def saved_model(model: Model, cache: Path | None = None) -> Path:
    """The folder of a network's SavedModel, converted if it isn't there yet. model.handle is `zoo:NAME`; cache: cache_dir().

    The folder appears whole and checked, or not at all: a conversion that is killed leaves a hidden folder beside it, nothing
    else. Raises ZooError if there is no such network, or if it isn't what `model` says; PackageError if its package can't be had.
    """
    name = model.handle.removeprefix(PREFIX)
    if not model.handle.startswith(PREFIX) or name not in PACKAGES:
        hint = nearest(model.handle, (PREFIX + known for known in PACKAGES))
        raise ZooError(f"Unknown network '{model.handle}'.{hint} The zoo has {', '.join(PREFIX + known for known in PACKAGES)}.")
    zoo = (cache_dir() if cache is None else cache) / "zoo"
    folder = zoo / f"{name}-{_digest(name, model)}"
    if not folder.is_dir():
        _convert(name, model, folder)
    return folder


def _convert(name: str, model: Model, folder: Path) -> None:
    # Only a conversion needs TensorFlow: who finds the network in the cache may not want it yet.
    from collector.networks.zoo.convert import convert

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder.parent) as temporary:
        whole = Path(temporary) / name
        convert(name, model, whole)
        try:
            os.replace(whole, folder)
        except OSError:
            # Somebody else converted it meanwhile; theirs was checked as ours was.
            if not folder.is_dir():
                raise


def _digest(name: str, model: Model) -> str:
    """Changes with the package, with the converters, and with the registered numbers that a conversion is checked against."""
    package = PACKAGES[name]
    facts = [
        package and package.sha256,
        CONVERTER,
        model.num_params,
        model.feature_dim,
        model.image_size,
        model.input_range,
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]
