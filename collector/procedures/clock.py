"""Measures how long a computation takes, whatever else the machine does."""

import time

import tensorflow as tf


def clock() -> float:
    """Return seconds since an arbitrary moment: subtract two calls.

    On a CPU this is the processor time of this process, which computes on one core, so other work on the machine does not add to it.
    With a GPU it is wall time, because the GPU's work takes hardly any processor time.
    """
    return time.perf_counter() if tf.config.list_physical_devices("GPU") else time.process_time()
