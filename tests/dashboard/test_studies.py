"""The page Studies puts two studies side by side and never into one number."""

import pytest
from session import opened, page_text, sound

pytestmark = pytest.mark.usefixtures("in_home")


def test_each_number_is_of_its_own_study_and_two_datasets_separate_nothing() -> None:
    """World: linear loses .45 with one fine-tune, knn nothing."""
    app = sound(opened("studies", "pond", other="small", budget="1", strategies="knn,linear"))
    protocols, regrets, pairs = (found.value for found in app.dataframe)
    assert protocols.set_index("of every run").loc["datasets"].to_dict() == {"pond": "9", "small": "2"}
    small = regrets.set_index("strategy")["small"]
    assert (small["linear"], small["knn"]) == (pytest.approx(45.0), pytest.approx(0.0))
    assert set(pairs["verdict"]) == {"not separable"}
    assert "never merged" in page_text(app)


def test_a_study_that_cannot_be_opened_is_named() -> None:
    app = opened("studies", "pond", other="truncated")
    assert "truncated" in "".join(error.value for error in app.error)
    assert not app.dataframe


def test_a_pool_that_the_other_has_not_is_said() -> None:
    """The pond has sizes of 6 to 24 million parameters, small of 10 to 50."""
    app = opened("studies", "pond", other="small", pool="num_params < 9e6", budget="1")
    assert "small has no model of it" in "".join(error.value for error in app.error)
    assert not app.dataframe
