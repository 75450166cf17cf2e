"""Networks with the classification heads of their packages say what the packages' own files say."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import tensorflow_hub as hub
from scipy.special import softmax

from collector.artifacts.download import read
from collector.networks.zoo import ZOO, ZooError, heads, onnx_file, saved_model
from collector.networks.zoo.check import TOLERANCE, pictures

pytestmark = pytest.mark.slow

MODELS = {model.model: model for model in ZOO}


def test_a_head_is_registered_with_its_classes() -> None:
    """A thousand of ImageNet, 19 breeds of dogs, ten of CIFAR-10, seven emotions twice, two each of the filter and of the direction."""
    registered = {model.model: model.source_classes for model in ZOO if model.source_classes is not None}
    assert registered.keys() == heads.HEADS.keys()
    assert sorted(registered.values()) == [2, 2, 7, 7, 10, 19, 1000, 1000, 1000]


@pytest.mark.parametrize("name", ["cifar10-cnn", "mini-xception", "emotion"])
def test_a_head_says_what_the_packages_file_says(name: str) -> None:
    model, built = MODELS[name], heads.HEADS[name]()
    images = pictures(model.image_size, model.input_range)
    logits = built.network(images, training=False).numpy()
    assert logits.shape == (3, model.source_classes)
    built.check(images, logits)
    with pytest.raises(ZooError, match="differs from the package's own file"):
        built.check(images, logits[::-1])


@pytest.mark.parametrize("name", ["ppocr-direction", "opennsfw"])
def test_the_head_of_an_onnx_file_is_onnxruntimes(name: str) -> None:
    model, trunk = MODELS[name], onnx_file.TRUNKS[name]
    images = pictures(model.image_size, model.input_range)
    built = heads.HEADS[name]()
    logits = built.network(images, training=False).numpy()
    session = onnxruntime.InferenceSession(read(trunk.package, trunk.member), providers=["CPUExecutionProvider"])
    (source,) = session.get_inputs()
    given = images[..., ::-1] - np.array(trunk.mean, np.float32)
    if source.shape[-1] != 3:
        given = np.ascontiguousarray(given.transpose(0, 3, 1, 2))
    (expected,) = session.run(None, {source.name: given})
    np.testing.assert_allclose(softmax(logits, axis=1), expected, rtol=TOLERANCE, atol=TOLERANCE)
    built.check(images, logits)
    with pytest.raises(ZooError, match="differs from the package's own file"):
        built.check(images, logits[::-1])


def test_it_lies_beside_the_network_which_stays_as_it_is(fresh: Path) -> None:
    model = MODELS["mini-xception"]
    network = saved_model(model)
    before = {path: path.read_bytes() for path in network.rglob("*") if path.is_file()}
    head = saved_model(model, head=True)
    assert head.parent == network.parent
    assert {path: path.read_bytes() for path in network.rglob("*") if path.is_file()} == before
    images = pictures(model.image_size, model.input_range)
    assert hub.load(str(head))(images, training=False).shape == (3, 7)
    assert hub.load(str(network))(images, training=False).shape == (3, model.feature_dim)
