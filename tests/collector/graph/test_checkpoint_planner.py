"""Where a network has its checkpoints, on chains that can be worked out by hand."""

import numpy as np
import pytest

from collector.graph.checkpoint_planner import _alive, _alive_at_both, _choose, _Lifetime


def chain(*sizes: int) -> tuple[list[_Lifetime], np.ndarray]:
    """Nodes one after another, each giving so many bytes, all read again by the backward pass."""
    return [_Lifetime(str(i), i, i + 1, size) for i, size in enumerate(sizes)], np.array([*sizes, 0])


@pytest.mark.parametrize(
    ("sizes", "budget", "positions", "needed"),
    [
        ((10, 10, 10, 10), 50, [], 50),  # all four, and the last one's gradient
        # 0 to 1, recomputed: both, and the gradient that arrives. Then the 10 that are kept, the two others and a gradient.
        ((10, 10, 10, 10), 40, [1], 40),
        ((10, 40, 1, 40, 10), 101, [2], 90),  # where least is alive; first segment: 10 + 40 and a gradient of 40
        ((10, 10, 10, 10), 29, None, None),  # any choice needs one tensor, its gradient and what is kept before it
    ],
)
def test_checkpoints_of_a_chain(sizes: tuple[int, ...], budget: int, positions: list[int] | None, needed: int | None) -> None:
    found = _choose(*chain(*sizes), budget)
    assert found == (None if positions is None else (positions, needed))


def test_a_tensor_alive_at_two_checkpoints_is_kept_once() -> None:
    """A skip of 20 bytes over a chain: behind two checkpoints 20 + 10 + 10 bytes are kept, not 60."""
    lifetimes, activations = chain(10, 10, 10, 10)
    lifetimes.append(_Lifetime("skip", 0, 4, 20))
    assert _alive(lifetimes, len(activations)).tolist() == [30, 30, 30, 30, 0]
    shared = _alive_at_both(lifetimes, np.arange(4))
    assert [int(shared[i, j]) for i, j in ((0, 1), (0, 3), (1, 2))] == [20, 20, 20]
