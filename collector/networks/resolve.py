"""Resolves a network's handle to the folder of its SavedModel, and checks networks before anything is trained.

A TensorFlow Hub handle is looked up in $NEEDLE_HUB first (`local_copy`), then downloaded by tensorflow-hub, whose cache is
$TFHUB_CACHE_DIR, or hub/ in ours.
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
from collector.networks.local_copy import local_copy, local_copy_path
from collector.networks.zoo import saved_model
from collector.networks.zoo.registry import PREFIX
from collector.spec.model import Model, ModuleError, too_small

TIMEOUT = 60  # seconds without a byte
COPIES = 2  # of float32 weights: the archive and its unpacked content


def resolve_saved_model(model: Model) -> Path:
    """Return the folder of a network's SavedModel, downloading or converting it first where necessary.

    Raises ModuleError, ZooError or PackageError.
    """
    if model.handle.startswith(PREFIX):
        return saved_model(model)
    local = local_copy(model)
    if local is not None:
        return local
    if not model.published:
        raise ModuleError(
            f"Model {model.model!r} was never published. Put a SavedModel of yours into {local_copy_path(model)}, or leave it out."
        )
    return _download(model)


def check(models: Sequence[Model], image_size: int) -> None:
    """Download these networks, and check that each is complete, has the registered feature_dim and takes images of image_size.

    image_size: the protocol's, in pixels. Of the zoo's networks only the registered smallest size is checked: they are converted later,
    and checked then. Raises ModuleError that lists all problems.
    """
    problems = [
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
            _check(model, resolve_saved_model(model), image_size)
        except ModuleError as error:
            problems.append(str(error))
    if problems:
        raise ModuleError("\n".join(problems))


def _cache() -> Path:
    return Path(os.environ.setdefault("TFHUB_CACHE_DIR", str(cache_dir() / "hub")))


def _cache_path(model: Model) -> Path:
    """The folder in which tensorflow-hub caches a handle (documented in its caching guide)."""
    return _cache() / hashlib.sha1(model.handle.encode()).hexdigest()


def _is_absent(model: Model) -> bool:
    return model.published and local_copy(model) is None and not _cache_path(model).is_dir()


def _download(model: Model) -> Path:
    cache = _cache()
    try:
        with _timeout():
            return Path(hub.resolve(model.handle))
    except (OSError, ValueError, RuntimeError, tf.errors.OpError) as error:
        raise ModuleError(
            f"Model {model.model!r}: {model.handle} is neither in the cache of tensorflow-hub ({cache}) nor could it be downloaded "
            f"({type(error).__name__}: {error}). Where there is no network, set NEEDLE_HUB to a folder of SavedModels, with this one in "
            f"{local_copy_path(model)}, or TFHUB_CACHE_DIR to the cache of a machine that has downloaded it."
        ) from error


@contextlib.contextmanager
def _timeout() -> Iterator[None]:
    """Limit how long tensorflow-hub waits for a server; it has no limit of its own."""
    previous = socket.getdefaulttimeout()
    socket.setdefaulttimeout(TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(previous)


def _check(model: Model, folder: Path, image_size: int) -> None:
    proto = SavedModel()
    try:
        proto.ParseFromString((folder / "saved_model.pb").read_bytes())
        if not proto.meta_graphs:
            raise ValueError("saved_model.pb is empty")
        _read_weights(folder)
    except (OSError, ValueError, LookupError, RuntimeError, DecodeError, tf.errors.OpError) as error:
        remedy = (
            "copy it again"
            if folder != _cache_path(model)
            else f"remove {folder} and {folder}.descriptor.txt to download it again"
        )
        raise ModuleError(
            f"Model {model.model!r} ({model.handle}) is incomplete or damaged in {folder}: {str(error).strip()}. The download "
            f"may have been interrupted: {remedy}."
        ) from error
    size = _declared_size(proto.meta_graphs[0])
    if size not in (None, model.feature_dim):
        raise ModuleError(
            f"Model {model.model!r} ({model.handle}) gives a representation of shape [n, {size}]; registered is "
            f"[n, {model.feature_dim}]. {folder} contains a different network."
        )
    if (size := model.input_size(image_size)) < model.image_size:
        check_size(load(str(folder)), model, size)


def _read_weights(folder: Path) -> None:
    """Read every tensor, for TensorFlow to verify its checksum."""
    reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
    for name in reader.get_variable_to_shape_map():
        reader.get_tensor(name)


def _declared_size(graph: Any) -> int | None:
    """The feature_dim that a module declares, if any: in the signature (TF1) or the return type of __call__ (TF2)."""
    shapes = [graph.signature_def[name].outputs[name].tensor_shape for name in ("default",) if name in graph.signature_def]
    nodes = graph.object_graph_def.nodes
    for child in nodes[0].children if nodes else ():
        if child.local_name == "__call__":
            functions = nodes[child.node_id].function.concrete_functions
            values = [graph.object_graph_def.concrete_functions[name].output_signature for name in functions]
            shapes += [value.tensor_spec_value.shape for value in values]
    sizes = {shape.dim[-1].size for shape in shapes if len(shape.dim) in (2, 4) and shape.dim[-1].size > 0}
    return sizes.pop() if len(sizes) == 1 else None
