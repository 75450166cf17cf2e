"""Fine-tuning, on a tiny network through tensorflow-hub: the schedule, the seeds, one trace, and against a plain implementation."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tiny

from collector.networks import hub_module
from collector.networks.hub_module import HubModule
from collector.procedures.finetune import finetune, rates
from collector.procedures.program import Program, build_program, trace
from collector.procedures.seed import batch_order, seed_of
from collector.spec.model import ModuleError

CLASSES = 5


@pytest.fixture(scope="module", autouse=True)
def deterministic() -> None:
    tf.config.experimental.enable_op_determinism()
    tf.random.set_seed(0)
    tf.get_logger().setLevel("ERROR")  # that several programs are built here is no retracing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny") / "module"
    tiny.network(path)
    return path


@pytest.fixture(scope="module")
def module(folder: Path) -> HubModule:
    return hub_module.load(str(folder))


@pytest.fixture(scope="module")
def program(module: HubModule, folder: Path) -> Program:
    made = build_program(module, tiny.model(str(folder)), tiny.PROTOCOL, CLASSES)
    trace(made)
    return made


def test_rates_warm_up_from_zero_and_decay_after_a_third_two_thirds_and_nine_tenths() -> None:
    protocol = replace(tiny.PROTOCOL, steps=30, warmup_steps=4, batch_size=512)
    expected = [0, 0.05, 0.1, 0.15] + [0.2] * 6 + [0.02] * 10 + [0.002] * 7 + [0.0002] * 3  # 0.1 x 512 / 256 = 0.2
    assert rates(protocol, 0.1) == pytest.approx(expected, rel=1e-6)


def test_the_papers_schedule() -> None:
    protocol = replace(tiny.PROTOCOL, steps=2500, warmup_steps=200, batch_size=512)
    found = rates(protocol, 0.01)
    assert found[[0, 100, 200, 833]] == pytest.approx([0, 0.01, 0.02, 0.02])
    assert found[[834, 1666, 1667, 2249, 2250, 2499]] == pytest.approx([2e-3, 2e-3, 2e-4, 2e-4, 2e-5, 2e-5])


def test_the_gradient_of_a_convolution_with_a_stride_and_few_channels() -> None:
    """With whole numbers, which are exact. oneDNN's kernels, TensorFlow's default on a CPU, write out of bounds here."""
    generator = np.random.default_rng(0)
    images, upstream = (generator.integers(-3, 4, (4, *shape)).astype(np.float32) for shape in ((60, 60, 3), (30, 30, 16)))
    kernel = tf.Variable(np.ones((1, 1, 3, 16), np.float32))
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.nn.conv2d(images, kernel, 2, "SAME") * upstream)
    expected = np.einsum("bhwi,bhwo->io", images[:, ::2, ::2], upstream)
    np.testing.assert_array_equal(tape.gradient(loss, kernel)[0, 0], expected)


def test_batch_order_passes_over_all_examples_before_it_repeats_one() -> None:
    order = batch_order(7, examples=10, steps=5, batch_size=4)
    assert order.shape == (5, 4)
    assert sorted(order.ravel()[:10]) == sorted(order.ravel()[10:]) == list(range(10))
    assert (batch_order(7, 10, 5, 4) == order).all()
    assert (batch_order(8, 10, 5, 4) != order).any()


def test_a_seed_follows_from_every_part_of_the_key() -> None:
    key = ("finetune", "model", "dataset", 0.1, 0)
    others = [("linear", *key[1:]), ("finetune", "modeld", "ataset", 0.1, 0), (*key[:3], 0.01, 0), (*key[:4], 1)]
    assert seed_of(*key) == 8766635610443917614, "a seed that changes makes every stored row unrepeatable"
    assert len({seed_of(*other) for other in [key, *others]}) == 5


def test_it_learns(program: Program) -> None:
    found = finetune(program, tiny.images(3), 3, replace(tiny.PROTOCOL, steps=80), 1.0, seed=1)
    assert found.test_accuracy > 0.9
    assert found.validation_accuracy > 0.9
    assert not found.diverged
    assert found.final_loss is not None
    assert found.final_loss < np.log(3)


def test_the_same_seed_gives_the_same_run_whatever_ran_before(program: Program) -> None:
    images = tiny.images(4)
    first = finetune(program, images, 4, tiny.PROTOCOL, 0.1, seed=3)
    finetune(program, tiny.images(2, seed=9), 2, tiny.PROTOCOL, 1.0, seed=4)
    assert finetune(program, images, 4, tiny.PROTOCOL, 0.1, seed=3) == first
    assert finetune(program, images, 4, tiny.PROTOCOL, 0.1, seed=5).final_loss != first.final_loss


@pytest.mark.parametrize("xla", [False, True])
def test_a_curve_changes_no_weight_and_says_what_the_network_could_at_that_step(
    module: HubModule, folder: Path, xla: bool
) -> None:
    protocol, images, rate = replace(tiny.PROTOCOL, steps=40), tiny.images(4), 8.0
    program = build_program(module, tiny.model(str(folder)), protocol, CLASSES, xla)
    plain = finetune(program, images, 4, protocol, rate, seed=3)
    weights = [variable.numpy().tobytes() for variable in program.classifier.trained]
    protocol = replace(protocol, curve_at=(1 / 8, 0.26, 1 / 2, 0.9))
    found = finetune(program, images, 4, protocol, rate, seed=3)
    assert [variable.numpy().tobytes() for variable in program.classifier.trained] == weights, "to the bit"
    assert plain.validation_curve is None
    assert found == replace(plain, validation_curve=found.validation_curve)

    mask, order = np.arange(CLASSES) < 4, batch_order(3, len(images.train.labels), protocol.steps, protocol.batch_size)
    expected = []
    for steps in (5, 11, 20, 36):  # of 40: the first number that is no less than 5, 10.4, 20, 36
        program.reset()
        program.train(images.train.images, images.train.labels, order, rates(protocol, rate), mask, 3, 0, steps)
        expected.append(program.count_correct(images.validation.images, images.validation.labels, mask) / 20)
    assert found.validation_curve == tuple(expected)
    assert len(set(expected)) > 1, "it learns on the way"


@pytest.mark.parametrize("curve_at", [(0.0, 0.5), (-0.1,), (1.0,), (0.5, 0.25), (0.5, 0.5), (0.01, 0.02), (0.5, 0.99)])
def test_a_curve_is_at_fractions_that_ascend_each_at_a_step_of_its_own_before_the_last(curve_at: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match=r"curve_at is .*: it lists fractions of the 12 steps between 0 and 1, ascending"):
        replace(tiny.PROTOCOL, curve_at=curve_at)


def test_the_steps_of_a_curve() -> None:
    assert replace(tiny.PROTOCOL, steps=125, curve_at=(1 / 8, 1 / 4, 1 / 2)).curve_steps == (16, 32, 63)
    assert replace(tiny.PROTOCOL, steps=100, curve_at=(0.07,)).curve_steps == (7,), "0.07 * 100 is 7.000000000000001"
    assert tiny.PROTOCOL.curve_steps == replace(tiny.PROTOCOL, curve_at=()).curve_steps == ()


def test_seconds_are_what_the_run_computes_without_its_curve_and_whatever_else_the_machine_does(program: Program) -> None:
    """Each evaluation is made to compute 0.1 s more; each training to wait 0.1 s for a processor that others have."""

    def train(*arguments: object) -> tuple[tf.Tensor, tf.Tensor]:
        time.sleep(0.1)
        return program.train(*arguments)

    def count_correct(*arguments: object) -> int:
        until = time.process_time() + 0.1
        while time.process_time() < until:
            pass
        return program.count_correct(*arguments)

    slow = replace(program, train=train, count_correct=count_correct)
    protocol = replace(tiny.PROTOCOL, curve_at=(0.25, 0.5, 0.75))
    found = finetune(slow, tiny.images(3), 3, protocol, 0.1, seed=1)
    assert 0.3 <= found.curve_seconds < 0.4
    assert 0.2 <= found.seconds < 0.3, "validation and test at the end; no waiting, four times 0.1 s"


def test_one_trace_serves_every_dataset_learning_rate_and_repeat(module: HubModule, folder: Path) -> None:
    program = build_program(module, tiny.model(str(folder)), tiny.PROTOCOL, CLASSES)
    for classes in (2, 5):
        protocol = replace(tiny.PROTOCOL, train_examples=20 * classes, test_examples=7 * classes)
        for rate in protocol.learning_rates:
            for seed in (0, 1):
                finetune(program, tiny.images(classes, protocol=protocol), classes, protocol, rate, seed)
        program.represent(np.zeros([classes, 16, 16, 3], np.uint8))
    assert [function.experimental_get_tracing_count() for function in program.traced] == [1, 1, 1, 1]


def test_classes_that_a_dataset_does_not_have_change_nothing(module: HubModule, folder: Path) -> None:
    wide, narrow = (build_program(module, tiny.model(str(folder)), tiny.PROTOCOL, width) for width in (40, 3))
    runs = [finetune(made, tiny.images(3), 3, tiny.PROTOCOL, 0.1, seed=1) for made in (wide, narrow)]
    assert runs[0].final_loss == pytest.approx(runs[1].final_loss, abs=1e-6)
    assert runs[0].test_accuracy == runs[1].test_accuracy


def test_a_run_equals_a_plain_implementation(folder: Path) -> None:
    """Step by step, without a graph loop, padding or TensorFlow's optimizers: v = m v + g, w = w - rate v."""
    protocol, images, classes = tiny.PROTOCOL, tiny.images(3), 3
    protocol = replace(protocol, weight_decay=0.01)
    module = hub_module.load(str(folder))
    program = build_program(module, tiny.model(str(folder)), protocol, CLASSES)
    found = finetune(program, images, classes, protocol, 0.1, seed=2)
    trained = [variable.numpy() for variable in module.variables]

    fresh = hub_module.load(str(folder))
    kernel, bias = tf.Variable(tf.zeros([8, classes])), tf.Variable(tf.zeros([classes]))
    weights = [*fresh.trainable, kernel, bias]
    velocities = [np.zeros(weight.shape, np.float32) for weight in weights]
    loss = tf.constant(0.0)
    for batch, rate in zip(batch_order(2, 48, 12, 16), rates(protocol, 0.1), strict=True):
        with tf.GradientTape() as tape:
            logits = fresh.represent(tf.constant(images.train.images[batch] / np.float32(255)), True) @ kernel + bias
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=images.train.labels[batch], logits=logits)
            loss = tf.reduce_mean(each)
        for i, (weight, gradient) in enumerate(zip(weights, tape.gradient(loss, weights), strict=True)):
            velocities[i] = 0.9 * velocities[i] + gradient.numpy() + 0.01 * weight.numpy()
            weight.assign_sub(rate * velocities[i])
    assert found.final_loss == pytest.approx(float(loss), abs=1e-6)
    for ours, plain in zip(trained, fresh.variables, strict=True):
        assert ours == pytest.approx(plain.numpy(), abs=1e-6)
    right = (
        np.argmax(fresh.represent(tf.constant(images.test.images / np.float32(255)), False) @ kernel + bias, axis=1)
        == images.test.labels
    )
    assert found.test_accuracy == pytest.approx(right.mean())


def test_training_changes_every_weight_and_every_moving_average(program: Program, module: HubModule) -> None:
    program.reset()
    before = [variable.numpy() for variable in module.variables]
    finetune(program, tiny.images(3), 3, tiny.PROTOCOL, 0.1, seed=1)
    assert all((variable.numpy() != value).any() for variable, value in zip(module.variables, before, strict=True))
    program.reset()
    assert all((variable.numpy() == value).all() for variable, value in zip(module.variables, before, strict=True))


def test_representation_is_the_pretrained_networks_for_every_image(program: Program, module: HubModule) -> None:
    program.reset()
    images = np.random.default_rng(0).integers(0, 255, [150, 16, 16, 3], np.uint8)  # more than one batch, and not a multiple
    expected = module.represent(tf.constant(images / np.float32(255)), False).numpy()
    assert program.represent(images) == pytest.approx(expected, abs=1e-5)


def test_a_run_whose_loss_is_not_finite_has_diverged(program: Program) -> None:
    found = finetune(program, tiny.images(3), 3, tiny.PROTOCOL, 1e30, seed=1)
    assert found.diverged
    assert found.final_loss is None
    assert 0 <= found.test_accuracy <= 1


def test_a_representation_of_another_size_is_refused_with_both_numbers(module: HubModule, folder: Path) -> None:
    with pytest.raises(ModuleError, match=r"'tiny'.*\[n, 8\]; registered is \[n, 9\]"):
        trace(build_program(module, tiny.model(str(folder), feature_dim=9), tiny.PROTOCOL, CLASSES))


def test_what_is_not_a_reusable_module_is_refused(tmp_path: Path) -> None:
    tf.saved_model.save(tf.train.Checkpoint(v=tf.Variable(1.0)), str(tmp_path / "plain"))
    with pytest.raises(ModuleError, match="not a reusable SavedModel"):
        hub_module.load(str(tmp_path / "plain"))
    with pytest.raises(ModuleError, match="cannot be loaded"):
        hub_module.load(str(tmp_path / "nowhere"))
