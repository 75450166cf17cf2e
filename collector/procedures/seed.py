"""Everything random in a run follows from the run's key, so the same key on the same machine and device gives the same row."""

import hashlib

import numpy as np
from numpy.typing import NDArray


def seed_of(*key: str | int | float) -> int:
    """A seed in [0, 2**63) from the parts of a key, the same on every machine."""
    digest = hashlib.sha256("\x1f".join(repr(part) for part in key).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def batch_order(seed: int, examples: int, steps: int, batch_size: int) -> NDArray[np.int32]:
    """int32 [steps, batch_size]: which example stands where, from epochs shuffled one after another (a batch may span two)."""
    generator = np.random.default_rng(seed)
    epochs = -(-steps * batch_size // examples)
    stream = np.concatenate([generator.permutation(examples) for _ in range(epochs)])
    return stream[: steps * batch_size].reshape(steps, batch_size).astype(np.int32)
