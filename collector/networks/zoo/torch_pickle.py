"""Reads tensors from a torch checkpoint in the legacy format (torch.save before 1.6), with numpy alone.

The file is a sequence of pickles, then the raw storages: a magic number, a protocol number, information about the machine, the state
dictionary, the keys of the storages, and for each key a count of elements and the elements themselves. A pickle may call any function;
this reader allows the three names that a state dictionary needs and rejects all others.
"""

import io
import pickle
import struct
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)  # torch's own default

# Elements have the byte order of the machine that wrote them, which is little-endian here.
STORAGES: dict[str, np.dtype[Any]] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


@dataclass(frozen=True)
class _View:
    """A tensor as pickled: a view of a storage. offset, size and stride are in elements."""

    storage: str
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


def tensors(data: bytes) -> dict[str, NDArray[Any]]:
    """Read the tensors of a checkpoint, by name, as contiguous arrays.

    Raises pickle.UnpicklingError where the file is not such a checkpoint, is truncated, or contains anything but tensors.
    """
    if not data.startswith(MAGIC):
        raise pickle.UnpicklingError("this is not a torch checkpoint in the legacy format: its magic number is missing")
    file = io.BytesIO(data)
    file.seek(len(MAGIC))
    _Reader(file).load()  # protocol
    _Reader(file).load()  # facts about the machine
    reader = _Reader(file)
    state = reader.load()
    keys = _Reader(file).load()
    storages = {key: _storage(file, key, *reader.storages[key]) for key in keys}
    return {name: _tensor(name, view, storages) for name, view in state.items()}


class _Reader(pickle.Unpickler):
    """An unpickler that creates only ordered dictionaries and tensors."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.storages: dict[str, tuple[np.dtype[Any], int]] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in STORAGES:
            return name
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        raise pickle.UnpicklingError(f"the checkpoint asks for {module}.{name}, which no tensor needs")

    def persistent_load(self, pid: Any) -> str:
        match pid:
            case ("storage", str(kind), str(key), _, int(count), None) if kind in STORAGES:
                self.storages[key] = (STORAGES[kind], count)
                return key
        raise pickle.UnpicklingError(f"the checkpoint has a storage of a kind that this reader does not know: {pid}")


def _rebuild(storage: str, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: object) -> _View:
    """Replaces torch's function of the same arguments; the rest of them (gradients, hooks) does not affect values."""
    return _View(storage, offset, tuple(size), tuple(stride))


def _storage(file: io.BytesIO, key: str, kind: np.dtype[Any], count: int) -> NDArray[Any]:
    header = file.read(8)
    content = file.read(count * kind.itemsize)
    if len(header) < 8 or struct.unpack("<q", header)[0] != count or len(content) < count * kind.itemsize:
        raise pickle.UnpicklingError(f"storage {key} is cut short: {count} elements of {kind.itemsize} bytes were announced")
    return np.frombuffer(content, kind)


def _tensor(name: str, view: object, storages: dict[str, NDArray[Any]]) -> NDArray[Any]:
    if not isinstance(view, _View):
        raise pickle.UnpicklingError(f"{name} is not a tensor")
    storage = storages[view.storage]
    # Strides matter: kernels are stored as permuted views, so a plain reshape would give wrong values.
    last = view.offset + sum((size - 1) * stride for size, stride in zip(view.size, view.stride, strict=True))
    if min((view.offset, *view.stride)) < 0 or last >= len(storage):
        raise pickle.UnpicklingError(f"tensor {name} reaches outside of its storage")
    strides = [stride * storage.itemsize for stride in view.stride]
    return np.ascontiguousarray(np.lib.stride_tricks.as_strided(storage[view.offset :], view.size, strides))
