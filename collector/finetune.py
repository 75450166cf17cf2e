"""Fine-tunes one network: a linear head on the representation, everything trained by SGD with momentum (paper, supplement)."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from collector.image import Images, Split
from collector.program import Program
from collector.protocol import Protocol
from collector.seed import batch_order


@dataclass(frozen=True)
class Run:
    """What one fine-tune measured. Accuracies are fractions; final_loss is None where it was not finite."""

    validation_accuracy: float
    test_accuracy: float
    final_loss: float | None
    diverged: bool


def finetune(program: Program, images: Images, classes: int, protocol: Protocol, learning_rate: float, seed: int) -> Run:
    """One run from the pretrained weights. learning_rate: initial, before it is scaled by batch_size / 256."""
    mask = tf.range(program.num_classes) < classes
    train = images.train
    order = batch_order(seed, len(train.labels), protocol.steps, protocol.batch_size)
    program.reset()
    schedule = rates(protocol, learning_rate)
    loss, finite = program.train(train.images, train.labels, order, schedule, mask, seed % 2**31, protocol.steps)
    return Run(
        validation_accuracy=_accuracy(program, images.validation, mask),
        test_accuracy=_accuracy(program, images.test, mask),
        final_loss=float(loss) if np.isfinite(loss) else None,
        diverged=not bool(finite),
    )


def rates(protocol: Protocol, learning_rate: float) -> NDArray[np.float32]:
    """float32 [steps]: the learning rate of each step: scaled, warmed up linearly from 0, decayed after fractions of the steps."""
    step = np.arange(protocol.steps)
    warm = np.minimum(1.0, step / protocol.warmup_steps) if protocol.warmup_steps else np.ones(protocol.steps)
    decays = sum((step >= fraction * protocol.steps for fraction in protocol.decay_at), np.zeros(protocol.steps))
    scaled: NDArray[np.float64] = learning_rate * protocol.batch_size / 256 * warm * protocol.decay_factor**decays
    return scaled.astype(np.float32)


def _accuracy(program: Program, split: Split, mask: tf.Tensor) -> float:
    return program.count_correct(split.images, split.labels, mask) / len(split.labels)
