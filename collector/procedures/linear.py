"""The linear proxy: multinomial logistic regression on a frozen representation, by plain SGD with momentum (paper, supplement).

All heads of a cell (learning rates x repeats) are trained in one call, on numpy alone:

- **Dual form where examples are few (n < 2 d).** From a zero start and without weight decay, the weights stay a combination of
  the training examples, w = X' a, and so does the bias. SGD on w is SGD on a: [n, classes] instead of [d, classes], with
  logits = K a and K = X X' + 1 computed once. A step is one product of inner size n, instead of two of size d.
- **Heads of one seed share their batches**, and the rows gathered for them.
- **One thread a core, one BLAS thread in each.** Left alone, OpenBLAS splits each of these small products over all cores, pays
  for it at every step and stalls when a core is busy elsewhere; and the softmax runs on one core.

Batches are a stream: the training set is shuffled, again and again, and the endless row of shuffles is cut into batches of equal
size. A batch may end one shuffle and begin the next, and may then hold an example twice; it counts twice, and is computed once.
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
    """One classifier to train. learning_rate: constant, not scaled by the batch size. repeat: carried for the caller, not used.
    seed: fixes the order of the batches; heads of one repeat that differ in their learning rate should share it (see above)."""

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
    """The validation accuracy of each head after its last step, in the order of heads: fractions in [0, 1].

    train_x [n, d] and validation_x [m, d]: representations, all of one type, float32 or float64, in which everything is computed;
    train_y [n], validation_y [m]: classes, 0 to num_classes - 1. A batch holds min(batch_size, n) examples.
    The prediction is the class of the largest logit, the lowest such class if several tie. An example of which any logit is
    not finite (the run diverged) counts as wrong. The same arguments give the same bits on the same machine, and a head's result
    does not depend on the other heads.
    ValueError: shapes or types that do not fit, a label outside the classes, a value that is not finite, a setting out of range.
    """
    check_labels("validation_y", validation_y, len(validation_x), num_classes)
    logits = train_logits(train_x, train_y, validation_x, num_classes, heads, steps, batch_size, momentum)
    return [_accuracy(of_head, validation_y) for of_head in logits]


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
    """As train, but the logits [m, num_classes] of validation_x, one array a head."""
    check_representations(train_x, validation_x)
    check_labels("train_y", train_y, len(train_x), num_classes)
    _check_settings(heads, steps, batch_size, momentum)
    n, d = train_x.shape
    size, dual = min(batch_size, n), n < 2 * d
    with threadpool_limits(1, user_api="blas"):
        features, validation_features = _features(train_x, validation_x, dual)

        def of_part(part: npt.NDArray[np.intp]) -> list[Floats]:
            found: list[Floats] = []
            for seed, members in groupby(part, key=lambda index: heads[index].seed):
                rates = [heads[index].learning_rate for index in members]
                batches = _batches(n, size, steps, seed)
                solutions = _descend(features, dual, train_y, num_classes, rates, momentum, size, batches)
                with np.errstate(all="ignore"):
                    found += [validation_features @ solution for solution in solutions]
            return found

        # Parts of equal size, neighbours by seed: every core has as much to do, and a gathered batch serves most of its heads.
        by_seed = np.array(sorted(range(len(heads)), key=lambda index: heads[index].seed), np.intp)
        parts = np.array_split(by_seed, max(1, min(os.cpu_count() or 1, len(heads))))
        with ThreadPoolExecutor(len(parts)) as pool:
            sorted_logits = [logits for found in pool.map(of_part, parts) for logits in found]
    return [sorted_logits[place] for place in np.argsort(by_seed)]


def _features(train_x: Floats, validation_x: Floats, dual: bool) -> tuple[Floats, Floats]:
    """What a solution is multiplied with to give logits: K = X X' + 1 [n, n] (dual), or X with a column of ones [n, d + 1]; and
    the same for the validation examples."""
    if not dual:
        return np.pad(train_x, ((0, 0), (0, 1)), constant_values=1), np.pad(validation_x, ((0, 0), (0, 1)), constant_values=1)
    with np.errstate(all="ignore"):
        return train_x @ train_x.T + 1, validation_x @ train_x.T + 1


def _batches(n: int, batch_size: int, steps: int, seed: int) -> Iterator[tuple[npt.NDArray[np.intp], npt.NDArray[np.float64]]]:
    """Yield steps batches of batch_size <= n from the stream of shuffles: the different rows, ascending, and the share of each in
    the batch (1 / batch_size, or 2 / batch_size for a row that comes twice); the shares sum to 1."""
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
    """Descend from zero on the mean cross-entropy of each batch; one solution [columns of features, num_classes] a learning rate.

    features [n, k] as from _features: k = n (dual) or d + 1. The rule is v = momentum * v + g, w = w - rate * v. What is kept is
    rate * v, the same thing for a constant rate, so that the rate costs nothing: it is multiplied into the softmax's denominator.
    Each head has its own product, of a shape that does not depend on the other heads: BLAS rounds differently at the edge of a
    wider one. The large arrays are written into buffers, a few percent of the time (with take's default mode that is a copy more).
    """
    kind = features.dtype.type
    solutions = [np.zeros((features.shape[1], num_classes), kind) for _ in learning_rates]
    velocities = [np.zeros_like(solution) for solution in solutions]
    batch_buffer = np.empty((batch_size, features.shape[1]), kind)
    gradient_buffer, moved_buffer = np.empty((2, batch_size, num_classes), kind)
    ones = np.ones(num_classes, kind)
    with np.errstate(all="ignore"):  # a head that diverges is a result, and says so by its logits
        for rows, shares in batches:
            size = len(rows)
            batch = features.take(rows, axis=0, out=batch_buffer[:size], mode="clip")
            labelled = np.arange(size), labels[rows]
            for rate, solution, velocity in zip(learning_rates, solutions, velocities, strict=True):
                weights = (rate * shares).astype(kind)
                # The logits; from here on in place, up to rate * (softmax - one_hot) * shares.
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
    right = (logits.argmax(axis=1) == labels) & np.isfinite(logits).all(axis=1)
    return float(right.mean())


def check_representations(train_x: Floats, validation_x: Floats) -> None:
    """ValueError unless both are finite, [n, d] and [m, d], with n, d, m >= 1, and of one type, float32 or float64."""
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
    """ValueError unless labels is one integer an example, in 0 ... num_classes - 1 (None: not checked)."""
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
