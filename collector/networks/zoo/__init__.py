"""Converts pretrained networks from published packages into modules that load like those of TensorFlow Hub.

`saved_model` converts a network once, into the cache. To the rest of the collector it is then a folder for `hub.load`. A new network is
a row of `registry` and a builder in `convert`, a new file format one more file here.
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

# To be increased with every change of what the converters write, so that no cached network of an older one is used.
CONVERTER = 2


def saved_model(model: Model, cache: Path | None = None, head: bool = False) -> Path:
    """Return the folder of a network's SavedModel, converting the network first if necessary.

    model: its handle is `zoo:NAME`. cache: None for cache_dir(). head: the network with its classification head, images → logits, in a
    folder beside the other; source_classes says whether it has one. The folder appears once it is complete and checked; a conversion
    that is killed leaves only a hidden folder beside it. Raises ZooError where there is no such network or it differs from `model`, and
    PackageError where its package is not available.
    """
    name = model.handle.removeprefix(PREFIX)
    if not model.handle.startswith(PREFIX) or name not in PACKAGES:
        hint = nearest(model.handle, (PREFIX + known for known in PACKAGES))
        raise ZooError(f"Unknown network '{model.handle}'.{hint} The zoo has {', '.join(PREFIX + known for known in PACKAGES)}.")
    zoo = (cache_dir() if cache is None else cache) / "zoo"
    folder = zoo / f"{name}-{_digest(name, model)}{'-head' if head else ''}"
    if not folder.is_dir():
        _convert(name, model, folder, head)
    return folder


def _convert(name: str, model: Model, folder: Path, head: bool) -> None:
    # Imported here because only a conversion needs TensorFlow.
    from collector.networks.zoo.convert import convert

    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=folder.parent) as temporary:
        converted = Path(temporary) / name
        convert(name, model, converted, head)
        try:
            os.replace(converted, folder)
        except OSError:
            # Another process may have converted and checked it meanwhile.
            if not folder.is_dir():
                raise


def _digest(name: str, model: Model) -> str:
    """A digest of all that a conversion depends on: the package, the converters, and the registered numbers that it is checked against."""
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
