"""Turns a network's handle into the folder of its SavedModel, and says what is wrong with one before anything is trained.

A handle of TensorFlow Hub is looked for in $NEEDLE_HUB (`local_copy`), then brought by tensorflow-hub, whose cache is
$TFHUB_CACHE_DIR, else hub/ in ours.
"""

import contextlib
import hashlib
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_hub as hub
from google.protobuf.message import DecodeError
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from collector.artifacts.cache import cache_dir
from collector.artifacts.disk_space import shortage
from collector.networks.hub_module import check_size, load
from collector.networks.local_copy import local_copy, place
from collector.networks.zoo import saved_model
from collector.networks.zoo.registry import PREFIX
from collector.spec.model import Model, ModuleError, too_small

TIMEOUT = 60  # seconds without a byte
COPIES = 2  # float32 weights, packed and unpacked


def located(model: Model) -> Path:
    """The folder of the network's SavedModel, downloaded or converted if need be. Raises ModuleError, ZooError or PackageError."""
    if model.handle.startswith(PREFIX):
        return saved_model(model)
    local = local_copy(model)
    if local is not None:
        return local
    if not model.published:
        raise ModuleError(
            f"Model {model.model!r} was never published. Put a SavedModel of yours into {place(model)}, or leave it out."
        )
    return _downloaded(model)


def check(models: Sequence[Model], image_size: int) -> None:
    """Have every one of these networks here, whole, of the size of representation that is registered, and able to take the images of a
    protocol's image_size; raises ModuleError that lists all that are not. Networks of the zoo are converted later, and checked then:
    only their smallest sizes are known before."""
    wrong = [
        too_small(model, size, model.smallest_size)
        for model in models
        if (size := model.input_size(image_size)) < model.smallest_size
    ]
    models = [model for model in models if not model.handle.startswith(PREFIX)]
    weights = sum(model.num_params for model in models if _is_absent(model))
    short = shortage(_cache(), COPIES * 4 * weights, "downloading networks", "TFHUB_CACHE_DIR")
    if short:
        raise ModuleError(short)
    for model in models:
        try:
            _check(model, located(model), image_size)
        except ModuleError as error:
            wrong.append(str(error))
    if wrong:
        raise ModuleError("\n".join(wrong))


def _cache() -> Path:
    return Path(os.environ.setdefault("TFHUB_CACHE_DIR", str(cache_dir() / "hub")))


def _cached(model: Model) -> Path:
    """Where tensorflow-hub keeps a handle (its guide to caching says so)."""
    return _cache() / hashlib.sha1(model.handle.encode()).hexdigest()


def _is_absent(model: Model) -> bool:
    return model.published and local_copy(model) is None and not _cached(model).is_dir()


def _downloaded(model: Model) -> Path:
    cache = _cache()
    try:
        with _timeout():
            return Path(hub.resolve(model.handle))
    except (OSError, ValueError, RuntimeError, tf.errors.OpError) as error:
        raise ModuleError(
            f"Model {model.model!r}: {model.handle} is neither in the cache of tensorflow-hub ({cache}) nor could it be downloaded "
            f"({type(error).__name__}: {error}). Where there is no network, set NEEDLE_HUB to a folder of SavedModels, with this one in "
            f"{place(model)}, or TFHUB_CACHE_DIR to the cache of a machine that had it."
        ) from error


@contextlib.contextmanager
def _timeout() -> Iterator[None]:
    """tensorflow-hub would wait without end."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _check(model: Model, folder: Path, image_size: int) -> None:
    proto = SavedModel()
    try:
        proto.ParseFromString((folder / "saved_model.pb").read_bytes())
        if not proto.meta_graphs:
            raise ValueError("saved_model.pb is empty")
        _read_weights(folder)
    except (OSError, ValueError, LookupError, RuntimeError, DecodeError, tf.errors.OpError) as error:
        again = "copy it anew" if folder != _cached(model) else f"remove {folder} and {folder}.descriptor.txt to download it anew"
        raise ModuleError(
            f"Model {model.model!r} ({model.handle}) is not whole in {folder}: {str(error).strip()}. Perhaps a download was cut short: "
            f"{again}."
        ) from error
    size = _declared_size(proto.meta_graphs[0])
    if size not in (None, model.feature_dim):
        raise ModuleError(
            f"Model {model.model!r} ({model.handle}) gives a representation of shape [n, {size}]; registered is "
            f"[n, {model.feature_dim}]. {folder} holds another network."
        )
    if (size := model.input_size(image_size)) < model.image_size:
        check_size(load(str(folder)), model, size)


def _read_weights(folder: Path) -> None:
    """Read every tensor, whose checksums TensorFlow compares."""
    reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    for name in reader.get_variable_to_shape_map():
        reader.get_tensor(name)


def _declared_size(graph: Any) -> int | None:
    """The length of the representation, where the module says it: TF1 in its signature, TF2 in the type of __call__."""
    shapes = [graph.signature_def[name].outputs[name].tensor_shape for name in ("default",) if name in graph.signature_def]
    nodes = graph.object_graph_def.nodes
    for child in nodes[0].children if nodes else ():
        if child.local_name == "__call__":
            functions = nodes[child.node_id].function.concrete_functions
            values = [graph.object_graph_def.concrete_functions[name].output_signature for name in functions]
            shapes += [value.tensor_spec_value.shape for value in values]
    sizes = {shape.dim[-1].size for shape in shapes if len(shape.dim) in (2, 4) and shape.dim[-1].size > 0}
    return sizes.pop() if len(sizes) == 1 else None
