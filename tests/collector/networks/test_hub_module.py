"""Modules of every kind: the hub's TF1 format and its oddities, random numbers in training, and modules that cannot be fine-tuned."""

from dataclasses import replace
from pathlib import Path

import hub_fixture
import numpy as np
import pytest
import tensorflow as tf
import tiny

from collector.execution.provenance import finished, software
from collector.graph.pure_graph import ImpureError, PureGraph
from collector.networks import hub_module
from collector.procedures.finetune import finetune
from collector.procedures.program import build_program, traced_program
from collector.spec.model import ModuleError

pytestmark = pytest.mark.slow

IMAGES = tiny.images(3)


@pytest.fixture(scope="module", autouse=True)
def deterministic() -> None:
    tf.config.experimental.enable_op_determinism()
    tf.random.set_seed(0)
    tf.get_logger().setLevel("ERROR")  # that several programs are built here is no retracing


@pytest.mark.parametrize("kind", ["TF1 resource", "TF1 reference"])
def test_training_changes_every_weight_and_every_moving_average_of_a_tf1_module(tmp_path: Path, kind: hub_fixture.Format) -> None:
    module = hub_module.load(hub_fixture.write(tmp_path / "module", kind).handle)
    assert [len(module.variables), len(module.trainable)] == [6, 4], "the moving averages are not trained by gradients"
    program = build_program(module, tiny.model("module"), tiny.PROTOCOL, 3)
    before = [variable.numpy() for variable in module.variables]
    finetune(program, IMAGES, 3, tiny.PROTOCOL, 0.1, seed=1)
    assert all((variable.numpy() != value).any() for variable, value in zip(module.variables, before, strict=True))


def test_tensorflow_hubs_own_reading_gives_the_same_representation(tmp_path: Path) -> None:
    import tensorflow_hub as hub

    folder = tmp_path / "module"
    hub_fixture.write_tf1(folder)
    images = np.random.default_rng(0).random((4, 16, 16, 3), np.float32)
    module = hub_module.load(str(folder))
    for training, tags in ((True, ["train"]), (False, None)):
        theirs = hub.load(str(folder), tags=tags).signatures["default"](tf.constant(images))["default"]
        before = [variable.numpy() for variable in module.variables]
        ours = module.represent(tf.constant(images), training).numpy()
        assert ours == pytest.approx(theirs.numpy(), abs=1e-6)
        for variable, value in zip(module.variables, before, strict=True):
            variable.assign(value)


def test_a_tf1_module_of_one_graph_uses_it_for_both(tmp_path: Path) -> None:
    hub_fixture.write_tf1(tmp_path / "module", train=False)
    module = hub_module.load(str(tmp_path / "module"))
    averages = [variable for variable in module.variables if not variable.trainable]
    before = [average.numpy() for average in averages]
    program = build_program(module, tiny.model("module"), tiny.PROTOCOL, 3)
    assert not finetune(program, IMAGES, 3, tiny.PROTOCOL, 0.1, seed=1).diverged
    assert all((average.numpy() == value).all() for average, value in zip(averages, before, strict=True))
    assert len(module.trainable) == 4


def test_a_representation_of_one_pixel_is_taken_flat(tmp_path: Path) -> None:
    hub_fixture.write_tf1(tmp_path / "module", flat=False)
    program = build_program(hub_module.load(str(tmp_path / "module")), tiny.model("module"), tiny.PROTOCOL, 3)
    assert program.represent(IMAGES.test.images).shape == (30, 8)


@pytest.mark.parametrize("xla", [False, True])
def test_dropout_follows_from_the_seed(tmp_path: Path, xla: bool) -> None:
    hub_fixture.write_tf1(tmp_path / "module", dropout=True)
    program = build_program(hub_module.load(str(tmp_path / "module")), tiny.model("module"), tiny.PROTOCOL, 3, xla)
    protocol = replace(tiny.PROTOCOL, steps=1, warmup_steps=0, train_examples=48)
    first, same = (finetune(program, IMAGES, 3, protocol, 1.0, seed) for seed in (1, 1))
    assert first == same
    order = np.zeros([2, 16], np.int32)
    losses = set()
    for seed in (1, 2):  # the same images, twice; a head that is not zero shows what is dropped
        program.reset()
        mask = np.ones(3, np.bool_)
        rates = np.array([1, 0], np.float32)
        losses.add(float(program.train(IMAGES.train.images, IMAGES.train.labels, order, rates, mask, seed, 0, 2)[0]))
    assert len(losses) == 2


@pytest.mark.parametrize(("kind", "xla"), [("TF2", False), ("TF1 reference", True)])
def test_in_bfloat16_it_learns_nearly_the_same_with_float32_weights(tmp_path: Path, kind: hub_fixture.Format, xla: bool) -> None:
    model = hub_fixture.write(tmp_path / "module", kind)
    found = []
    for precision in ("float32", "bfloat16"):
        module = hub_module.load(model.handle)
        protocol = replace(tiny.PROTOCOL, steps=40, precision=precision)
        program = build_program(module, model, protocol, 3, xla)
        found.append((finetune(program, IMAGES, 3, protocol, 1.0, seed=1), program.represent(IMAGES.test.images)))
        assert {variable.dtype for variable in module.variables} == {tf.float32}
    (exact, trained), (coarse, in_bfloat16) = found
    assert exact.final_loss is not None
    assert exact.final_loss < 0.9, "from 1.1"
    assert coarse.final_loss == pytest.approx(exact.final_loss, rel=0.05)
    assert coarse.final_loss != exact.final_loss
    assert coarse.test_accuracy == pytest.approx(exact.test_accuracy, abs=0.1)
    assert in_bfloat16 == pytest.approx(trained, abs=0.1)


def test_a_regularization_loss_of_a_module_is_no_part_of_the_fine_tune(tmp_path: Path) -> None:
    """The TF1 fixture has one for its first kernel, which a loss of 0 everywhere must leave unchanged."""
    module = hub_module.load(hub_fixture.write(tmp_path / "module", "TF1 resource").handle)
    program = build_program(module, tiny.model("module"), tiny.PROTOCOL, 3)
    kernel = module.trainable[0].numpy()
    one_class = np.zeros(48, np.int32)  # the only one that is not masked: its probability is 1 whatever the weights are
    order, rates = np.zeros([5, 16], np.int32), np.ones(5, np.float32)
    program.train(IMAGES.train.images, one_class, order, rates, np.array([True, False, False]), 0, 0, 5)
    assert (module.trainable[0].numpy() == kernel).all()


def test_what_has_no_signature_or_lacks_a_weight_is_refused_with_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "module"
    hub_fixture.write_tf1(folder)
    whole = (folder / "saved_model.pb").read_bytes()
    (folder / "saved_model.pb").write_bytes(whole.replace(b"\x07default", b"\x07defects"))
    with pytest.raises(ModuleError, match="has no signature 'default', only defects"):
        hub_module.load(str(folder))
    (folder / "saved_model.pb").write_bytes(whole.replace(b"module/bn/gamma", b"module/bn/gamme"))
    with pytest.raises(ModuleError, match="no variable 'module/bn/gamme'"):
        hub_module.load(str(folder))
    (folder / "saved_model.pb").write_bytes(whole[:500])
    with pytest.raises(ModuleError, match="cannot be loaded"):
        hub_module.load(str(folder))


def save(folder: Path, call: object, variables: list[tf.Variable], size: int | None = None) -> hub_module.HubModule:
    """A reusable SavedModel of a function of images and a training flag, whose first variable is trained."""
    function = tf.function(call, autograph=False)
    for training in (False, True):
        function.get_concrete_function(tf.TensorSpec([None, size, size, 3]), training=training)
    module = tf.train.Checkpoint()
    module.__call__ = function
    module.variables, module.trainable_variables = variables, variables[:1]
    tf.saved_model.save(module, str(folder))
    return hub_module.load(str(folder))


def test_what_is_the_same_is_computed_once(tmp_path: Path) -> None:
    weight = tf.Variable(tf.ones([3, 8]))

    def call(images: tf.Tensor, training: bool = False) -> tf.Tensor:
        return tf.reduce_mean(tf.nn.relu(images) + tf.nn.relu(images) + tf.nn.elu(images), [1, 2]) @ weight

    graph = save(tmp_path / "module", call, [weight]).pure(tf.TensorSpec([2, 16, 16, 3]), True)
    assert [node.op for node in graph.definition.node].count("Relu") == 1
    output = tf.function(lambda: graph(tf.ones([2, 16, 16, 3]), [weight.read_value()], tf.zeros([2], tf.int32))[0])()
    assert output.numpy() == pytest.approx(np.full([2, 8], 9.0))


def test_what_is_no_pure_function_is_called_and_says_why(tmp_path: Path) -> None:
    weight, count = tf.Variable(tf.ones([3, 8])), tf.Variable(1.0, trainable=False)

    def call(images: tf.Tensor, training: bool = False) -> tf.Tensor:
        if training:
            count.assign_add(1.0)
        return tf.reduce_mean(images, [1, 2]) @ weight * count  # read again after it was written

    module = save(tmp_path / "module", call, [weight, count])
    with pytest.raises(ImpureError, match="uses a variable after it was written in the same step"):
        module.pure(tf.TensorSpec([16, 16, 16, 3]), True)
    assert isinstance(module.pure(tf.TensorSpec([16, 16, 16, 3]), False), PureGraph)
    program = traced_program(module, tiny.model("module"), tiny.PROTOCOL, 3, xla=True)
    assert not program.xla
    assert "after it was written" in (program.fallback or "")
    finetune(program, IMAGES, 3, tiny.PROTOCOL, 0.1, seed=1)
    assert float(module.variables[1]) == 13.0, "12 steps"
    with pytest.raises(ModuleError, match=r"'tiny'.*cannot be computed in bfloat16"):
        build_program(module, tiny.model("module"), replace(tiny.PROTOCOL, precision="bfloat16"), 3)


@pytest.mark.parametrize("xla", [False, True])
def test_images_of_another_size_than_saved_are_refused_with_both_sizes(tmp_path: Path, xla: bool) -> None:
    weight = tf.Variable(tf.ones([3, 8]))

    def call(images: tf.Tensor, training: bool = False) -> tf.Tensor:
        return tf.reduce_mean(images, [1, 2]) @ weight

    module = save(tmp_path / "module", call, [weight], size=24)
    with pytest.raises(ModuleError, match=r"does not take images of \(\d+, 16, 16, 3\).*it takes \(None, 24, 24, 3\)"):
        traced_program(module, tiny.model("module"), tiny.PROTOCOL, 3, xla)


def test_what_xla_cannot_compile_runs_without_it_and_the_row_says_so(tmp_path: Path) -> None:
    weight = tf.Variable(tf.ones([3, 8]))

    def call(images: tf.Tensor, training: bool = False) -> tf.Tensor:
        texts = tf.strings.as_string(tf.reduce_mean(images, [1, 2]))
        return tf.strings.to_number(texts) @ weight

    program = traced_program(save(tmp_path / "module", call, [weight]), tiny.model("module"), tiny.PROTOCOL, 3, xla=True)
    assert not program.xla
    assert finished(program.execution_mode)["software"] == f"{software()}, without XLA (it does not know AsString)"
    assert not finetune(program, IMAGES, 3, tiny.PROTOCOL, 0.1, seed=1).diverged
    assert finished(replace(program, xla=True, fallback=None, segments=3).execution_mode)["software"].endswith(
        ", XLA, activations recomputed in 3 parts"
    )
