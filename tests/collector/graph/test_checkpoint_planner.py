"""Where a network is cut, on chains that can be worked out by hand."""

import numpy as np
import pytest

from collector.graph.checkpoint_planner import _crossed, _cuts, _shared, _Span


def chain(*sizes: int) -> tuple[list[_Span], np.ndarray]:
    """Nodes one after another, each giving so many bytes, all read again by the backward pass."""
    return [_Span(str(i), i, i + 1, size) for i, size in enumerate(sizes)], np.array([*sizes, 0])


@pytest.mark.parametrize(
    ("sizes", "budget", "cuts", "needed"),
    [
        ((10, 10, 10, 10), 50, [], 50),  # all four, and the last one's gradient
        # 0 to 1, computed twice: both, and the gradient that arrives. Then what is kept, 10, both others and a gradient.
        ((10, 10, 10, 10), 40, [1], 40),
        ((10, 40, 1, 40, 10), 101, [2], 90),  # where least crosses; first part: 10 + 40 and a gradient of 40
        ((10, 10, 10, 10), 29, None, None),  # one tensor, its gradient and what is kept before it are needed whatever is cut
    ],
)
def test_cuts_of_a_chain(sizes: tuple[int, ...], budget: int, cuts: list[int] | None, needed: int | None) -> None:
    found = _cuts(*chain(*sizes), budget)
    assert found == (None if cuts is None else (cuts, needed))


def test_what_crosses_two_cuts_is_kept_once() -> None:
    """A skip of 20 bytes over a chain: behind two cuts 20 + 10 + 10 bytes are kept, not 60."""
    spans, saved = chain(10, 10, 10, 10)
    spans.append(_Span("skip", 0, 4, 20))
    assert _crossed(spans, len(saved)).tolist() == [30, 30, 30, 30, 0]
    shared = _shared(spans, np.arange(4))
    assert [int(shared[i, j]) for i, j in ((0, 1), (0, 3), (1, 2))] == [20, 20, 20]
