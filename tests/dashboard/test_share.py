"""The button at the end of every page: what it saves is what the page shows."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from pages import Page
from session import charts, opened, sound
from streamlit.runtime.media_file_manager import MediaFileManager

from dashboard.app import PAGES
from dashboard.session.simulations import encode

pytestmark = pytest.mark.usefixtures("in_home")


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], bytes]]:
    """What the download buttons of a page make on a click, by file name."""
    found: dict[str, Callable[[], bytes]] = {}
    add = MediaFileManager.add_deferred

    def noted(self: MediaFileManager, data: Any, *args: Any, file_name: str, **more: Any) -> str:
        found[file_name] = data
        return add(self, data, *args, file_name=file_name, **more)

    monkeypatch.setattr(MediaFileManager, "add_deferred", noted)
    return found


MARKED = [pytest.param(page, marks=pytest.mark.slow) if page in ("audit", "studies") else page for page in PAGES]  # seconds


@pytest.mark.parametrize("page", MARKED)
def test_every_page_is_saved_with_its_charts(page: str, files: dict[str, Callable[[], bytes]]) -> None:
    shown = charts(sound(opened(page, budget="3")))
    text = files[f"pond-{page}.html"]().decode()
    saved = [json.loads(one) for one in re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)]
    assert [spec["datasets"].keys() for spec in saved] == [spec["datasets"].keys() for spec in shown]
    assert [len(spec["datasets"]["rows"]) for spec in saved] == [len(spec["datasets"]["rows"]) for spec in shown]
    assert "Budget: B = 3" in text
    assert Page(text).tables["Protocol"]


def test_a_saved_page_says_what_the_page_says(files: dict[str, Callable[[], bytes]]) -> None:
    """The answer of Start once, and what Compare concludes."""
    sound(opened("start", "small", budget="1"))
    text = files["small-start.html"]().decode()
    assert text.count("Fine-tune 1 of the 3 models, chosen by <em>Proxy knn</em> (<code>knn</code>)") == 1
    assert "It rests on 2 datasets" in text
    sound(opened("compare", "paper-eurosat"))
    assert files["paper-eurosat-compare.html"]().decode().count("No ranking possible: one dataset.") == 1


def test_a_saved_table_has_the_numbers_of_the_page(files: dict[str, Callable[[], bytes]]) -> None:
    app = sound(opened("data"))
    table = Page(files["pond-data.html"]().decode()).tables["Answer"]
    (answer, *_) = app.dataframe
    assert table[0] == list(answer.value.columns)
    shown = [[str(one) for one in row[:3]] for row in answer.value.itertuples(index=False)]
    assert [[row[0], f"{row[1]:.0f}", row[2]] for row in table[1:]] == shown


def test_a_typed_strategy_leaves_with_its_sql(files: dict[str, Callable[[], bytes]]) -> None:
    order = "row_number() over (partition by pool, dataset order by model) as rank"
    sql = f"-- <b>Mine</b>\nselect pool, dataset, model, {order} from candidate"
    sound(opened("simulate", simulated=encode({"mine": sql}), strategies="linear,mine"))
    text = files["pond-simulate.html"]().decode()
    assert "-- &lt;b&gt;Mine&lt;/b&gt;" in text
    assert "mine" in text
