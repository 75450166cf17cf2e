"""Networks rebuilt from TensorFlow.js and ONNX files compute what the files do, and all their weights are trainable."""

import base64
import json
import shutil
from typing import Any

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf

from collector.artifacts.download import read
from collector.networks.zoo import human, onnx_file, onnx_network, tfjs_file, tfjs_network
from collector.networks.zoo.check import TOLERANCE, pictures
from collector.networks.zoo.error import ZooError
from collector.networks.zoo.registry import ZOO

pytestmark = pytest.mark.slow

MODELS = {model.model: model for model in ZOO}
NUMBERS = np.random.default_rng(0)


def _text(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _convolution(name: str, op: str, inputs: list[str], stride: int, fused: tuple[str, ...] = ()) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "T": {"type": "DT_FLOAT"},
        "strides": {"list": {"i": ["1", str(stride), str(stride), "1"]}},
        "padding": {"s": _text("SAME")},
    }
    if fused:
        attributes["fused_ops"] = {"list": {"s": [_text(part) for part in fused]}}
    return {"name": name, "op": op, "input": inputs, "attr": attributes}


def _plain(name: str, op: str, *inputs: str, **attributes: Any) -> dict[str, Any]:
    return {"name": name, "op": op, "input": list(inputs), "attr": {"T": {"type": "DT_FLOAT"}, **attributes}}


WEIGHTS: dict[str, np.ndarray] = {
    "first/kernel": NUMBERS.normal(size=(3, 3, 3, 4)).astype(np.float32),
    "first/offset": NUMBERS.normal(size=4).astype(np.float32),
    "depth/kernel": NUMBERS.normal(size=(3, 3, 4, 1)).astype(np.float32),
    "depth/offset": NUMBERS.normal(size=4).astype(np.float32),
    "slope": NUMBERS.normal(size=4).astype(np.float32),
    "half": np.float32(0.5).reshape(()),
    "last/kernel": NUMBERS.normal(size=(1, 1, 4, 4)).astype(np.float32),
    "added": NUMBERS.normal(size=4).astype(np.float32),
    "border": np.array([[0, 0], [0, 1], [0, 1], [0, 2]], np.int32),
}
# Fused and plain convolutions, a PReLU taken apart, a short cut, a border that adds channels, a pool.
NODES = [
    {"name": "images", "op": "Placeholder", "attr": {"dtype": {"type": "DT_FLOAT"}}},
    *({"name": name, "op": "Const"} for name in WEIGHTS),
    _convolution("first", "_FusedConv2D", ["images", "first/kernel", "first/offset"], 2, ("BiasAdd", "Relu6")),
    _convolution("depth", "FusedDepthwiseConv2dNative", ["first", "depth/kernel", "depth/offset"], 1, ("BiasAdd",)),
    _plain("positive", "Relu", "depth"),
    _plain("size", "Abs", "depth"),
    _plain("twice", "Sub", "depth", "size"),
    _plain("once", "Mul", "half", "twice"),
    _plain("negative", "Mul", "once", "slope"),
    _plain("prelu", "AddV2", "positive", "negative"),
    _convolution("last", "Conv2D", ["prelu", "last/kernel"], 1),
    _plain("offset", "AddV2", "last", "added"),
    _plain("short", "AddN", "offset", "first", N={"i": "2"}),
    _plain("wide", "Pad", "short", "border", Tpaddings={"type": "DT_INT32"}),
    _plain("pool", "MaxPool", "wide", ksize={"list": {"i": ["1", "2", "2", "1"]}}, strides={"list": {"i": ["1", "2", "2", "1"]}},
           padding={"s": _text("VALID")}),
]  # fmt: skip
TRAINED = 3 * 3 * 3 * 4 + 4 + 3 * 3 * 4 + 4 + 4 + 4 * 4 + 4  # not the half, not the border


def _graph(nodes: list[dict[str, Any]]) -> tfjs_file.Graph:
    manifest = [{"name": name, "shape": list(value.shape), "dtype": value.dtype.name} for name, value in WEIGHTS.items()]
    model = {"modelTopology": {"node": nodes}, "weightsManifest": [{"weights": manifest}]}
    return tfjs_file.parse(json.dumps(model).encode(), b"".join(value.tobytes() for value in WEIGHTS.values()))


def _reaches_everything(network: keras.Model, images: np.ndarray) -> None:
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(network(images, training=True) ** 2)
    for gradient, weight in zip(tape.gradient(loss, network.trainable_variables), network.trainable_variables, strict=True):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path
        assert np.any(gradient), weight.path


def test_a_rebuilt_graph_computes_what_its_nodes_do_and_trains() -> None:
    graph = _graph(NODES)
    source = keras.Input((None, None, 3))
    network = keras.Model(source, tfjs_network.rebuild(graph, "images", "pool", source))
    images = NUMBERS.normal(size=(2, 11, 8, 3)).astype(np.float32)
    found = network(images, training=False).numpy()
    assert found.shape == (2, 3, 2, 6)
    np.testing.assert_allclose(found, tfjs_file.run(graph, "images", images, "pool"), atol=1e-5)
    assert sum(int(np.prod(weight.shape)) for weight in network.trainable_variables) == TRAINED
    _reaches_everything(network, images)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (_plain("odd", "Softplus", "first"), r"its graph has Softplus \(odd\), which cannot be rebuilt"),
        (
            _convolution("odd", "_FusedConv2D", ["images", "first/kernel", "first/offset"], 2, ("BiasAdd", "Elu")),
            r"a convolution fused with Elu \(odd\), which cannot be rebuilt",
        ),
        (_plain("odd", "Sub", "first", "added"), r"the difference of a map and a weight \(odd\), which cannot be rebuilt"),
    ],
)
def test_what_cannot_be_rebuilt_is_named(node: dict[str, Any], message: str) -> None:
    with pytest.raises(ZooError, match=message):
        tfjs_network.rebuild(_graph([*NODES, node]), "images", "odd", keras.Input((None, None, 3)))


def test_quantised_weights() -> None:
    manifest = [
        {
            "weights": [
                {"name": "byte", "shape": [3], "dtype": "float32", "quantization": {"dtype": "uint8", "scale": 0.5, "min": -1.0}},
                {"name": "half", "shape": [1, 2], "dtype": "float32", "quantization": {"dtype": "float16"}},
                {"name": "plain", "shape": [], "dtype": "int32"},
            ]
        }
    ]
    content = bytes([0, 2, 255]) + np.array([1.5, -2], "<f2").tobytes() + np.array([7], "<i4").tobytes()
    found = tfjs_file.parse_weights(manifest, content)
    assert {name: value.tolist() for name, value in found.items()} == {"byte": [-1, 0, 126.5], "half": [[1.5, -2]], "plain": 7}
    assert found["byte"].dtype == np.float32
    with pytest.raises(ValueError, match="the weights have 12 bytes, their manifest describes 11"):
        tfjs_file.parse_weights(manifest, content + b"\0")


# Gray inside; squeeze-and-excite and hard swish.
@pytest.mark.parametrize("name", ["emotion", "centernet"])
def test_a_trunk_of_the_human_models_is_the_files_own(name: str) -> None:
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed: it brings the package of these networks")
    model = MODELS[name]
    built = human.build(human.TRUNKS[name])
    images = pictures(128, model.input_range)  # at 64 pixels one gate of centernet is shut for all three pictures
    representation = built.network(images, training=False).numpy()
    built.check(images, representation)
    with pytest.raises(ZooError, match=r"differs from the package's own file by up to 0\.01$"):
        built.check(images, representation + 0.01)
    assert sum(int(np.prod(weight.shape)) for weight in built.network.trainable_variables) == model.num_params
    _reaches_everything(built.network, images)


# With and without batch normalisation, steps that differ by direction, weights of one number.
@pytest.mark.parametrize("name", ["ppocr-recognition", "ppocr-detection", "ppocr-direction"])
def test_a_trunk_of_an_onnx_file_is_onnxruntimes(name: str) -> None:
    model, trunk = MODELS[name], onnx_file.TRUNKS[name]
    images = pictures(64, model.input_range)
    built = onnx_file.build(trunk)
    representation = built.network(images, training=False).numpy()

    proto = onnx.load_from_string(read(trunk.package, trunk.member))
    proto.graph.output.append(onnx.helper.make_empty_tensor_value_info(trunk.output))
    part = onnx.utils.Extractor(proto).extract_model([trunk.source], [trunk.output])
    session = onnxruntime.InferenceSession(part.SerializeToString(), providers=["CPUExecutionProvider"])
    given = np.ascontiguousarray(images[..., ::-1].transpose(0, 3, 1, 2))
    (features,) = session.run([trunk.output], {trunk.source: given})
    np.testing.assert_allclose(representation, features.mean(axis=(2, 3)), rtol=TOLERANCE, atol=TOLERANCE)

    assert sum(int(np.prod(weight.shape)) for weight in built.network.trainable_variables) == model.num_params
    _reaches_everything(built.network, images)
    with pytest.raises(ZooError, match="its representation of the cat begins with"):
        built.check(images, representation + 0.01)


def test_an_op_of_onnx_that_is_not_known_is_named() -> None:
    node = onnx.helper.make_node("Softplus", ["x"], ["y"])
    value = onnx.helper.make_empty_tensor_value_info
    proto = onnx.helper.make_model(onnx.helper.make_graph([node], "odd", [value("x")], [value("y")]))
    graph = onnx_network.parse(proto.SerializeToString())
    with pytest.raises(ZooError, match=r"its graph has Softplus \(y\), which cannot be rebuilt"):
        onnx_network.rebuild(graph, "x", "y", keras.Input((None, None, 3)))
