"""Measures how long a computation takes, so that the number is about the computation."""

import time

import tensorflow as tf


def clock() -> float:
    """Seconds, of which the difference of two calls counts.

    On a CPU, processor time of this process, which computes on one core: other work on the machine does not stretch it. Where there is
    a GPU, wall time: what the GPU does costs this process next to nothing.
    """
    return time.perf_counter() if tf.config.list_physical_devices("GPU") else time.process_time()
