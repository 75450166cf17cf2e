"""The page Recommend: the ranking of one's own images, the worst confusions, and whatever may be lacking. Numbers are in own_study.py."""

from base64 import b64encode
from pathlib import Path

import pytest
import world
from own_study import HOSTILE, LOGME, SECONDS, picture, write_answers, write_own
from session import charts, opened, page_text, rows, sheets, sound
from streamlit.testing.v1 import AppTest


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return write_own(tmp_path / "results" / "photos")


def ranking(app: AppTest) -> list[tuple[int, str]]:
    table = app.dataframe[0].value
    return list(zip(table["rank"].tolist(), table["model"].tolist(), strict=True))


def test_the_ranking_and_the_worst_confusions(photos: Path) -> None:
    app = sound(opened("recommend", "photos", budget="2"))
    assert not app.error
    expected = sorted(LOGME, key=lambda model: (-LOGME[model], model))
    assert ranking(app) == list(enumerate(expected, 1)), "all three are scored, and by the strategy that recommend followed"
    table = app.dataframe[0].value.set_index("model")
    assert table["score"].to_dict() == LOGME
    assert table["num_params"].to_dict() == {one["model"]: one["num_params"] for one in world.MODELS}
    assert "With 2 fine-tunes on `photos`: `b` and `a`" in page_text(app)
    assert "ranked the pool `num_params < 3e7` by `logme`" in page_text(app)
    size, cost, confused = charts(app)
    assert [row["model"] for row in rows(size) if row["chosen"]] == ["b", "a"]
    assert {row["model"]: row["seconds"] for row in rows(cost)} == SECONDS
    assert [(row["label"], row["predicted"], row["images"], row["of_class"]) for row in rows(confused)] == [
        (HOSTILE, "cat", 2, 4),
        ("cat", "dog", 1, 2),
    ]
    assert "Of 7 test images, 3 are taken for another class." in page_text(app)
    (sheet,) = sheets(app)
    at = [sheet.index(b64encode(picture(30 * number)).decode()) for number in (5, 3, 1)]
    assert at == sorted(at), "the surest mistake first"
    assert sheet.count("<img ") == 3
    assert "<img src=x" not in sheet
    assert HOSTILE not in page_text(app)

    app = sound(app.selectbox(key="shown").set_value("right answers, the least sure first").run())
    at = [sheets(app)[0].index(b64encode(picture(30 * number)).decode()) for number in (4, 2, 0, 6)]
    assert at == sorted(at), "from 0.5 to 0.99"
    app = sound(app.selectbox(key="order").set_value("knn").run())
    assert ranking(app) == [(1, "c"), (2, "a")], "without b, which kNN did not score"
    assert "`knn` has scored 2 of the 3 models" in page_text(app)
    app = sound(app.button[0].click().run())
    assert app.selectbox(key="pool").value == "num_params < 3e7"
    assert "`knn` has scored 1 of the 2 models" in page_text(app)


def test_what_is_gone_is_said(photos: Path) -> None:
    file, metadata = photos / "model" / "predictions.parquet", photos / "model" / "metadata.json"
    write_answers(file, [picture(0), None, None, b"no picture", None, picture(1), None])
    app = sound(opened("recommend", "photos"))
    assert "2 pictures of these 3 are not kept beside the model" in page_text(app), "of the three mistakes"
    assert sheets(app)[0].count("<img ") == 1
    world.write(file, [{"label": ["cat"], "predicted": 3, "probability": "high", "picture": 1}])
    assert "predictions of `model` cannot be read" in page_text(sound(app.run()))
    file.unlink()
    assert "`model` has no predictions beside it" in page_text(sound(app.run()))
    metadata.write_text("[]")
    assert "it is damaged" in page_text(sound(app.run()))
    metadata.unlink()
    assert "No trained model is kept" in page_text(sound(app.run()))


def test_a_study_of_scores_alone_and_one_without(photos: Path) -> None:
    (photos / "finetune" / "part.parquet").unlink()
    (photos / "model" / "metadata.json").unlink()
    (photos / "study.json").write_text("{")
    app = sound(opened("recommend", "photos"))
    assert "Nothing is fine-tuned on these images yet" in page_text(app)
    assert len(charts(app)) == 2
    (photos / "proxy" / "part.parquet").unlink()
    assert "No proxy has scored a model" in page_text(sound(app.run()))


@pytest.mark.usefixtures("in_home")
def test_another_study_is_told_what_the_page_is_for(home: Path) -> None:
    app = sound(opened("recommend", "small"))
    assert "needle recommend IMAGES" in page_text(app)
    assert not charts(app)
