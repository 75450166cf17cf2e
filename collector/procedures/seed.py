"""Derives all randomness of a run from the run's key, so that a key gives the same row again on the same machine and device."""

import hashlib

import numpy as np
from numpy.typing import NDArray


def seed_of(*key: str | int | float) -> int:
    """Return a seed in [0, 2**63) for the parts of a key, the same on every machine."""
    digest = hashlib.sha256("\x1f".join(repr(part) for part in key).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def batch_order(seed: int, examples: int, steps: int, batch_size: int) -> NDArray[np.int32]:
    """Return the indices of the examples of each batch, int32 [steps, batch_size]: epochs, each shuffled anew; a batch may span two."""
    generator = np.random.default_rng(seed)
    epochs = -(-steps * batch_size // examples)
    stream = np.concatenate([generator.permutation(examples) for _ in range(epochs)])
    return stream[: steps * batch_size].reshape(steps, batch_size).astype(np.int32)
