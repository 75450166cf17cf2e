"""Trains the linear probe: multinomial logistic regression on a frozen representation, by SGD with momentum.

Paper: Renggli et al., arXiv 2010.06402, supplement. All heads of a cell (learning rates x repeats) are trained in one
call, with numpy:

- **Dual form where examples are few (n < 2 d).** Starting from zero and without weight decay, the weights remain a linear combination
  of the training examples, w = X' a, and so does the bias. SGD on w is then SGD on a, [n, classes] instead of [d, classes], with
  logits = K a and K = X X' + 1 computed once. A step takes one product of inner size n instead of two of size d.
- **Heads with the same seed share their batches**, and the rows gathered for them.
- **One thread per core, with one BLAS thread in each.** By default OpenBLAS splits each of these small products over all cores, which
  costs time at every step and stalls when a core is busy elsewhere, while the softmax runs on one core.

Batches come from a stream: the training set is shuffled again and again, and the concatenated shuffles are divided into batches of
equal size. A batch that spans two shuffles may contain an example twice; it is computed once and weighted twice.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from collector.procedures.seed import batch_order

Floats = npt.NDArray[np.floating[Any]]
Labels = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Head:
    """A classifier to train.

    learning_rate: constant, not scaled by the batch size. repeat: for the caller, not used here. seed: fixes the order of the batches;
    the heads of a repeat should share it, whatever their learning rates (see above).
    """

    learning_rate: float
    repeat: int
    seed: int


def train(
    train_x: Floats,
    train_y: Labels,
    validation_x: Floats,
    validation_y: Labels,
    num_classes: int,
    heads: Sequence[Head],
    steps: int,
    batch_size: int,
    momentum: float,
) -> list[float]:
    """Train the heads, and return the validation accuracy of each after its last step: fractions in [0, 1].

    train_x [n, d] and validation_x [m, d]: representations, both float32 or both float64, which is also the precision of everything
    computed; train_y [n], validation_y [m]: classes, 0 to num_classes - 1. A batch has min(batch_size, n) examples.
    The predicted class is the one with the largest logit, the lowest of several that tie. An example with a logit that is not finite
    (the run diverged) counts as wrong. The same arguments give the same bits on the same machine, and a head's result does not depend
    on the other heads.
    Raises ValueError for shapes or types that do not fit, labels outside the classes, values that are not finite, and settings out of
    range.
    """
    check_labels("validation_y", validation_y, len(validation_x), num_classes)
    logits = train_logits(train_x, train_y, validation_x, num_classes, heads, steps, batch_size, momentum)
    return [_accuracy(head_logits, validation_y) for head_logits in logits]


def train_logits(
    train_x: Floats,
    train_y: Labels,
    validation_x: Floats,
    num_classes: int,
    heads: Sequence[Head],
    steps: int,
    batch_size: int,
    momentum: float,
) -> list[Floats]:
    """Train the heads, and return the logits [m, num_classes] of validation_x for each. Arguments and errors as those of train."""
    check_representations(train_x, validation_x)
    check_labels("train_y", train_y, len(train_x), num_classes)
    _check_settings(heads, steps, batch_size, momentum)
    n, d = train_x.shape
    size, dual = min(batch_size, n), n < 2 * d
    with threadpool_limits(1, user_api="blas"):
        features, validation_features = _features(train_x, validation_x, dual)

        def logits_of(indices: npt.NDArray[np.intp]) -> list[Floats]:
            found: list[Floats] = []
            for seed, members in groupby(indices, key=lambda index: heads[index].seed):
                rates = [heads[index].learning_rate for index in members]
                batches = _batches(n, size, steps, seed)
                solutions = _descend(features, dual, train_y, num_classes, rates, momentum, size, batches)
                with np.errstate(all="ignore"):
                    found += [validation_features @ solution for solution in solutions]
            return found

        # Equal shares, sorted by seed: every core has as much to do, and a gathered batch serves most of the heads with its seed.
        by_seed = np.array(sorted(range(len(heads)), key=lambda index: heads[index].seed), np.intp)
        shares = np.array_split(by_seed, max(1, min(os.cpu_count() or 1, len(heads))))
        with ThreadPoolExecutor(len(shares)) as pool:
            sorted_logits = [logits for found in pool.map(logits_of, shares) for logits in found]
    return [sorted_logits[position] for position in np.argsort(by_seed)]


def _features(train_x: Floats, validation_x: Floats, dual: bool) -> tuple[Floats, Floats]:
    """The features of the training and validation examples, which give logits when multiplied by a solution.

    dual: K = X X' + 1 [n, n]; otherwise X with a column of ones [n, d + 1].
    """
    if not dual:
        return np.pad(train_x, ((0, 0), (0, 1)), constant_values=1), np.pad(validation_x, ((0, 0), (0, 1)), constant_values=1)
    with np.errstate(all="ignore"):
        return train_x @ train_x.T + 1, validation_x @ train_x.T + 1


def _batches(n: int, batch_size: int, steps: int, seed: int) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]]:
    """Yield batches of batch_size <= n from the stream of shuffles, one for each step.

    A batch is its distinct rows, ascending, and their weights, which sum to 1: 1 / batch_size, or 2 / batch_size for a row that occurs
    twice.
    """
    for batch in batch_order(seed, n, steps, batch_size):
        counts = np.bincount(batch, minlength=n)
        rows = np.flatnonzero(counts)
        yield rows, counts[rows] / batch_size


def _descend(
    features: Floats,
    dual: bool,
    labels: Labels,
    num_classes: int,
    learning_rates: Sequence[float],
    momentum: float,
    batch_size: int,
    batches: Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]],
) -> list[Floats]:
    """Minimise the mean cross-entropy of the batches from a zero start; one solution [k, num_classes] for each learning rate.

    features: [n, k], as returned by _features. The update is v = momentum * v + g, w = w - rate * v. The velocity is stored as
    rate * v, which is equivalent for a constant rate and free: the rate is multiplied into the softmax's denominator.
    Each head has its own product, whose shape does not depend on the other heads, because BLAS rounds differently at the edges of a
    wider one. Writing the large arrays into buffers saves a few percent of the time (take copies once more in its default mode).
    """
    kind = features.dtype.type
    solutions = [np.zeros((features.shape[1], num_classes), kind) for _ in learning_rates]
    velocities = [np.zeros_like(solution) for solution in solutions]
    batch_buffer = np.empty((batch_size, features.shape[1]), kind)
    gradient_buffer, moved_buffer = np.empty((2, batch_size, num_classes), kind)
    ones = np.ones(num_classes, kind)
    with np.errstate(all="ignore"):  # a head that diverges is a result, which its logits show
        for rows, row_weights in batches:
            size = len(rows)
            batch = features.take(rows, axis=0, out=batch_buffer[:size], mode="clip")
            labelled = np.arange(size), labels[rows]
            for rate, solution, velocity in zip(learning_rates, solutions, velocities, strict=True):
                weights = (rate * row_weights).astype(kind)
                # The logits; then, in place, step by step to rate * (softmax - one_hot) * row_weights.
                gradient = np.matmul(batch, solution, out=gradient_buffer[:size])
                gradient -= gradient.max(axis=1, keepdims=True)
                np.exp(gradient, out=gradient)
                gradient *= (weights / (gradient @ ones))[:, None]
                gradient[labelled] -= weights
                velocity *= kind(momentum)
                if dual:  # no row comes twice, so that the sum may be written over what was there
                    moved = velocity.take(rows, axis=0, out=moved_buffer[:size], mode="clip")
                    moved += gradient
                    velocity[rows] = moved
                else:
                    velocity += batch.T @ gradient
                solution -= velocity
    return solutions


def _accuracy(logits: Floats, labels: Labels) -> float:
    correct = (logits.argmax(axis=1) == labels) & np.isfinite(logits).all(axis=1)
    return float(correct.mean())


def check_representations(train_x: Floats, validation_x: Floats) -> None:
    """Raise ValueError unless both are finite, [n, d] and [m, d] with n, d, m >= 1, and of one type, float32 or float64."""
    for name, x in (("train_x", train_x), ("validation_x", validation_x)):
        if x.ndim != 2 or x.size == 0:
            raise ValueError(f"{name} has shape {x.shape}; a representation is [examples, dimensions], at least one of each")
        if x.dtype not in (np.float32, np.float64):
            raise ValueError(f"{name} is {x.dtype}; a representation is float32 or float64")
        if not np.isfinite(x).all():
            bad = np.flatnonzero(~np.isfinite(x).all(axis=1))
            raise ValueError(
                f"{name} has values that are not finite in {len(bad)} of {len(x)} examples, first in example {bad[0]}"
            )
    if train_x.shape[1] != validation_x.shape[1]:
        raise ValueError(f"train_x has {train_x.shape[1]} dimensions and validation_x {validation_x.shape[1]}")
    if train_x.dtype != validation_x.dtype:
        raise ValueError(f"train_x is {train_x.dtype} and validation_x {validation_x.dtype}")


def check_labels(name: str, labels: Labels, examples: int, num_classes: int | None = None) -> None:
    """Raise ValueError unless labels has one integer per example, in 0 ... num_classes - 1 (None: any)."""
    if labels.shape != (examples,):
        raise ValueError(f"{name} has shape {labels.shape}; {examples} examples need ({examples},)")
    if not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"{name} is {labels.dtype}; labels are integers")
    if num_classes is not None and not ((labels >= 0) & (labels < num_classes)).all():
        raise ValueError(f"{name} goes from {labels.min()} to {labels.max()}; {num_classes} classes are 0 to {num_classes - 1}")


def _check_settings(heads: Sequence[Head], steps: int, batch_size: int, momentum: float) -> None:
    for head in heads:
        if not (head.learning_rate > 0 and np.isfinite(head.learning_rate)) or head.seed < 0:
            raise ValueError(f"{head}: a learning rate is positive and finite, a seed is 0 or more")
    if steps < 1 or batch_size < 1 or not 0 <= momentum < 1:
        raise ValueError(f"steps {steps}, batch_size {batch_size}, momentum {momentum}; at least 1, at least 1, and in [0, 1)")
