"""What takes much memory is kept as often as asked for, and the oldest is gone before another is made."""

import weakref

from collector.execution.keep_last import keep_last


class Large:
    """A result that only a collection of garbage frees, as TensorFlow's programs are."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.itself = self


def test_the_oldest_is_gone_before_another_is_made() -> None:
    made: list[str] = []
    alive: weakref.WeakSet[Large] = weakref.WeakSet()
    most: list[int] = []

    @keep_last(2)
    def large(name: str) -> Large:
        most.append(len(alive))
        made.append(name)
        result = Large(name)
        alive.add(result)
        return result

    assert large("a") is large("a")
    assert [large(name).name for name in "bacab"] == ["b", "a", "c", "a", "b"]
    assert made == ["a", "b", "c", "b"], "b was the oldest when c came: a had been asked for since"
    assert most == [0, 1, 1, 1]
