"""Learning curves in a study: the view, what breaks their rule, and rows that contradict each other in nothing else."""

from pathlib import Path

import pyarrow as pa
import pytest
import world

from collector.storage.packing import unique
from collector.storage.store import StoreError
from study_format.columns import SCHEMAS
from warehouse import StudyError, connect

PROTOCOL = {**world.PROTOCOL, "steps": 12, "curve_at": [0.1, 0.5]}
KEY = ("c", "depth", 0.01, 2)


def runs(curve: object = (0.2, 0.6), of_key: object = (0.3, 0.9)) -> list[world.Row]:
    """The small world's fine-tunes, each with a curve, one of them with a curve of its own."""
    return [
        {
            **run,
            "validation_curve": of_key
            if tuple(run[name] for name in ("model", "dataset", "learning_rate", "repeat")) == KEY
            else curve,
        }
        for run in world.finetunes()
    ]


def test_each_point_of_a_curve_is_a_row_with_its_step(tmp_path: Path) -> None:
    with connect(world.write_study(tmp_path / "study", protocol=PROTOCOL, finetune=runs()), question="curve violation") as con:
        where = "where model = 'c' and dataset = 'depth' and repeat = 2 order by all"
        found = con.execute(f"select learning_rate, step, validation_accuracy from curve {where}").fetchall()
        # A tenth of 12 steps is 1.2: measured after 2.
        assert found == [(0.01, 2, 0.3), (0.01, 6, 0.9), (0.1, 2, 0.2), (0.1, 6, 0.6)]
        assert con.execute(
            "select count(*), count(distinct (model, dataset, learning_rate, repeat, step)) from curve"
        ).fetchone() == (72, 72)
        assert con.execute("from violation").fetchall() == []


def test_a_study_without_curves_has_none_and_answers_the_same(tmp_path: Path) -> None:
    with_curves = world.write_study(tmp_path / "with", protocol=PROTOCOL, finetune=runs())
    empty = world.write_study(tmp_path / "empty", protocol={**world.PROTOCOL, "curve_at": []})
    answers = []
    for folder in (with_curves, empty, world.write_study(tmp_path / "without")):
        with connect(folder, question="regret curve violation") as con:
            answers.append(con.execute("from regret where not contains(strategy, 'partial') order by all").fetchall())
            if folder != with_curves:
                assert con.execute("from curve").fetchall() == []
                assert con.execute("from violation").fetchall() == []
    assert len(answers[0]) > 30
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.parametrize("curve", [[0.3], [0.3, 0.9, 0.9], [], None, [0.3, 1.1], [0.3, None], [0.3, float("nan")]], ids=str)
def test_a_curve_that_is_not_the_protocols_is_named_and_takes_its_cell_with_it(tmp_path: Path, curve: object) -> None:
    study = world.write_study(tmp_path / "study", protocol=PROTOCOL, finetune=runs(of_key=curve))
    with connect(study, question="violation accuracy curve oracle") as con:
        found = con.execute("select relation, model, dataset, learning_rate, repeat, rule from violation").fetchall()
        assert [row[:5] for row in found] == [("finetune", *KEY)]
        assert "validation_curve" in found[0][5]
        assert con.execute("select count(*), count(*) filter (model = 'c' and dataset = 'depth') from accuracy").fetchone() == (
            5,
            0,
        )
        assert con.execute("select count(*) from curve").fetchone() == (70,)
        assert con.execute("select count(*) from oracle where pool = 'ALL' and dataset = 'depth'").fetchone() == (0,)


def test_a_curve_that_the_protocol_does_not_list_breaks_it_too(tmp_path: Path) -> None:
    with connect(world.write_study(tmp_path / "study", finetune=runs()), question="violation accuracy") as con:
        assert con.execute("select count(*) from violation where contains(rule, 'validation_curve')").fetchone() == (36,)
        assert con.execute("select count(*) from accuracy").fetchone() == (0,)


@pytest.mark.parametrize(
    "curve_at", [[0.0, 0.5], [1.0], [-0.5], [0.5, 0.25], [0.5, 0.5], [0.01, 0.02], [0.99], [float("nan")], [None]]
)
def test_a_protocol_whose_curve_is_none_is_refused(tmp_path: Path, curve_at: list[float]) -> None:
    folder = world.write_study(tmp_path / "study", protocol={**PROTOCOL, "curve_at": curve_at})
    with pytest.raises(StudyError, match=r"protocol\.parquet, protocol 'small': curve_at is not ascending between 0 and 1"):
        connect(folder, question="curve")


def table(*curves: list[float | None] | None) -> pa.Table:
    """A row of one key for each."""
    row = {"model": "m", "dataset": "d", "learning_rate": 0.1, "repeat": 0, "test_accuracy": 0.5}
    return pa.Table.from_pylist([{**row, "validation_curve": curve} for curve in curves], SCHEMAS["finetune"])


def test_rows_that_differ_in_their_curve_alone_contradict_each_other() -> None:
    assert unique("finetune", table([0.1, 0.2], [0.1, 0.2]), "here").to_pylist() == table([0.1, 0.2]).to_pylist()
    for other in ([0.1, 0.2000000001], [0.1], None, [0.1, None]):
        with pytest.raises(StoreError, match=r"here has two different finetune rows of m, d, 0\.1, 0"):
            unique("finetune", table([0.1, 0.2], other), "here")
    with pytest.raises(StoreError):
        unique("finetune", table(None, [None]), "here")
