"""The link: it restores a view, nothing strange in it is taken, and controls follow each other."""

import pytest
from session import charts, opened, page_text, rows, sound

from dashboard.session import simulations

pytestmark = pytest.mark.usefixtures("in_home")

BEST = ("hybrid_knn",)  # with three fine-tunes of EXPERT, beside knn: always drawn


def test_a_link_restores_the_view() -> None:
    app = opened("budget")
    app.selectbox(key="pool").set_value("EXPERT")
    app.number_input(key="budget").set_value(3)
    app.multiselect(key="strategies").set_value(["linear", "knn"])
    sound(app.number_input(key="upto").set_value(3).run())
    link = dict(app.query_params)
    assert link == {"study": "pond", "pool": "EXPERT", "budget": "3", "strategies": "knn,linear", "upto": "3"}
    again = sound(opened("budget", **link))
    assert charts(again) == charts(app)
    assert not again.warning
    for chart in charts(again)[:2]:
        assert [(row["pool"], row["strategy"], row["budget"]) for row in rows(chart)] == [
            ("EXPERT", strategy, budget) for strategy in ("knn", "linear", *BEST) for budget in (1, 2, 3)
        ]
    assert {row["strategy"] for row in rows(charts(again)[2]) if not row["front"]} <= {"knn", "linear", *BEST}


def test_a_default_follows_what_it_depends_on_as_it_does_in_a_link() -> None:
    app = opened("compare", "small", budget="1")
    first = (app.selectbox(key="strategy").value, app.selectbox(key="baseline").value)
    app = sound(app.number_input(key="budget").set_value(2).run())
    second = (app.selectbox(key="strategy").value, app.selectbox(key="baseline").value)
    assert first != second
    link = dict(app.query_params)
    assert "strategy" not in link
    assert opened("compare", **link).selectbox(key="strategy").value == second[0]
    app.selectbox(key="strategy").set_value("linear")
    app = sound(app.number_input(key="budget").set_value(1).run())
    assert app.selectbox(key="strategy").value == "linear", "what somebody chose stays"


def test_strange_values_in_a_link_are_not_taken() -> None:
    link = {"study": "../../etc", "budget": "-1", "strategies": "linear,nope", "upto": "9" * 5000, "simulated": "!!"}
    app = sound(opened("budget", **link))
    for said in (
        "Study: the link asks for `../../etc`, which is not offered here. Shown: `pond`.",
        "Budget B: the link asks for `-1`",
        "Strategies: the link asks for `nope`, which is not offered here. Shown: `linear`.",
        "Up to B: the link asks for `999",
        "simulated strategies that cannot be read",
    ):
        assert said in page_text(app)
    assert len(charts(app)) == 3
    assert len(page_text(app)) < 6000


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("budget", "²", "Budget B: the link asks for `²`"),
        ("pool", "1; drop table model", "is no condition on the columns of model"),
        ("pool", "exists(from read_text('/etc/passwd'))", "may not call read_text"),
        ("pool", "num_params", "is not a condition"),
        ("simulated", "eJw" + "A" * 400, "cannot be read"),
        ("simulated", simulations.encode({"x": "copy model to '/tmp/mine'"}), "The simulated strategy `x` is left out"),
    ],
    ids=range(6),
)
def test_a_strange_value_in_a_link_is_not_taken(name: str, value: str, said: str) -> None:
    app = sound(opened("start", **{name: value}))
    assert said in page_text(app)
    assert len(charts(app)) == 2


def test_what_is_there_of_a_list_stays_and_what_is_gone_has_its_nearest_name() -> None:
    app = sound(opened("budget", strategies="linear,hybrid_knnn,random"))
    assert app.multiselect(key="strategies").value == ["linear", "random"]
    assert (
        "Strategies: the link asks for `hybrid_knnn` (nearest: `hybrid_knn`), which is not offered here. Shown: `linear`, `random`."
        in page_text(app)
    )
    app = sound(opened("budget", strategies=",".join(f"gone{number}" for number in range(300))))
    assert "`gone4` and 295 more, which is not offered here" in page_text(app)
    assert len(app.multiselect(key="strategies").value) == 4, "nothing is left, so the usual ones"


@pytest.mark.parametrize(
    ("page", "name", "gone", "nearest"),
    [
        ("start", "study", "smalll", "small"),
        ("start", "pool", "EXPRT", "EXPERT"),
        ("compare", "baseline", "hybrid_knnn", "hybrid_knn"),
        ("datasets", "dataset", "petz", "pets"),
        ("models", "model", "imagenet-44", "imagenet-4"),
    ],
)
def test_the_nearest_of_what_is_gone_is_shown(page: str, name: str, gone: str, nearest: str) -> None:
    app = sound(opened(page, **{name: gone}))
    (said,) = [element.value for element in (*app.warning, *app.error)]
    assert gone in said
    assert f"Shown: `{nearest}`." in said
    if name == "pool":
        assert "of the 4 models" in page_text(app), "while the box still has what somebody may mend"
    else:
        assert app.selectbox(key=name).value == nearest


def test_a_message_shows_a_link_as_text() -> None:
    app = sound(opened("start", budget="[x](http://x) <b>`"))
    assert "the link asks for `` [x](http://x) <b>` ``" in page_text(app)


def test_a_condition_is_a_pool() -> None:
    """Of the sizes 1 to 4 of 6 M parameters each, 1 and 2 of every family."""
    app = sound(opened("start", pool="num_params < 13e6"))
    assert not app.warning
    assert "of the 6 models" in page_text(app)
    assert "pool = 'num_params < 13e6'" in page_text(app), "shown as it would be typed"


@pytest.mark.parametrize(
    ("pool", "near"),
    [
        ("num_param < 13e6 and family = 'vtab'", "'num_params'"),
        ("family = vtab", "single quotes: 'vtab'"),
        ("EXPRT", "'EXPERT'"),
    ],
)
def test_a_wrong_pool_is_answered_beside_its_field_with_what_is_near(pool: str, near: str) -> None:
    app = sound(opened("start", pool=pool))
    (error,) = app.sidebar.error
    assert near in error.value
    assert "Binder Error" not in error.value
    assert not app.warning


def test_another_study_has_other_pools() -> None:
    app = opened("start", pool="EXPERT", budget="4")
    app = sound(app.selectbox(key="study").set_value("small").run())
    assert app.selectbox(key="pool").value == "EXPERT"
    assert app.number_input(key="budget").value == 1, "the pool has one model"
    app = sound(app.selectbox(key="study").set_value("paper-eurosat").run())
    assert len(charts(app)) == 2


def test_what_a_link_packs_is_unpacked() -> None:
    tried = {"smallest": "select 1"}
    assert simulations.decode(simulations.encode(tried)) == tried
    assert simulations.decode(simulations.encode({"x": "x" * 30_000})) is None, "too much for a link"
    assert simulations.decode(simulations.encode({"x": 1})) is None  # type: ignore[dict-item]
