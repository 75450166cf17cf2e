"""Each strategy says what it does, in the comment that its SQL begins with."""

import pytest

from warehouse.description import Description, described, descriptions


@pytest.mark.parametrize(
    ("sql", "title", "sentence"),
    [
        ("-- Largest network: the most parameters first, for\n-- nothing. Unknown come last.\nselect 1", "Largest network",
         "The most parameters first, for nothing."),
        ("-- The smallest network first.\nselect 1", "mine too", "The smallest network first."),
        ("-- 99.5 % of networks: v1.2 first. More.\nselect 1", "99.5 % of networks", "V1.2 first."),
        ("-- no full stop\nselect 1 -- and: this.", "mine too", "No full stop"),
        ("select 1\n-- Late: too late.", "mine too", ""),
    ],
)  # fmt: skip
def test_the_first_sentence_of_the_leading_comment_is_the_description(sql: str, title: str, sentence: str) -> None:
    assert described("mine_too", sql) == Description(title, sentence)


def test_every_strategy_that_ships_has_a_short_title_of_its_own_and_a_sentence() -> None:
    found = descriptions(["linear", "knn"])
    assert {"random", "task_agnostic", "linear", "hybrid_knn"} <= found.keys()
    for name, one in found.items():
        assert one.sentence.endswith("."), name
        assert len(one.title) <= 40, name
        assert "PROXY" not in one.title + one.sentence
        assert one.title != name.replace("_", " "), "its comment is `-- Title: sentence.`"
    assert len({one.title for one in found.values()}) == len(found)
    assert found["hybrid_linear"] == Description(
        "Hybrid with linear", "The task-agnostic best, then the order of the proxy linear without it."
    )
