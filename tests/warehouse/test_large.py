"""A study too large for memory answers as a small one does: facts left in their files, models some at a time."""

from pathlib import Path

import duckdb
import pytest
import world

from warehouse import batch, connect, study_files

ASKED = ("accuracy", "score", "ranking", "regret", "mean_regret", "missing_run", "violation")


@pytest.mark.parametrize("rows", [1, 13, 24, 35])
def test_a_large_study_answers_as_a_small_one(
    small: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """The world has 36 runs of three models: one, two or three models at a time."""
    monkeypatch.setattr(study_files, "LARGE", 0)
    monkeypatch.setattr(batch, "ROWS", rows)
    con = connect(world.write_study(tmp_path), question=" ".join(ASKED))
    views = "select view_name from duckdb_views() where not internal and schema_name = 'main'"
    assert ("finetune",) in con.execute(views).fetchall()
    for name in ASKED:
        assert (
            con.execute(f"from {name} order by all").fetchall() == small.cursor().execute(f"from {name} order by all").fetchall()
        )


def test_models_whose_names_hold_quotes_are_taken_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "ROWS", 1)
    names = ["it's", "a", "é", "Z"]
    con = connect(
        world.write_study(
            tmp_path,
            models=[{"model": name} for name in names],
            datasets=[{"dataset": "d"}],
            finetune=[{"model": name, "dataset": "d", "repeat": 0, "test_accuracy": i / 10} for i, name in enumerate(names)],
            proxy=[],
            protocol={"study": "quotes", "repeats": 1},
        ),
        question="accuracy",
    )
    found = con.execute("select model, accuracy from accuracy order by accuracy").fetchall()
    assert found == [(name, i / 10) for i, name in enumerate(names)]


def test_an_order_with_a_rank_between_two_is_none(tmp_path: Path) -> None:
    """1, 1.5, 3 are as many ranks as models, and distinct; checked by their sum."""
    strategy = tmp_path / "half.sql"
    strategy.write_text(
        "select pool, dataset, model, if(place = 2, 1.5, place) as rank from"
        " (select *, row_number() over (partition by pool, dataset order by model) as place from candidate)"
    )
    con = connect(world.write_study(tmp_path / "study"), added={"half": strategy}, question="invalid_order regret")
    rules = con.execute("select distinct broken_rule from invalid_order where strategy = 'half' and pool = 'ALL'").fetchall()
    assert rules == [("ranks are not 1, 2, 3 ...",)]
    assert con.execute("select count(*) from regret where strategy = 'half' and pool = 'ALL'").fetchone() == (0,)
