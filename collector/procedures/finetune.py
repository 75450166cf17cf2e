"""Fine-tunes a network: a linear head on the representation, all weights trained by SGD with momentum.

Paper: Renggli et al., arXiv 2010.06402, supplement; the schedule is VTAB's lightweight protocol.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from collector.datasets.loading import Images, Split
from collector.procedures.clock import clock
from collector.procedures.program import Program
from collector.procedures.seed import batch_order
from collector.spec.protocol import Protocol


@dataclass(frozen=True)
class Run:
    """What one fine-tune measured. Accuracies are fractions; final_loss is None where it was not finite.

    validation_curve: the validation accuracy at each of the protocol's curve_at; None where it has none. seconds: of training and of
    the final evaluation, by `clock`. curve_seconds: of evaluating the curve, not part of seconds.
    """

    validation_accuracy: float
    test_accuracy: float
    validation_curve: tuple[float, ...] | None
    final_loss: float | None
    diverged: bool
    seconds: float = field(compare=False)
    curve_seconds: float = field(compare=False)


def finetune(program: Program, images: Images, classes: int, protocol: Protocol, learning_rate: float, seed: int) -> Run:
    """Fine-tune once from the pretrained weights and measure the accuracies.

    classes: of the dataset, at most program.num_classes. learning_rate: initial, before scaling by batch_size / 256. seed: fixes the
    order of the examples and all random operations of the network.
    """
    begin = clock()
    mask = tf.range(program.num_classes) < classes
    train = images.train
    order = batch_order(seed, len(train.labels), protocol.steps, protocol.batch_size)
    schedule = rates(protocol, learning_rate)
    program.reset()
    last_loss, diverged = np.nan, False
    accuracies: list[float] = []  # on the validation images, along the curve and at the end
    evaluation_seconds: list[float] = []
    for start, stop in pairwise((0, *protocol.curve_steps, protocol.steps)):
        loss, finite = program.train(train.images, train.labels, order, schedule, mask, seed % 2**31, start, stop)
        last_loss, diverged = float(loss), diverged or not bool(finite)  # reading the values waits for the GPU
        before = clock()
        accuracies.append(_accuracy(program, images.validation, mask))
        evaluation_seconds.append(clock() - before)
    *curve, validation_accuracy = accuracies
    test_accuracy = _accuracy(program, images.test, mask)
    curve_seconds = sum(evaluation_seconds[:-1])
    return Run(
        validation_accuracy=validation_accuracy,
        test_accuracy=test_accuracy,
        validation_curve=tuple(curve) or None,
        final_loss=last_loss if np.isfinite(last_loss) else None,
        diverged=diverged,
        seconds=clock() - begin - curve_seconds,
        curve_seconds=curve_seconds,
    )


def rates(protocol: Protocol, learning_rate: float) -> NDArray[np.float32]:
    """Return the learning rate of each step, float32 [steps]: scaled, warmed up linearly from 0, decayed at fractions of the steps."""
    step = np.arange(protocol.steps)
    warm = np.minimum(1.0, step / protocol.warmup_steps) if protocol.warmup_steps else np.ones(protocol.steps)
    decays = sum((step >= fraction * protocol.steps for fraction in protocol.decay_at), np.zeros(protocol.steps))
    scaled: NDArray[np.float64] = learning_rate * protocol.batch_size / 256 * warm * protocol.decay_factor**decays
    return scaled.astype(np.float32)


def _accuracy(program: Program, split: Split, mask: tf.Tensor) -> float:
    return program.count_correct(split.images, split.labels, mask) / len(split.labels)
