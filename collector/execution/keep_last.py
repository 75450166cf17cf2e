"""Keeps the last results of a function that take much memory, and frees the oldest before it makes another."""

import gc
from collections.abc import Callable, Hashable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Result = TypeVar("Result")


def keep_last(most: int) -> Callable[[Callable[[Key], Result]], Callable[[Key], Result]]:
    """Return a decorator of functions of one argument, which keeps the results of the last arguments that were asked for, at most so many.

    functools.lru_cache holds the oldest while it makes another, and TensorFlow's programs are cycles, which only a collection frees: on
    six networks one after another a process grew to 1.4 GB, and so it stays under 0.9.
    """

    def decorate(make: Callable[[Key], Result]) -> Callable[[Key], Result]:
        kept: dict[Key, Result] = {}  # the oldest first

        def get(key: Key) -> Result:
            if key in kept:
                kept[key] = kept.pop(key)
                return kept[key]
            if len(kept) >= most:
                while len(kept) >= most:
                    del kept[next(iter(kept))]
                gc.collect()
            kept[key] = make(key)
            return kept[key]

        return get

    return decorate
